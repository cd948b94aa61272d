"""Lists that officers come back to, and the link by which a store is set up in the browser."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant

revision = "0038"
down_revision: str | None = "0037"

INSTANT = sa.DateTime(timezone=True)
TABLES = ("setup_link", "staff_view")


def upgrade() -> None:
    """A list is kept as codes of a filter; a link as a digest."""
    op.create_table(
        "staff_view",
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("page", sa.String(32), primary_key=True),
        sa.Column("filter", sa.String(200), primary_key=True),
        sa.Column("saved_at", INSTANT, nullable=False),
    )
    op.create_table(
        "setup_link",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
    )
    for table in TABLES:
        grant(table, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)
