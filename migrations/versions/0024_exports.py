"""Recipients of personal data, what was disclosed to them, exports and their fingerprints."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant, sealed

revision = "0024"
down_revision: str | None = "0023"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
FIELD = sa.String(80)


def upgrade() -> None:
    """A version of a recipient is never changed; what was exported leaves, what tells of it stays."""
    _recipients()
    _exports()
    _parts("export_chunk", "payload")
    _parts("export_print", "prints")
    _disclosures()


def _recipients() -> None:
    op.create_table(
        "recipient_version",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("key", sa.String(50), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("purposes", postgresql.ARRAY(sa.String(50)), nullable=False),
        sa.Column("fields", postgresql.ARRAY(FIELD), nullable=False),
        sa.Column("safeguard", CODE, nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        *sealed("recipient_version", "contact"),
        sa.UniqueConstraint("key", "version"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
        sa.CheckConstraint("kind IN ('processor', 'third_party')", name="kind_known"),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        sa.CheckConstraint("cardinality(purposes) >= 1", name="some_purpose"),
        sa.CheckConstraint("cardinality(fields) >= 1", name="some_field"),
    )
    op.create_index("ix_recipient_version_owner_id", "recipient_version", ["owner_id"])
    grant("recipient_version", "SELECT, INSERT")


def _exports() -> None:
    op.create_table(
        "export_selection",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("people", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    grant("export_selection", "SELECT, INSERT, DELETE")
    op.create_table(
        "export",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("content_owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("recipient_id", sa.Uuid(), sa.ForeignKey("recipient_version.id"), nullable=False),
        sa.Column("purpose", sa.String(50), nullable=False),
        sa.Column("channels", postgresql.ARRAY(CODE), nullable=False),
        sa.Column("format", CODE, nullable=False),
        sa.Column("fields", postgresql.ARRAY(FIELD), nullable=False),
        sa.Column("selection_id", sa.Uuid(), sa.ForeignKey("export_selection.id")),
        sa.Column("exporter_kind", CODE, nullable=False),
        sa.Column("exporter", sa.Uuid()),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("considered", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("left_out", postgresql.JSONB(), nullable=False),
        sa.Column("after", sa.Uuid()),
        sa.Column("failure", CODE),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ready_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sa.Column("downloaded_at", INSTANT),
        sa.Column("destroyed_at", INSTANT),
        sa.Column("traceable", sa.Boolean(), nullable=False),
        *sealed("export", "print_key"),
        sa.CheckConstraint("state IN ('making', 'ready', 'downloaded', 'destroyed', 'failed')", name="state_known"),
        sa.CheckConstraint("format IN ('csv', 'xlsx', 'json')", name="format_known"),
        sa.CheckConstraint("jsonb_typeof(left_out) = 'object'", name="left_out_is_object"),
        sa.CheckConstraint("(state = 'destroyed') = (destroyed_at IS NOT NULL)", name="destroyed_where_it_says_so"),
    )
    op.create_index("ix_export_owner_id", "export", ["owner_id"])
    op.create_index(
        "ix_export_open",
        "export",
        ["id"],
        postgresql_where=sa.text("state IN ('making', 'ready', 'downloaded', 'failed')"),
    )
    op.create_index("ix_export_traceable", "export", ["created_at"], postgresql_where=sa.text("traceable"))
    grant(
        "export",
        "SELECT, INSERT, UPDATE (state, considered, rows, parts, left_out, after, failure, ready_at, expires_at, "
        "downloaded_at, destroyed_at, traceable, print_key_sealed)",
    )


def _parts(table: str, field: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("export_id", sa.Uuid(), sa.ForeignKey("export.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *sealed(table, field),
        sa.UniqueConstraint("export_id", "number"),
    )
    op.create_index(f"ix_{table}_owner_id", table, ["owner_id"])
    grant(table, "SELECT, INSERT, DELETE")


def _disclosures() -> None:
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("recipient_id", sa.Uuid(), sa.ForeignKey("recipient_version.id"), nullable=False),
        sa.Column("purpose", sa.String(50), nullable=False),
        sa.Column("fields", postgresql.ARRAY(FIELD), nullable=False),
        sa.Column("at", INSTANT),
        sa.Column("export_id", sa.Uuid(), sa.ForeignKey("export.id")),
        sa.Column("actor_kind", CODE, nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.UniqueConstraint("export_id"),
        sa.CheckConstraint("at IS NOT NULL OR export_id IS NOT NULL", name="only_exports_wait"),
    )
    op.create_index("ix_disclosure_at", "disclosure", ["at"])
    grant("disclosure", "SELECT, INSERT, UPDATE (at), DELETE")
    op.create_table(
        "disclosure_person",
        sa.Column("disclosure_id", sa.Uuid(), sa.ForeignKey("disclosure.id"), primary_key=True),
        sa.Column("person_id", sa.Uuid(), primary_key=True),
    )
    op.create_index("ix_disclosure_person_person_id", "disclosure_person", ["person_id"])
    grant("disclosure_person", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    """Drop them, those first that others do not hang on."""
    for table in (
        "disclosure_person",
        "disclosure",
        "export_print",
        "export_chunk",
        "export",
        "export_selection",
        "recipient_version",
    ):
        op.drop_table(table)
