"""One-time codes and sessions of customers."""

revision = "0015"
down_revision: str | None = "0014"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
