"""Evidence and random names leave by the erasure that they belong to: looked up once, however many people it has.

What a law wants kept goes by its own date: a step knows on which day the first of its rows may go, and what went before
the rest has receipts of its own.
"""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import app_role, grant, grant_execute

revision = "0036"
down_revision: str | None = "0035"


INSTANT = sa.DateTime(timezone=True)
BEFORE = ("erasure_forget_evidence(uuid[])", "erasure_rename(uuid[])")
NOW = ("erasure_forget_evidence(uuid)", "erasure_rename(uuid)")

# The records of an erasure that was begun, and told in the log.
_RECORDS = """
    SELECT array_agg(record) INTO people
    FROM erasure AS begun_of
    JOIN audit_entry AS told
        ON told.eid = begun_of.entry AND told.class = 'decision' AND told.at = begun_of.begun_at
    JOIN erasure_target AS target ON target.erasure_id = begun_of.id, unnest(target.records) AS record
    WHERE begun_of.id = begun;
"""
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
# As migration 0030 made them.
FORGET_EVIDENCE_BEFORE = """
CREATE FUNCTION erasure_forget_evidence(people uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
    more bigint;
BEGIN
    IF EXISTS (
        SELECT FROM unnest(people) AS asked (id) WHERE NOT EXISTS (
            SELECT FROM erasure_target AS target
            JOIN erasure AS begun ON begun.id = target.erasure_id
            JOIN audit_entry AS told ON told.eid = begun.entry AND told.class = 'decision' AND told.at = begun.begun_at
            WHERE target.records @> ARRAY[asked.id]
        )
    ) THEN
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
RENAME_BEFORE = """
CREATE FUNCTION erasure_rename(people uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    renamed bigint;
BEGIN
    IF EXISTS (
        SELECT FROM unnest(people) AS asked (id) WHERE NOT EXISTS (
            SELECT FROM erasure_target AS target
            JOIN erasure AS begun ON begun.id = target.erasure_id
            JOIN audit_entry AS told ON told.eid = begun.entry AND told.class = 'decision' AND told.at = begun.begun_at
            WHERE target.records @> ARRAY[asked.id]
        )
    ) THEN
        RAISE EXCEPTION 'people get another name in the log in the course of their erasure only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE person SET subject_ref = gen_random_uuid() WHERE id = ANY(people);
    GET DIAGNOSTICS renamed = ROW_COUNT;
    RETURN renamed;
END $$
"""


def upgrade() -> None:
    """Ask by the erasure; nothing has to be found by record any more."""
    for function in BEFORE:
        op.execute(f"DROP FUNCTION {function}")
    for made in (FORGET_EVIDENCE, RENAME):
        op.execute(made.replace("@records", _RECORDS.strip()))
    for function in NOW:
        grant_execute(function)
    op.drop_index("ix_erasure_target_records", "erasure_target")
    op.add_column("erasure_step", sa.Column("first_until", sa.Date()))
    op.add_column("erasure_step", sa.Column("in_force", sa.Boolean(), nullable=False, server_default=sa.text("true")))
    # Long ago for purchases, so that each erasure is looked at once; which day is the first is found out then.
    op.execute("UPDATE erasure_step SET first_until = until WHERE state = 'kept'")
    op.execute("UPDATE erasure_step SET first_until = '1970-01-01' WHERE state = 'kept' AND step = 'finance'")
    op.drop_index("ix_erasure_step_until", "erasure_step")
    kept = sa.text("state = 'kept'")
    op.create_index("ix_erasure_step_first_until", "erasure_step", ["first_until"], postgresql_where=kept)
    op.create_check_constraint(
        op.f("ck_erasure_step_kept_from_a_day"),
        "erasure_step",
        "state <> 'kept' OR first_until IS NOT NULL AND first_until <= until",
    )
    grant("erasure_step", "UPDATE (first_until, in_force)")
    grant("erasure_target", "UPDATE (owners)")
    nobody = sa.text("person_id IS NULL")
    op.create_index("ix_purchase_kept", "purchase", ["paid_at", "id"], postgresql_where=nobody)
    op.create_table(
        "erasure_part",
        sa.Column("erasure_id", sa.Uuid(), sa.ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("entry", sa.Uuid(), primary_key=True),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.CheckConstraint("rows >= 1", name="something"),
    )
    grant("erasure_part", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    """Ask by record again."""
    op.execute(f'REVOKE UPDATE (owners) ON erasure_target FROM "{app_role()}"')
    op.drop_table("erasure_part")
    op.drop_index("ix_purchase_kept", "purchase")
    op.drop_constraint(op.f("ck_erasure_step_kept_from_a_day"), "erasure_step")
    op.drop_index("ix_erasure_step_first_until", "erasure_step")
    op.drop_column("erasure_step", "in_force")
    op.drop_column("erasure_step", "first_until")
    kept = sa.text("state = 'kept'")
    op.create_index("ix_erasure_step_until", "erasure_step", ["until"], postgresql_where=kept)
    op.create_index("ix_erasure_target_records", "erasure_target", ["records"], postgresql_using="gin")
    for function in NOW:
        op.execute(f"DROP FUNCTION {function}")
    op.execute(FORGET_EVIDENCE_BEFORE)
    op.execute(RENAME_BEFORE)
    for function in BEFORE:
        grant_execute(function)
