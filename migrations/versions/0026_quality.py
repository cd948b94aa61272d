"""Figures of freshness and quality, day by day."""

revision = "0026"
down_revision: str | None = "0025"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
