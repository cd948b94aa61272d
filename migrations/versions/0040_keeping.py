"""Bodies of decisions in the log wait until what they are about is closed; a release of a hold begins a run.

A month of bodies goes as a whole but for those which belong to a request, an erasure, a run, a hold or a consent that
is open or was closed too lately: these are carried over, and go once their time has come. Hashes stay in any case.
"""

from alembic import op

from migrations.helpers import grant_execute

revision = "0040"
down_revision: str | None = "0038"

# Entries of events of consents have the ids of the events. What was never closed since it is no matter of its own (a
# person was edited, a purchase recorded) ages from its own day.
AWAITED = """
CREATE FUNCTION audit_awaited(kind text, before date) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH edge AS (SELECT before::timestamp AT TIME ZONE 'UTC' AS at),
    aged AS (
        SELECT b.eid, b.object_id FROM audit_body b, edge
        WHERE kind = 'decision' AND b.class = kind AND b.at < edge.at
    ),
    matter AS (
        SELECT id, closed_at AS ended_at FROM request
        UNION ALL SELECT n.id, r.closed_at FROM request_notice n JOIN request r ON r.id = n.request_id
        UNION ALL SELECT id, closed_at FROM erasure
        UNION ALL SELECT id, finished_at FROM retention_run
        UNION ALL SELECT id, destroyed_at FROM package
        UNION ALL SELECT id, destroyed_at FROM export
        UNION ALL SELECT id, released_at FROM person_hold
        UNION ALL SELECT id, lifted_at FROM person_restriction
        UNION ALL SELECT id, ended_at FROM proposal
    )
    SELECT aged.eid FROM aged JOIN matter ON matter.id = aged.object_id, edge
    WHERE matter.ended_at IS NULL OR matter.ended_at >= edge.at
    UNION
    SELECT aged.eid FROM aged JOIN consent_event e ON e.id = aged.eid
    JOIN consent_state s USING (person_id, purpose, channel), edge
    WHERE s.standing IN ('requested', 'claimed', 'given') OR s.since >= edge.at
$$
"""

