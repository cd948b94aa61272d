"""Settings of the controller made in the browser."""

revision = "0042"
down_revision: str | None = "0041"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
