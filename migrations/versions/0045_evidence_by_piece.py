"""Proof of consents goes piece by piece after an erasure: each history on its own day, not all with the last."""

from alembic import op

from migrations.helpers import grant_execute

revision = "0045"
down_revision: str | None = "0044"

# As erasure_forget_evidence: of people whose erasure was begun, and told in the log. A history goes as a whole.
PART_EVIDENCE = """
CREATE FUNCTION erasure_part_evidence(begun uuid, whose uuid[], purposes text[], channels text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    people uuid[];
    gone bigint;
BEGIN
    SELECT array_agg(record) INTO people
    FROM erasure AS begun_of
    JOIN audit_entry AS told
        ON told.eid = begun_of.entry AND told.class = 'decision' AND told.at = begun_of.begun_at
    JOIN erasure_target AS target ON target.erasure_id = begun_of.id, unnest(target.records) AS record
    WHERE begun_of.id = begun;
    IF people IS NULL OR NOT whose <@ people THEN
        RAISE EXCEPTION 'the evidence of people is deleted in the course of their erasure only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM consent_event AS event USING unnest(whose, purposes, channels) AS due (person, purpose, channel)
    WHERE event.person_id = due.person AND event.purpose = due.purpose AND event.channel = due.channel;
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM consent_state AS state USING unnest(whose, purposes, channels) AS due (person, purpose, channel)
    WHERE state.person_id = due.person AND state.purpose = due.purpose AND state.channel = due.channel;
    RETURN gone;
END $$
"""
LOOK_AGAIN = """
UPDATE erasure_step SET first_until = least(until, current_date - 2) WHERE step = 'evidence' AND state = 'kept'
"""


def upgrade() -> None:
    """Let pieces go; what erasures keep already is looked at once more, and certified anew."""
    op.execute(PART_EVIDENCE)
    grant_execute("erasure_part_evidence(uuid, uuid[], text[], text[])")
    op.execute(LOOK_AGAIN)


def downgrade() -> None:
    """All of it waits for the last again."""
    op.execute("UPDATE erasure_step SET first_until = until WHERE step = 'evidence' AND state = 'kept'")
    op.execute("DROP FUNCTION erasure_part_evidence(uuid, uuid[], text[], text[])")
