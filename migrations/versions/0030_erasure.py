"""Plans, steps, receipts and certificates of erasures."""

revision = "0030"
down_revision: str | None = "0029"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
