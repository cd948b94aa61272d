"""Proposals that a second person decides."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant, sealed

revision = "0016"
down_revision: str | None = "0014"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)


def upgrade() -> None:
    """What was proposed is written once: the service may change what became of it, never what it is."""
    op.create_table(
        "proposal",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("own_keys", sa.Boolean(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("proposed_by_kind", CODE, nullable=False),
        sa.Column("proposed_by", sa.Uuid()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("deputy_due_at", INSTANT),
        sa.Column("approved_digest", sa.LargeBinary()),
        sa.Column("decided_by_kind", CODE),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("failure", CODE),
        sa.Column("forgotten", sa.Boolean(), nullable=False),
        *sealed("proposal", "reason", "salt", "answer"),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'refused', 'expired', 'executed', 'failed')", name="state_known"
        ),
        sa.CheckConstraint("jsonb_typeof(payload) = 'object'", name="payload_is_object"),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
        sa.CheckConstraint("(state IN ('open', 'approved')) = (ended_at IS NULL)", name="ended_where_it_says_so"),
        sa.CheckConstraint(
            "state <> 'approved' OR approved_digest IS NOT NULL AND decided_at IS NOT NULL", name="approved_by_somebody"
        ),
        sa.CheckConstraint(
            "state <> 'executed' OR alone OR approved_digest IS NOT NULL AND decided_at IS NOT NULL",
            name="executed_once_approved",
        ),
        sa.CheckConstraint(
            "approved_digest IS NULL OR (proposed_by_kind, proposed_by) IS DISTINCT FROM (decided_by_kind, decided_by)",
            name="approved_by_another",
        ),
    )
    op.create_index("ix_proposal_owner_id", "proposal", ["owner_id"])
    op.create_index(
        "ix_proposal_pending", "proposal", ["until"], postgresql_where=sa.text("state IN ('open', 'approved')")
    )
    op.create_index("ix_proposal_ended_at", "proposal", ["ended_at"], postgresql_where=sa.text("NOT forgotten"))
    grant(
        "proposal",
        "SELECT, INSERT, UPDATE (state, deputy_due_at, approved_digest, decided_by_kind, decided_by, decided_at, "
        "ended_at, failure, forgotten, reason_sealed, salt_sealed, answer_sealed)",
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("proposal")
