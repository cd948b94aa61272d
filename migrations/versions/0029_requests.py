"""Requests of data subjects."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import digest, grant, sealed

revision = "0029"
down_revision: str | None = "0028"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
STATES = (
    "'received', 'identity_check', 'open', 'awaiting_requester', 'awaiting_approval', 'in_progress', 'completed', "
    "'refused', 'withdrawn', 'expired', 'duplicate'"
)
ENDED = "'completed', 'refused', 'withdrawn', 'expired', 'duplicate'"
TABLES = ("request_notice", "request_event", "request")


def upgrade() -> None:
    """A line of the history is written once; a request changes until its file is destroyed."""
    _requests()
    _events()
    _notices()
    grant("request", "SELECT, INSERT, UPDATE, DELETE")
    grant("request_event", "SELECT, INSERT, DELETE")
    grant("request_notice", "SELECT, INSERT, UPDATE, DELETE")


def _requests() -> None:
    op.create_table(
        "request",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("about", CODE),
        sa.Column("state", CODE, nullable=False),
        sa.Column("arrival", CODE, nullable=False),
        sa.Column("asking", CODE, nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("recorded_by_kind", CODE, nullable=False),
        sa.Column("recorded_by", sa.Uuid()),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("country", sa.String(2)),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("laws", postgresql.ARRAY(sa.String(50)), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("duties", postgresql.JSONB(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("extended_on", sa.Date()),
        sa.Column("waiting_until", sa.Date()),
        sa.Column("lift_on", sa.Date()),
        sa.Column("reminded", CODE),
        sa.Column("reminded_on", sa.Date()),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("subject_ref", sa.Uuid()),
        sa.Column("proof", CODE),
        sa.Column("contact_kind", CODE),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("joined_to", sa.Uuid(), sa.ForeignKey("request.id")),
        sa.Column("submitted_by", sa.Uuid()),
        sa.Column("proposal_id", sa.Uuid()),
        sa.Column("carried_as", sa.Uuid()),
        sa.Column("outcome", CODE),
        sa.Column("ground", CODE),
        sa.Column("closed_at", INSTANT),
        *sealed("request", "contact", "said", "asker", "checked", "changes", "answer"),
        *digest("request", "contact"),
        sa.UniqueConstraint("number"),
        sa.CheckConstraint(f"state IN ({STATES})", name="state_known"),
        sa.CheckConstraint(f"(state IN ({ENDED})) = (closed_at IS NOT NULL)", name="closed_where_it_says_so"),
        sa.CheckConstraint("jsonb_typeof(duties) = 'array'", name="duties_are_listed"),
        sa.CheckConstraint("jsonb_typeof(terms) = 'object'", name="terms_are_object"),
        sa.CheckConstraint("repeats >= 0", name="repeats_not_negative"),
    )
    op.create_index("ix_request_owner_id", "request", ["owner_id"])
    op.create_index("ix_request_contact_index", "request", ["contact_index"])
    where = {
        "ix_request_due_on": (["due_on", "id"], f"state NOT IN ({ENDED})"),
        "ix_request_waiting_until": (["waiting_until"], "waiting_until IS NOT NULL"),
        "ix_request_person_id": (["person_id"], "person_id IS NOT NULL"),
        "ix_request_lift_on": (["lift_on"], "lift_on IS NOT NULL"),
    }
    for name, (columns, condition) in where.items():
        op.create_index(name, "request", columns, postgresql_where=sa.text(condition))


def _events() -> None:
    op.create_table(
        "request_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("request.id"), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("act", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("actor_kind", CODE, nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        *sealed("request_event", "reason"),
        sa.UniqueConstraint("request_id", "sequence"),
    )
    op.create_index("ix_request_event_owner_id", "request_event", ["owner_id"])


def _notices() -> None:
    op.create_table(
        "request_notice",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("request_id", sa.Uuid(), sa.ForeignKey("request.id"), nullable=False),
        sa.Column("notice", CODE, nullable=False),
        sa.Column("carrier", CODE, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT),
        *sealed("request_notice", "content"),
    )
    op.create_index("ix_request_notice_owner_id", "request_notice", ["owner_id"])
    op.create_index("ix_request_notice_request_id", "request_notice", ["request_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in TABLES:
        op.drop_table(table)
