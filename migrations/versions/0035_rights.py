"""Room for changes to the tables of rights."""

revision = "0035"
down_revision: str | None = "0034"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
