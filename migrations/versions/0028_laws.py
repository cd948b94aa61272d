"""Laws and calendars of deadlines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant

revision = "0028"
down_revision: str | None = "0027"


def upgrade() -> None:
    """Make the tables; what is shipped holds until somebody says otherwise."""
    op.create_table(
        "calendar_version",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added", postgresql.JSONB(), nullable=False),
        sa.Column("removed", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("worked", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.UniqueConstraint("key", "version"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    op.create_table(
        "law_version",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.String(50), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.UniqueConstraint("key", "version"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    grant("calendar_version", "SELECT, INSERT")
    grant("law_version", "SELECT, INSERT")


def downgrade() -> None:
    """Drop them; the shipped ones hold again."""
    op.drop_table("law_version")
    op.drop_table("calendar_version")
