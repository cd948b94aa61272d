"""What requests still need."""

revision = "0041"
down_revision: str | None = "0040"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
