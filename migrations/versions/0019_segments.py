"""Segments."""

revision = "0019"
down_revision: str | None = "0018"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
