"""Recipients, exports, quotas of reveals, alerts."""

revision = "0017"
down_revision: str | None = "0016"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
