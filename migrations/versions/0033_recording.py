"""Room for changes to the tables of recording."""

revision = "0033"
down_revision: str | None = "0032"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
