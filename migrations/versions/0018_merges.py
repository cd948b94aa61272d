"""Pairs that may be the same person, merges, figures of quality."""

revision = "0018"
down_revision: str | None = "0017"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
