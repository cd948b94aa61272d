"""Saved rules of segments, and what they found."""

revision = "0027"
down_revision: str | None = "0026"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
