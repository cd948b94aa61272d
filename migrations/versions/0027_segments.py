"""Saved rules of segments, and what they found."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, sealed

revision = "0027"
down_revision: str | None = "0026"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
PURPOSE = sa.String(50)


def _owner() -> sa.Column[object]:
    return sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False)


def upgrade() -> None:
    """A version of a rule is written once; what a run found goes when its time is over."""
    op.create_table(
        "segment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _owner(),
        sa.Column("key", PURPOSE, nullable=False, unique=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("retired_at", INSTANT),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    op.create_table(
        "segment_version",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _owner(),
        sa.Column("segment_id", sa.Uuid(), sa.ForeignKey("segment.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("special_ground", sa.String(1)),
        sa.Column("defined_at", INSTANT, nullable=False),
        sa.Column("defined_by_kind", CODE, nullable=False),
        sa.Column("defined_by", sa.Uuid()),
        *sealed("segment_version", "titles", "rule", "special_note"),
        sa.UniqueConstraint("segment_id", "version"),
        sa.CheckConstraint("special_ground ~ '^[a-j]$'", name="special_ground_is_a_letter"),
    )
    op.create_index("ix_segment_version_owner_id", "segment_version", ["owner_id"])
    _runs()
    op.create_table(
        "segment_part",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _owner(),
        sa.Column("run_id", sa.Uuid(), sa.ForeignKey("segment_run.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        *sealed("segment_part", "people"),
        sa.UniqueConstraint("run_id", "number"),
        sa.CheckConstraint("count >= 1", name="somebody"),
    )
    op.create_index("ix_segment_part_owner_id", "segment_part", ["owner_id"])
    grant("segment", "SELECT, INSERT, UPDATE (version, retired_at)")
    grant("segment_version", "SELECT, INSERT")
    grant(
        "segment_run",
        "SELECT, INSERT, UPDATE (state, reached, parts, people, done, left_out, matched, finished_at, expires_at)",
    )
    grant("segment_part", "SELECT, INSERT, DELETE")


def _runs() -> None:
    op.create_table(
        "segment_run",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _owner(),
        sa.Column("segment_id", sa.Uuid(), sa.ForeignKey("segment.id"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Uuid(), sa.ForeignKey("segment_run.id")),
        sa.Column("purpose", PURPOSE),
        sa.Column("channel", CODE),
        sa.Column("state", CODE, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("started_by_kind", CODE, nullable=False),
        sa.Column("started_by", sa.Uuid()),
        sa.Column("reached", sa.Uuid()),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.BigInteger(), nullable=False),
        sa.Column("matched", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'stopped', 'expired')", name="state_known"),
        sa.CheckConstraint("(purpose IS NULL) = (source_id IS NULL)", name="source_where_it_has_a_purpose"),
        sa.CheckConstraint("(purpose IS NULL) = (channel IS NULL)", name="channel_where_it_has_a_purpose"),
        sa.CheckConstraint("done >= 0 AND left_out >= 0 AND matched >= 0", name="counts"),
    )
    op.create_index("ix_segment_run_segment_id", "segment_run", ["segment_id", "id"])
    op.create_index("ix_segment_run_running", "segment_run", ["id"], postgresql_where=sa.text("state = 'running'"))
    op.create_index(
        "ix_segment_run_expires_at", "segment_run", ["expires_at"], postgresql_where=sa.text("state <> 'expired'")
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("segment_part", "segment_run", "segment_version", "segment"):
        op.drop_table(table)
