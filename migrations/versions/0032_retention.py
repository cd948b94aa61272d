"""Retention policies, simulations, runs and holds by case."""

revision = "0032"
down_revision: str | None = "0031"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
