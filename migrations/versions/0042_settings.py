"""Words of messages that a controller writes itself, in versions."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0042"
down_revision: str | None = "0041"


def upgrade() -> None:
    """Versions are added and never changed."""
    op.create_table(
        "message_wording",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("template", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text()),
        sa.UniqueConstraint("template", "language", "version"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    grant("message_wording", "SELECT, INSERT")


def downgrade() -> None:
    """Messages have the words again that are shipped."""
    op.drop_table("message_wording")
