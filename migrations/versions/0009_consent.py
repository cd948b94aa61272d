"""Consent: versions of purposes and notices, events with their fold, the suppression ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant, sealed

revision = "0009"
down_revision: str | None = "0008"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
PURPOSE = sa.String(50)
APPEND_ONLY = ("purpose_version", "notice_version", "notice_text", "consent_event", "informing")
TABLES = ("consent_subject", "consent_state", "suppression", "notice_text", "notice_version", "purpose_version")

REFUSE = """
CREATE FUNCTION consent_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was published or said is never changed: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

# The ledger may only be wrapped in a further layer, or a line of it lifted.
KEEP_SUPPRESSION = """
CREATE FUNCTION consent_keep_suppression() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.channel, NEW.scope, NEW.purpose, NEW.reason, NEW.normaliser, NEW.at)
        IS DISTINCT FROM (OLD.id, OLD.channel, OLD.scope, OLD.purpose, OLD.reason, OLD.normaliser, OLD.at)
        OR OLD.lifted_at IS NOT NULL AND NEW.lifted_at IS DISTINCT FROM OLD.lifted_at
        OR NEW.digest <> OLD.digest AND get_byte(NEW.digest, 0) <= get_byte(OLD.digest, 0)
    THEN
        RAISE EXCEPTION 'a line of the suppression ledger is only wrapped or lifted'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Make the tables; what was published or said can be neither changed nor deleted by the service."""
    _create_documents()
    _create_events()
    _create_ledger()
    _create_informing()
    op.execute(REFUSE)
    op.execute(KEEP_SUPPRESSION)
    for table in APPEND_ONLY:
        _guard(table, f"BEFORE UPDATE OR DELETE ON {table} FOR EACH STATEMENT", "no_change")
    for table in (*APPEND_ONLY, "suppression"):
        _guard(table, f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", "no_truncate")
    _guard("suppression", "BEFORE DELETE ON suppression FOR EACH STATEMENT", "no_delete")
    _guard("suppression", "BEFORE UPDATE ON suppression FOR EACH ROW", "keep", "consent_keep_suppression")
    for table in APPEND_ONLY:
        grant(table, "SELECT, INSERT")
    grant("consent_subject", "SELECT, INSERT, UPDATE")
    grant("consent_state", "SELECT, INSERT, UPDATE, DELETE")
    grant("suppression", "SELECT, INSERT, UPDATE (digest, lifted_at)")


def _create_documents() -> None:
    op.create_table(
        "purpose_version",
        sa.Column("key", PURPOSE, primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("effective_from", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Uuid()),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    op.create_table(
        "notice_version",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("key", PURPOSE, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material", sa.Boolean(), nullable=False),
        sa.Column("effective_from", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Uuid()),
        sa.UniqueConstraint("kind", "key", "version"),
        sa.CheckConstraint("kind IN ('consent', 'privacy')", name="kind_known"),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    op.create_table(
        "notice_text",
        sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("notice_version.id"), primary_key=True),
        sa.Column("language", sa.String(8), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("digest = sha256(convert_to(title || E'\\n' || body, 'UTF8'))", name="digest"),
    )


def _create_events() -> None:
    op.create_table(
        "consent_subject",
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("merged_into", sa.Uuid()),
    )
    op.create_table(
        "consent_event",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", PURPOSE, nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("valid_at", INSTANT),
        sa.Column("whole_day", sa.Boolean(), nullable=False),
        sa.Column("notice", sa.Integer()),
        sa.Column("language", sa.String(8)),
        sa.Column("method", CODE, nullable=False),
        sa.Column("seen", sa.BigInteger()),
        sa.Column("voids", sa.BigInteger()),
        sa.Column("batch_id", sa.Uuid()),
        sa.Column("actor_kind", CODE, nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        *sealed("consent_event", "evidence"),
        sa.UniqueConstraint("person_id", "sequence"),
        sa.CheckConstraint(
            "kind IN ('requested', 'given', 'confirmed', 'refused', 'withdrawn', 'objected', 'expired', 'renewed', "
            "'invalidated')",
            name="kind_known",
        ),
        sa.CheckConstraint("valid_at <= recorded_at", name="said_before_recorded"),
        sa.CheckConstraint("sequence >= 1", name="sequence_counts_from_one"),
    )
    op.create_index("ix_consent_event_owner_id", "consent_event", ["owner_id"])
    op.create_index("ix_consent_event_history", "consent_event", ["person_id", "purpose", "channel", "sequence"])
    imported = sa.text("batch_id IS NOT NULL")
    op.create_index("ix_consent_event_batch_id", "consent_event", ["batch_id"], postgresql_where=imported)
    op.create_table(
        "consent_state",
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("purpose", PURPOSE, primary_key=True),
        sa.Column("channel", CODE, primary_key=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("standing", CODE, nullable=False),
        sa.Column("since", INSTANT),
        sa.Column("event", sa.Uuid()),
        sa.Column("given_at", INSTANT),
        sa.Column("given_notice", sa.Integer()),
        sa.Column("given_event", sa.Uuid()),
        sa.Column("confirmed_at", INSTANT),
        sa.Column("confirmed_notice", sa.Integer()),
        sa.Column("confirmed_event", sa.Uuid()),
        sa.Column("last_used_at", INSTANT),
    )
    given = sa.text("standing = 'given'")
    op.create_index("ix_consent_state_given", "consent_state", ["purpose", "given_at"], postgresql_where=given)


def _create_ledger() -> None:
    op.create_table(
        "suppression",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("scope", CODE, nullable=False),
        sa.Column("purpose", PURPOSE),
        sa.Column("reason", CODE, nullable=False),
        sa.Column("normaliser", sa.SmallInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("lifted_at", INSTANT),
        sa.CheckConstraint("scope IN ('purpose', 'advertising', 'everything')", name="scope_known"),
        sa.CheckConstraint("(scope = 'purpose') = (purpose IS NOT NULL)", name="purpose_where_it_is_the_scope"),
        sa.CheckConstraint(
            "reason IN ('unsubscribed', 'complaint', 'hard_bounce', 'do_not_contact', 'erased')", name="reason_known"
        ),
        sa.CheckConstraint("octet_length(digest) = 17 AND get_byte(digest, 0) BETWEEN 1 AND 31", name="digest"),
    )
    op.create_index("ix_suppression_digest", "suppression", ["digest", "channel"])
    op.create_index(
        "uq_suppression_standing",
        "suppression",
        ["digest", "channel", "scope", "purpose", "reason"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )


def _create_informing() -> None:
    op.create_table(
        "informing",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("notice", PURPOSE, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("method", CODE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("actor_kind", CODE, nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.CheckConstraint("at <= recorded_at", name="told_before_recorded"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    op.create_index("ix_informing_person_id", "informing", ["person_id"])


def _guard(table: str, when: str, name: str, function: str = "consent_refuse") -> None:
    op.execute(f"CREATE TRIGGER consent_{name} {when} EXECUTE FUNCTION {function}()")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER consent_{name}")


def downgrade() -> None:
    """Drop the tables."""
    for table in ("informing", "consent_event", *TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION consent_keep_suppression()")
    op.execute("DROP FUNCTION consent_refuse()")
