"""Alerts to officers, and how many people each member of staff has revealed in a day."""

revision = "0023"
down_revision: str | None = "0022"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
