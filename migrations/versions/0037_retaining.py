"""Room for changes to the tables of retaining."""

revision = "0037"
down_revision: str | None = "0036"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
