"""Subscription forms, and subscriptions that wait to be confirmed."""

revision = "0011"
down_revision: str | None = "0010"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
