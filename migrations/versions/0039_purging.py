"""What a purge needs to be quick."""

revision = "0039"
down_revision: str | None = "0038"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
