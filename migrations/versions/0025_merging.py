"""People merged into others, with what moved, so that it can be undone."""

revision = "0025"
down_revision: str | None = "0024"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