# What stays of a month lies in the default partition from then on, which is made anew whenever something of it goes.
DROP_BODIES = """
CREATE OR REPLACE FUNCTION audit_drop_bodies(kind text, before date, entry uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    youngest integer := CASE kind WHEN 'read' THEN 12 WHEN 'system' THEN 12 WHEN 'decision' THEN 36 WHEN 'key' THEN 120
        END;
    part record;
    stray text := 'audit_body_' || kind || '_default';
    edge timestamptz := before::timestamp AT TIME ZONE 'UTC';
    thinned boolean;
    dropped integer := 0;
BEGIN
    IF youngest IS NULL OR before IS NULL OR before <> date_trunc('month', before)::date THEN
        RAISE EXCEPTION 'bodies are dropped by class and whole month' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF before > (date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => youngest))::date THEN
        RAISE EXCEPTION 'bodies of class % are kept for % months', kind, youngest
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM FROM audit_body JOIN audit_pending USING (at, eid)
        WHERE eid = entry AND class = 'key' AND action = 'audit:bodies:dropped'
        AND convert_from(bytes, 'UTF8')::jsonb -> 'facts' @> jsonb_build_object('class', kind, 'before', before);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'bodies are dropped only beside a new entry that tells of it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM audit_pending WHERE at < before::timestamp AT TIME ZONE 'UTC') THEN
        RAISE EXCEPTION 'entries of that time have no place in the tree yet' USING ERRCODE = 'object_in_use';
    END IF;
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', stray);
    CREATE TABLE audit_carried (LIKE audit_body);
    INSERT INTO audit_carried SELECT b.* FROM audit_body b
        WHERE b.class = kind AND b.at < edge AND b.eid IN (SELECT audit_awaited(kind, before));
    EXECUTE format('INSERT INTO audit_carried SELECT * FROM %I WHERE at >= %L', stray, edge);
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %I s WHERE NOT EXISTS (SELECT FROM audit_carried c WHERE c.eid = s.eid))', stray
    ) INTO thinned;
    IF thinned THEN
        EXECUTE format(
            'INSERT INTO audit_dropped (class, month, eid) SELECT DISTINCT %L, to_char(at AT TIME ZONE ''UTC'', '
            '''YYYY-MM''), %L::uuid FROM %I s WHERE NOT EXISTS (SELECT FROM audit_carried c WHERE c.eid = s.eid) '
            'ON CONFLICT DO NOTHING', kind, entry, stray
        );
        EXECUTE format('DROP TABLE %I', stray);
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', stray, 'audit_body_' || kind);
        PERFORM audit_guard_partition(stray);
        dropped := dropped + 1;
    ELSE
        EXECUTE format('DELETE FROM audit_carried c USING %I s WHERE s.eid = c.eid', stray);
    END IF;
    FOR part IN
        SELECT c.relname AS name, right(c.relname, 7) AS month FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = ('audit_body_' || kind)::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
        AND to_date(right(c.relname, 7), 'YYYY_MM') < before
        ORDER BY c.relname
    LOOP
        EXECUTE format(
            'SELECT count(*) = 0 OR count(*) > count(c.eid) FROM %I b LEFT JOIN audit_carried c ON c.eid = b.eid',
            part.name
        ) INTO thinned;
        IF thinned THEN
            INSERT INTO audit_dropped (class, month, eid) VALUES (kind, replace(part.month, '_', '-'), entry)
                ON CONFLICT DO NOTHING;
            EXECUTE format('DROP TABLE %I', part.name);
            dropped := dropped + 1;
        ELSE
            EXECUTE format('DELETE FROM audit_carried c USING %I b WHERE b.eid = c.eid', part.name);
        END IF;
    END LOOP;
    INSERT INTO audit_body SELECT * FROM audit_carried;
    DROP TABLE audit_carried;
    RETURN dropped;
END $$
"""
DROP_WHOLE_MONTHS = """
CREATE OR REPLACE FUNCTION audit_drop_bodies(kind text, before date, entry uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    youngest integer := CASE kind WHEN 'read' THEN 12 WHEN 'system' THEN 12 WHEN 'decision' THEN 36 WHEN 'key' THEN 120
        END;
    part record;
    stray text := 'audit_body_' || kind || '_default';
    only_old boolean;
    dropped integer := 0;
BEGIN
    IF youngest IS NULL OR before IS NULL OR before <> date_trunc('month', before)::date THEN
        RAISE EXCEPTION 'bodies are dropped by class and whole month' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF before > (date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => youngest))::date THEN
        RAISE EXCEPTION 'bodies of class % are kept for % months', kind, youngest
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM FROM audit_body JOIN audit_pending USING (at, eid)
        WHERE eid = entry AND class = 'key' AND action = 'audit:bodies:dropped'
        AND convert_from(bytes, 'UTF8')::jsonb -> 'facts' @> jsonb_build_object('class', kind, 'before', before);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'bodies are dropped only beside a new entry that tells of it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM audit_pending WHERE at < before::timestamp AT TIME ZONE 'UTC') THEN
        RAISE EXCEPTION 'entries of that time have no place in the tree yet' USING ERRCODE = 'object_in_use';
    END IF;
    FOR part IN
        SELECT c.relname AS name, right(c.relname, 7) AS month FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = ('audit_body_' || kind)::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
        AND to_date(right(c.relname, 7), 'YYYY_MM') < before
        ORDER BY c.relname
    LOOP
        INSERT INTO audit_dropped (class, month, eid) VALUES (kind, replace(part.month, '_', '-'), entry);
        EXECUTE format('DROP TABLE %I', part.name);
        dropped := dropped + 1;
    END LOOP;
    EXECUTE format(
        'SELECT count(*) > 0 AND bool_and(at < %L) FROM %I', before || ' 00:00+00', stray
    ) INTO only_old;
    IF only_old THEN
        EXECUTE format(
            'INSERT INTO audit_dropped (class, month, eid) SELECT DISTINCT %L, to_char(at AT TIME ZONE ''UTC'', '
            '''YYYY-MM''), %L::uuid FROM %I ON CONFLICT DO NOTHING', kind, entry, stray
        );
        EXECUTE format('DROP TABLE %I', stray);
        EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', stray, 'audit_body_' || kind);
        PERFORM audit_guard_partition(stray);
        dropped := dropped + 1;
    END IF;
    RETURN dropped;
END $$
"""
ORIGINS = ("timetable", "hand", "restore", "release")


def upgrade() -> None:
    """Carry over what is awaited; let a run be begun by the release of a hold."""
    op.execute(AWAITED)
    grant_execute("audit_awaited(text, date)")
    op.execute(DROP_BODIES)
    _allow(ORIGINS)


def downgrade() -> None:
    """Let whole months go; runs that a release began are told as begun by hand."""
    op.execute("UPDATE retention_run SET origin = 'hand' WHERE origin = 'release'")
    _allow(ORIGINS[:3])
    op.execute(DROP_WHOLE_MONTHS)
    op.execute("DROP FUNCTION audit_awaited(text, date)")


def _allow(origins: tuple[str, ...]) -> None:
    name = op.f("ck_retention_run_origin_known")
    op.drop_constraint(name, "retention_run")
    said = ", ".join(f"'{one}'" for one in origins)
    op.create_check_constraint(name, "retention_run", f"origin IN ({said})")
