"""What retention still needs."""

revision = "0040"
down_revision: str | None = "0039"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
