"""Webhooks that follow the changes of consents."""

revision = "0012"
down_revision: str | None = "0011"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
