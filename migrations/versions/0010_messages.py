"""The outbox of mail."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, sealed

revision = "0010"
down_revision: str | None = "0009"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("template", CODE, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("failure", CODE),
        sa.Column("forgotten", sa.Boolean(), nullable=False),
        *sealed("message", "recipient", "content"),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed')", name="state_known"),
        sa.CheckConstraint("(state IN ('sent', 'failed')) = (ended_at IS NOT NULL)", name="ended_where_it_says_so"),
    )
    op.create_index("ix_message_owner_id", "message", ["owner_id"])
    op.create_index("ix_message_due_at", "message", ["due_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_message_ended_at", "message", ["ended_at"], postgresql_where=sa.text("ended_at IS NOT NULL"))
    grant("message", "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("message")
