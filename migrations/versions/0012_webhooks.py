"""Webhooks that follow the changes of consents."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, sealed

revision = "0012"
down_revision: str | None = "0011"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("tree_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("numbered", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", INSTANT),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("lease", sa.Uuid()),
        sa.Column("leased_until", INSTANT),
        *sealed("webhook", "url", "secrets"),
    )
    op.create_index("ix_webhook_owner_id", "webhook", ["owner_id"])
    op.create_index("uq_webhook_name", "webhook", ["name"], unique=True)
    op.create_table(
        "webhook_message",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("webhook_id", sa.Uuid(), sa.ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("after_tree", sa.Integer(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("until_tree", sa.Integer(), nullable=False),
        sa.Column("until_seq", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("last_attempt_at", INSTANT),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_error", CODE),
        sa.Column("settled_at", INSTANT),
        sa.UniqueConstraint("webhook_id", "number"),
        sa.CheckConstraint("kind IN ('changes', 'test')", name="kind_known"),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state_known"),
        sa.CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled_when_no_longer_waiting"),
    )
    waiting, settled = sa.text("state = 'waiting'"), sa.text("settled_at IS NOT NULL")
    columns = ["webhook_id", "number"]
    op.create_index("ix_webhook_message_waiting", "webhook_message", columns, postgresql_where=waiting)
    op.create_index("ix_webhook_message_settled", "webhook_message", ["settled_at"], postgresql_where=settled)
    for table in ("webhook", "webhook_message"):
        grant(table, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("webhook_message")
    op.drop_table("webhook")
