"""Packages of access requests: what they hold is sealed in parts, and goes with the keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant, sealed

revision = "0031"
down_revision: str | None = "0030"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)


def upgrade() -> None:
    """A package stays on record when its parts are gone."""
    op.create_table(
        "package",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False, unique=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid()),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("files", postgresql.ARRAY(sa.String(80)), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("failure", CODE),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ready_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sa.Column("downloaded_at", INSTANT),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.Column("destroyed_at", INSTANT),
        sa.CheckConstraint("kind IN ('access', 'portability')", name="kind_known"),
        sa.CheckConstraint("state IN ('making', 'review', 'ready', 'destroyed', 'failed')", name="state_known"),
        sa.CheckConstraint("(state = 'destroyed') = (destroyed_at IS NOT NULL)", name="destroyed_where_it_says_so"),
        sa.CheckConstraint("state <> 'ready' OR expires_at IS NOT NULL", name="ready_expires"),
    )
    op.create_index("ix_package_person_id", "package", ["person_id", "id"])
    op.create_index(
        "ix_package_request_id", "package", ["request_id"], postgresql_where=sa.text("request_id IS NOT NULL")
    )
    op.create_index("ix_package_open", "package", ["id"], postgresql_where=sa.text("state <> 'destroyed'"))
    grant(
        "package",
        "SELECT, INSERT, UPDATE (state, files, parts, rows, size, failure, ready_at, expires_at, downloaded_at, "
        "downloads, destroyed_at)",
    )
    _part()
    _flag()


def _part() -> None:
    op.create_table(
        "package_part",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("package_id", sa.Uuid(), sa.ForeignKey("package.id"), nullable=False),
        sa.Column("file", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *sealed("package_part", "payload"),
        sa.UniqueConstraint("package_id", "file", "number"),
    )
    op.create_index("ix_package_part_owner_id", "package_part", ["owner_id"])
    grant("package_part", "SELECT, INSERT, DELETE")


def _flag() -> None:
    op.create_table(
        "package_flag",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("package_id", sa.Uuid(), sa.ForeignKey("package.id"), nullable=False),
        sa.Column("table", CODE, nullable=False),
        sa.Column("field", CODE, nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("doubts", postgresql.ARRAY(CODE), nullable=False),
        sa.Column("decision", CODE),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Uuid()),
        *sealed("package_flag", "instead"),
        sa.UniqueConstraint("package_id", "row_id", "field"),
        sa.CheckConstraint("decision IN ('release', 'redact')", name="decision_known"),
        sa.CheckConstraint("cardinality(doubts) >= 1", name="some_doubt"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_where_it_says_so"),
    )
    op.create_index("ix_package_flag_owner_id", "package_flag", ["owner_id"])
    grant("package_flag", "SELECT, INSERT, DELETE, UPDATE (decision, decided_at, decided_by, instead_sealed)")


def downgrade() -> None:
    """Drop them, those first that others do not hang on."""
    for table in ("package_flag", "package_part", "package"):
        op.drop_table(table)
