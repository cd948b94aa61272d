"""Room for changes to the tables of console."""

revision = "0038"
down_revision: str | None = "0037"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
