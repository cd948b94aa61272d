"""What a check asked about in the past needs, beside the events."""

revision = "0013"
down_revision: str | None = "0012"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
