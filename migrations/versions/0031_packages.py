"""Packages of access requests."""

revision = "0031"
down_revision: str | None = "0030"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
