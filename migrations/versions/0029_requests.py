"""Requests of data subjects."""

revision = "0029"
down_revision: str | None = "0028"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
