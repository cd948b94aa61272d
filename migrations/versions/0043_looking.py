"""What the pages of officers still need."""

revision = "0043"
down_revision: str | None = "0042"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
