"""Recipients of personal data, exports and their fingerprints."""

revision = "0024"
down_revision: str | None = "0023"


def upgrade() -> None:
    """Make the tables."""


def downgrade() -> None:
    """Drop them."""
