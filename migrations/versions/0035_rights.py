"""Webhooks that follow requests; recipients who are told of corrections; readers whose names a person is told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant

revision = "0035"
down_revision: str | None = "0034"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)


def upgrade() -> None:
    """A webhook follows one topic; those that stand follow consents."""
    op.add_column("webhook", sa.Column("topic", CODE, nullable=False, server_default="consents"))
    op.alter_column("webhook", "topic", server_default=None)
    op.create_check_constraint("topic_known", "webhook", "topic IN ('consents', 'stops', 'requests')")
    op.create_table(
        "request_recipient",
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("request.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("recipient_id", sa.Uuid(), sa.ForeignKey("recipient_version.id"), primary_key=True),
        sa.Column("disclosures", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.String(64)), nullable=False),
        sa.Column("told_at", INSTANT),
        sa.Column("told_by_kind", CODE),
        sa.Column("told_by", sa.Uuid()),
        sa.CheckConstraint("(told_at IS NULL) = (told_by_kind IS NULL)", name="told_by_somebody"),
    )
    op.create_index(
        "ix_request_recipient_untold", "request_recipient", ["request_id"], postgresql_where=sa.text("told_at IS NULL")
    )
    op.create_table(
        "named_reader",
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("staff_id", sa.Uuid(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("named_at", INSTANT, nullable=False),
        sa.Column("named_by", sa.Uuid()),
    )
    grant("request_recipient", "SELECT, INSERT, UPDATE, DELETE")
    grant("named_reader", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    """Webhooks that follow requests go with their messages."""
    op.drop_table("named_reader")
    op.drop_table("request_recipient")
    op.execute("DELETE FROM webhook WHERE topic <> 'consents'")
    op.drop_column("webhook", "topic")
