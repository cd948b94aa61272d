"""Tables of the vault package."""

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
