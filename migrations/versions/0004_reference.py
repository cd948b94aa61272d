"""Tables of the reference package."""

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
