"""Room for changes to the tables of disclosures."""

revision = "0034"
down_revision: str | None = "0033"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
