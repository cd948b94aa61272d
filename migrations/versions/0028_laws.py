"""Laws and calendars of deadlines."""

revision = "0028"
down_revision: str | None = "0027"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
