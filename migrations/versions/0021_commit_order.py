"""When what was written became visible to others, so that a past check can be asked again."""

revision = "0021"
down_revision: str | None = "0020"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
