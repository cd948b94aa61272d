"""Plans, steps, receipts and certificates of erasures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import grant, grant_execute

revision = "0030"
down_revision: str | None = "0029"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
IDS = postgresql.ARRAY(sa.Uuid())
FUNCTIONS = ("erasure_forget_evidence(uuid)", "erasure_rename(uuid)")

# Evidence leaves by erasure_forget_evidence alone, which runs as the owner of the tables.
KEEP_EVIDENCE = """
CREATE FUNCTION consent_keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> (SELECT relowner::regrole::name FROM pg_catalog.pg_class WHERE oid = TG_RELID) THEN
        RAISE EXCEPTION 'what was said leaves by erasure only: % on % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$
"""

# The records of an erasure that was begun, and told in the log.
_RECORDS = """
    SELECT array_agg(record) INTO people
    FROM erasure AS begun_of
    JOIN audit_entry AS told
        ON told.eid = begun_of.entry AND told.class = 'decision' AND told.at = begun_of.begun_at
    JOIN erasure_target AS target ON target.erasure_id = begun_of.id, unnest(target.records) AS record
    WHERE begun_of.id = begun;
"""
# Only of people whose erasure was begun, and told in the log.
FORGET_EVIDENCE = """
CREATE FUNCTION erasure_forget_evidence(begun uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    people uuid[];
    gone bigint;
    more bigint;
BEGIN
    @records
    IF people IS NULL THEN
        RAISE EXCEPTION 'the evidence of people is deleted in the course of their erasure only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM consent_event WHERE person_id = ANY(people);
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM informing WHERE person_id = ANY(people);
    GET DIAGNOSTICS more = ROW_COUNT;
    DELETE FROM consent_state WHERE person_id = ANY(people);
    DELETE FROM consent_subject WHERE person_id = ANY(people);
    RETURN gone + more;
END $$
"""
# The random name in the log never changes otherwise. Whoever must be kept for a hold loses what the log tells of them.
RENAME = """
CREATE FUNCTION erasure_rename(begun uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    people uuid[];
    renamed bigint;
BEGIN
    @records
    IF people IS NULL THEN
        RAISE EXCEPTION 'people get another name in the log in the course of their erasure only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE person SET subject_ref = gen_random_uuid() WHERE id = ANY(people);
    GET DIAGNOSTICS renamed = ROW_COUNT;
    RETURN renamed;
END $$
"""


def upgrade() -> None:
    """Make the tables; let evidence leave by erasure, and what a law keeps stay without the person."""
    _erasures()
    _targets()
    _steps()
    _certificates()
    _recipients()
    op.execute(KEEP_EVIDENCE)
    for made in (FORGET_EVIDENCE, RENAME):
        op.execute(made.replace("@records", _RECORDS.strip()))
    for function in FUNCTIONS:
        grant_execute(function)
    for table in ("consent_event", "informing"):
        op.execute(f"DROP TRIGGER consent_no_change ON {table}")
        _guard(table, f"BEFORE UPDATE ON {table} FOR EACH STATEMENT", "no_change", "consent_refuse")
        _guard(table, f"BEFORE DELETE ON {table} FOR EACH STATEMENT", "keep", "consent_keep_evidence")
    for table in ("purchase", "extra_value"):
        op.alter_column(table, "person_id", existing_type=sa.Uuid(), nullable=True)
    op.create_index("ix_person_link_person_id", "person_link", ["person_id"])


def _erasures() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("origin", CODE, nullable=False),
        sa.Column("origin_id", sa.Uuid()),
        sa.Column("state", CODE, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(80)),
        sa.Column("country", sa.String(2)),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("begun_by_kind", CODE, nullable=False),
        sa.Column("begun_by", sa.Uuid()),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("completed_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.CheckConstraint("state IN ('running', 'waiting', 'closed')", name="state_known"),
        sa.CheckConstraint("origin IN ('request', 'policy_run', 'officer', 'operator')", name="origin_known"),
        sa.CheckConstraint("people >= 1", name="somebody"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_where_it_says_so"),
        sa.CheckConstraint("state = 'running' OR completed_at IS NOT NULL", name="completed_before_it_waits"),
    )
    op.create_index("ix_erasure_open", "erasure", ["id"], postgresql_where=sa.text("state <> 'closed'"))
    op.create_index("ix_erasure_origin_id", "erasure", ["origin_id"], postgresql_where=sa.text("origin_id IS NOT NULL"))
    grant("erasure", "SELECT, INSERT, DELETE, UPDATE (state, completed_at, closed_at)")


def _targets() -> None:
    op.create_table(
        "erasure_target",
        sa.Column("erasure_id", sa.Uuid(), sa.ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("ref", sa.Uuid(), primary_key=True),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("records", IDS, nullable=False),
        sa.Column("owners", IDS, nullable=False),
        sa.CheckConstraint("cardinality(owners) >= 1", name="some_owner"),
    )
    known = sa.text("person_id IS NOT NULL")
    op.create_index("uq_erasure_target_person_id", "erasure_target", ["person_id"], unique=True, postgresql_where=known)
    grant("erasure_target", "SELECT, INSERT, DELETE, UPDATE (person_id, records)")


def _steps() -> None:
    op.create_table(
        "erasure_step",
        sa.Column("erasure_id", sa.Uuid(), sa.ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("step", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("citation", sa.String(300), nullable=False),
        sa.Column("holds", IDS, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(64)),
        sa.Column("next_at", INSTANT),
        sa.Column("done_at", INSTANT),
        sa.Column("entry", sa.Uuid()),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'held', 'kept', 'done')", name="state_known"),
        sa.CheckConstraint("(state = 'done') = (entry IS NOT NULL)", name="done_with_a_receipt"),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at_an_instant"),
        sa.CheckConstraint("state <> 'kept' OR until IS NOT NULL", name="kept_until_a_day"),
        sa.CheckConstraint("state <> 'held' OR cardinality(holds) >= 1", name="held_by_something"),
        sa.CheckConstraint("jsonb_typeof(counts) = 'object'", name="counts_is_object"),
    )
    kept = sa.text("state = 'kept'")
    op.create_index("ix_erasure_step_until", "erasure_step", ["until"], postgresql_where=kept)
    held = sa.text("state = 'held'")
    op.create_index("ix_erasure_step_held", "erasure_step", ["erasure_id"], postgresql_where=held)
    changing = "state, until, rule, citation, holds, attempts, failure, next_at, done_at, entry, counts"
    grant("erasure_step", f"SELECT, INSERT, DELETE, UPDATE ({changing})")


def _certificates() -> None:
    op.create_table(
        "erasure_certificate",
        sa.Column("erasure_id", sa.Uuid(), sa.ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number >= 1", name="number_counts_from_one"),
    )
    grant("erasure_certificate", "SELECT, INSERT, DELETE")


def _recipients() -> None:
    op.create_table(
        "erasure_recipient",
        sa.Column("erasure_id", sa.Uuid(), sa.ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("recipient_id", sa.Uuid(), sa.ForeignKey("recipient_version.id"), primary_key=True),
        sa.Column("disclosures", IDS, nullable=False),
        sa.Column("told_at", INSTANT),
        sa.Column("told_by_kind", CODE),
        sa.Column("told_by", sa.Uuid()),
        sa.CheckConstraint("(told_at IS NULL) = (told_by_kind IS NULL)", name="told_by_somebody"),
    )
    untold = sa.text("told_at IS NULL")
    op.create_index("ix_erasure_recipient_untold", "erasure_recipient", ["erasure_id"], postgresql_where=untold)
    grant("erasure_recipient", "SELECT, INSERT, DELETE, UPDATE (told_at, told_by_kind, told_by)")


def _guard(table: str, when: str, name: str, function: str) -> None:
    op.execute(f"CREATE TRIGGER consent_{name} {when} EXECUTE FUNCTION {function}()")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER consent_{name}")


def downgrade() -> None:
    """Drop the tables; refused by the database where something is kept of somebody who was erased."""
    op.drop_index("ix_person_link_person_id", "person_link")
    for table in ("purchase", "extra_value"):
        op.alter_column(table, "person_id", existing_type=sa.Uuid(), nullable=False)
    for table in ("consent_event", "informing"):
        op.execute(f"DROP TRIGGER consent_keep ON {table}")
        op.execute(f"DROP TRIGGER consent_no_change ON {table}")
        _guard(table, f"BEFORE UPDATE OR DELETE ON {table} FOR EACH STATEMENT", "no_change", "consent_refuse")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP FUNCTION consent_keep_evidence()")
    for table in ("erasure_recipient", "erasure_certificate", "erasure_step", "erasure_target", "erasure"):
        op.drop_table(table)
