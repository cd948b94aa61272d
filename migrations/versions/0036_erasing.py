"""Room for changes to the tables of erasing."""

revision = "0036"
down_revision: str | None = "0035"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
