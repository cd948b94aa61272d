"""The audit log: entries, bodies by class and month, pending entries, trees, checkpoints, and what refuses changes."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, grant_execute

revision = "0003"
down_revision: str | None = "0002"

CLASSES = ("read", "decision", "key", "system")
INSERT_ONLY = (
    "audit_entry",
    "audit_tree",
    "audit_vkey",
    "audit_tile",
    "audit_checkpoint",
    "audit_dropped",
    "audit_quarantine",
)
READ_ONLY = ("audit_dropped", "audit_quarantine")
FUNCTIONS = (
    "audit_ensure_partitions(integer)",
    "audit_drop_bodies(text, date, uuid)",
    "audit_forget(uuid[])",
    "audit_contradictions()",
    "audit_move_aside(uuid)",
)

BODY = """
CREATE TABLE audit_body (
    class varchar(8) NOT NULL,
    at timestamptz NOT NULL,
    eid uuid NOT NULL,
    bytes bytea NOT NULL,
    action varchar(80) NOT NULL,
    actor_kind varchar(16) NOT NULL,
    actor_id uuid,
    subject_ref uuid,
    object_kind varchar(40),
    object_id uuid,
    outcome varchar(8) NOT NULL,
    CONSTRAINT pk_audit_body PRIMARY KEY (class, at, eid)
) PARTITION BY LIST (class);
CREATE INDEX ix_audit_body_action ON audit_body (action, at, eid);
CREATE INDEX ix_audit_body_actor ON audit_body (actor_id, at, eid) WHERE actor_id IS NOT NULL;
CREATE INDEX ix_audit_body_subject ON audit_body (subject_ref, at, eid) WHERE subject_ref IS NOT NULL;
CREATE INDEX ix_audit_body_object ON audit_body (object_id, at, eid) WHERE object_id IS NOT NULL;
"""

REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

# A pending entry may go only once it has its place in a tree; the check sees all that the statement did. What
# contradicts the log leaves by audit_move_aside alone, which runs as the owner of the table.
KEEP_PENDING = """
CREATE FUNCTION audit_keep_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> (SELECT relowner::regrole::name FROM pg_catalog.pg_class WHERE oid = TG_RELID) AND EXISTS (
        SELECT FROM gone WHERE NOT EXISTS (
            SELECT FROM audit_leaf WHERE audit_leaf.eid = gone.eid AND audit_leaf.leaf_hash = gone.leaf_hash
        )
    ) THEN
        RAISE EXCEPTION 'the audit log is append-only: a pending entry without its leaf is kept'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$
"""

KEEP_LEAF = """
CREATE FUNCTION audit_keep_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> (SELECT relowner::regrole::name FROM pg_catalog.pg_class WHERE oid = TG_RELID) THEN
        RAISE EXCEPTION 'the audit log is append-only: leaves are moved aside by audit_move_aside only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$
"""

KEEP_HEAD = """
CREATE FUNCTION audit_keep_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tree_id <> OLD.tree_id OR NEW.size < OLD.size THEN
        RAISE EXCEPTION 'the audit log is append-only: a tree never shrinks'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""

# Details leave by audit_forget alone, which runs as the owner of the table.
KEEP_DETAIL = """
CREATE FUNCTION audit_keep_detail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> (SELECT relowner::regrole::name FROM pg_catalog.pg_class WHERE oid = TG_RELID) THEN
        RAISE EXCEPTION 'details of audit entries leave by audit_forget only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$
"""

# Attaching, unlike CREATE ... PARTITION OF, does not stop those who are appending. A month whose entries already lie
# in the default partition (clock set wrong, worker down for months) stays there.
ENSURE_PARTITIONS = """
CREATE FUNCTION audit_ensure_partitions(months_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    kind text;
    first date;
    part text;
    stray boolean;
    made integer := 0;
BEGIN
    IF months_ahead IS NULL OR months_ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'partitions are made for 0 to 24 months ahead';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('audit_partitions'));
    FOREACH kind IN ARRAY ARRAY['read', 'decision', 'key', 'system'] LOOP
        FOR ahead IN 0..months_ahead LOOP
            first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date;
            part := format('audit_body_%s_%s', kind, to_char(first, 'YYYY_MM'));
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            EXECUTE format(
                'SELECT EXISTS (SELECT FROM %I WHERE at >= %L AND at < %L)', 'audit_body_' || kind || '_default',
                first || ' 00:00+00', (first + interval '1 month')::date || ' 00:00+00'
            ) INTO stray;
            CONTINUE WHEN stray;
            EXECUTE format('CREATE TABLE %I (LIKE audit_body INCLUDING ALL)', part);
            EXECUTE format(
                'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', 'audit_body_' || kind, part,
                first || ' 00:00+00', (first + interval '1 month')::date || ' 00:00+00'
            );
            PERFORM audit_guard_partition(part);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""

# Row triggers are inherited from audit_body; TRUNCATE knows statement triggers only, which are not.
GUARD_PARTITION = """
CREATE FUNCTION audit_guard_partition(part text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()',
        part
    );
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_no_truncate', part);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_no_change', part);
END $$
"""

# Whole months of one class, old enough, and only beside a fresh entry that tells exactly this.
DROP_BODIES = """
CREATE FUNCTION audit_drop_bodies(kind text, before date, entry uuid) RETURNS integer
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

# The entries concerned are answered, one for each detail, so that the log can tell whose details were to go.
FORGET = """
CREATE FUNCTION audit_forget(owners uuid[]) RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM audit_detail WHERE owner_id = ANY(owners) RETURNING eid
$$
"""

# Rows that keep entries from getting their place, or that no head of a tree speaks of: leaves beyond the head, and
# pending rows that are not those of an entry, or whose entry has its place. None of them was ever under a root.
CONTRADICTIONS = """
CREATE FUNCTION audit_contradictions() RETURNS TABLE (
    kind text, tree_id integer, seq bigint, at timestamptz, eid uuid, leaf_hash bytea
) LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH beyond AS (
        SELECT l.tree_id, l.seq, l.eid, l.leaf_hash FROM audit_head h JOIN audit_leaf l
            ON l.tree_id = h.tree_id AND (l.seq >= h.size OR l.seq < 0)
        UNION ALL
        SELECT l.tree_id, l.seq, l.eid, l.leaf_hash FROM audit_leaf l
        WHERE l.tree_id < 1 OR l.tree_id > (SELECT max(h.tree_id) FROM audit_head h)
    )
    SELECT 'leaf', b.tree_id, b.seq, NULL, b.eid, b.leaf_hash FROM beyond b
    UNION ALL
    SELECT 'pending', NULL, NULL, p.at, p.eid, p.leaf_hash FROM audit_pending p
    WHERE NOT EXISTS (
        SELECT FROM audit_entry e WHERE e.eid = p.eid AND e.at = p.at AND e.leaf_hash = p.leaf_hash
    ) OR EXISTS (
        SELECT FROM audit_leaf l WHERE l.eid = p.eid
            AND NOT EXISTS (SELECT FROM beyond b WHERE b.tree_id = l.tree_id AND b.seq = l.seq)
    )
$$
"""

# Moved, not lost: the rows stay in audit_quarantine, and an entry that is without a row afterwards is pending again.
MOVE_ASIDE = """
CREATE FUNCTION audit_move_aside(entry uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    moved integer;
BEGIN
    PERFORM FROM audit_body JOIN audit_pending USING (at, eid)
        WHERE audit_body.eid = entry AND class = 'key' AND action = 'audit:rows:quarantined';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'rows are moved aside only beside a new entry that tells of it'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM FROM audit_head ORDER BY tree_id FOR UPDATE;
    INSERT INTO audit_quarantine (told_in, number, kind, tree_id, seq, at, eid, leaf_hash)
        SELECT entry, row_number() OVER (), c.kind, c.tree_id, c.seq, c.at, c.eid, c.leaf_hash
        FROM audit_contradictions() c;
    GET DIAGNOSTICS moved = ROW_COUNT;
    DELETE FROM audit_leaf l USING audit_quarantine q
        WHERE q.told_in = entry AND q.kind = 'leaf' AND l.tree_id = q.tree_id AND l.seq = q.seq;
    DELETE FROM audit_pending p USING audit_quarantine q
        WHERE q.told_in = entry AND q.kind = 'pending' AND p.at = q.at AND p.eid = q.eid;
    INSERT INTO audit_pending (at, eid, leaf_hash)
        SELECT DISTINCT e.at, e.eid, e.leaf_hash FROM audit_quarantine q JOIN audit_entry e ON e.eid = q.eid
        WHERE q.told_in = entry AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.eid = e.eid)
        ON CONFLICT DO NOTHING;
    RETURN moved;
END $$
"""


def upgrade() -> None:
    """Tables, partitions for the months to come, triggers that nobody's rights switch off, and the first tree."""
    _create_tables()
    for function in (REFUSE, KEEP_PENDING, KEEP_LEAF, KEEP_HEAD, KEEP_DETAIL, GUARD_PARTITION, ENSURE_PARTITIONS):
        op.execute(function)
    for function in (DROP_BODIES, FORGET, CONTRADICTIONS, MOVE_ASIDE):
        op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION audit_guard_partition(text) FROM PUBLIC")
    for function in FUNCTIONS:
        grant_execute(function)
    _create_triggers()
    _create_partitions()
    for table in INSERT_ONLY:
        grant(table, "SELECT" if table in READ_ONLY else "SELECT, INSERT")
    grant("audit_leaf", "SELECT, INSERT")
    grant("audit_body", "SELECT, INSERT")
    grant("audit_detail", "SELECT, INSERT")
    grant("audit_pending", "SELECT, INSERT, DELETE")
    grant("audit_head", "SELECT, INSERT, UPDATE (size, root, edge)")
    op.execute("INSERT INTO audit_tree VALUES (1, 'governance/' || gen_random_uuid(), now(), NULL)")
    op.execute("INSERT INTO audit_head VALUES (1, 0, sha256(''), '')")


def _create_tables() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "audit_entry",
        sa.Column("eid", sa.Uuid(), primary_key=True),
        sa.Column("class", sa.String(8), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        _proper_hash(),
    )
    op.execute(BODY)
    op.create_table(
        "audit_pending",
        sa.Column("at", instant, primary_key=True),
        sa.Column("eid", sa.Uuid(), primary_key=True),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        _proper_hash(),
    )
    op.create_table(
        "audit_tree",
        sa.Column("tree_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("origin", sa.String(200), nullable=False, unique=True),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("predecessor", sa.LargeBinary()),
    )
    op.create_table(
        "audit_vkey",
        sa.Column("tree_id", sa.Integer(), sa.ForeignKey("audit_tree.tree_id"), primary_key=True),
        sa.Column("vkey", sa.String(300), nullable=False),
        sa.Column("at", instant, nullable=False),
    )
    op.create_table(
        "audit_leaf",
        sa.Column("tree_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True),
        sa.Column("eid", sa.Uuid(), nullable=False, unique=True),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        _proper_hash(),
    )
    op.create_table(
        "audit_tile",
        sa.Column("tree_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("level", sa.SmallInteger(), primary_key=True),
        sa.Column("index", sa.BigInteger(), primary_key=True),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "audit_head",
        sa.Column("tree_id", sa.Integer(), sa.ForeignKey("audit_tree.tree_id"), primary_key=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("tree_id", sa.Integer(), sa.ForeignKey("audit_tree.tree_id"), primary_key=True),
        sa.Column("size", sa.BigInteger(), primary_key=True),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("at", instant, nullable=False),
    )
    op.create_table(
        "audit_dropped",
        sa.Column("class", sa.String(8), primary_key=True),
        sa.Column("month", sa.Text(), primary_key=True),
        sa.Column("eid", sa.Uuid(), nullable=False),
    )
    op.create_table(
        "audit_quarantine",
        sa.Column("told_in", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("tree_id", sa.Integer()),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("at", instant),
        sa.Column("eid", sa.Uuid(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "audit_detail",
        sa.Column("eid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("owner_id", sa.Uuid(), sa.ForeignKey("key_owner.id"), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary()),
        sa.CheckConstraint(
            "octet_length(content_sealed) >= 34 AND get_byte(content_sealed, 0) = 1 "
            "AND get_byte(content_sealed, 1) = 1",
            name="content_sealed",
        ),
    )
    op.create_index("ix_audit_detail_eid", "audit_detail", ["eid"])
    op.create_index("ix_audit_detail_owner_id", "audit_detail", ["owner_id"])
    # Hashes do not compress, and what is emptied every 200 ms must be vacuumed by count, not by share.
    op.execute("ALTER TABLE audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE audit_head ALTER COLUMN edge SET STORAGE EXTERNAL")
    op.execute(
        "ALTER TABLE audit_pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, "
        "autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000)"
    )
    op.execute(
        "ALTER TABLE audit_head SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200, "
        "toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 2000)"
    )


def _proper_hash() -> sa.CheckConstraint:
    return sa.CheckConstraint("octet_length(leaf_hash) = 32", name="leaf_hash")


def _create_triggers() -> None:
    def guard(table: str, name: str, when: str, function: str = "audit_refuse") -> None:
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}()")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")

    for table in INSERT_ONLY:
        guard(table, "audit_no_change", f"BEFORE UPDATE OR DELETE ON {table} FOR EACH STATEMENT")
    for table in (*INSERT_ONLY, "audit_leaf", "audit_body", "audit_pending", "audit_head", "audit_detail"):
        guard(table, "audit_no_truncate", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT")
    guard("audit_leaf", "audit_no_change", "BEFORE UPDATE ON audit_leaf FOR EACH STATEMENT")
    guard("audit_leaf", "audit_keep", "BEFORE DELETE ON audit_leaf FOR EACH STATEMENT", "audit_keep_leaf")
    guard("audit_body", "audit_no_change", "BEFORE UPDATE OR DELETE ON audit_body FOR EACH ROW")
    guard("audit_pending", "audit_no_change", "BEFORE UPDATE ON audit_pending FOR EACH STATEMENT")
    kept = "AFTER DELETE ON audit_pending REFERENCING OLD TABLE AS gone FOR EACH STATEMENT"
    guard("audit_pending", "audit_keep", kept, "audit_keep_pending")
    guard("audit_head", "audit_no_change", "BEFORE DELETE ON audit_head FOR EACH STATEMENT")
    guard("audit_head", "audit_keep", "BEFORE UPDATE ON audit_head FOR EACH ROW", "audit_keep_head")
    guard("audit_detail", "audit_no_change", "BEFORE UPDATE ON audit_detail FOR EACH STATEMENT")
    guard("audit_detail", "audit_keep", "BEFORE DELETE ON audit_detail FOR EACH STATEMENT", "audit_keep_detail")


def _create_partitions() -> None:
    for kind in CLASSES:
        op.execute(
            f"CREATE TABLE audit_body_{kind} PARTITION OF audit_body FOR VALUES IN ('{kind}') PARTITION BY RANGE (at)"
        )
        op.execute(f"CREATE TABLE audit_body_{kind}_default PARTITION OF audit_body_{kind} DEFAULT")
        op.execute(f"SELECT audit_guard_partition('audit_body_{kind}')")
        op.execute(f"SELECT audit_guard_partition('audit_body_{kind}_default')")
    op.execute("SELECT audit_ensure_partitions(3)")


def downgrade() -> None:
    """Drop the whole log."""
    for table in ("audit_detail", "audit_quarantine", "audit_dropped", "audit_checkpoint", "audit_head", "audit_tile"):
        op.drop_table(table)
    for table in ("audit_leaf", "audit_vkey", "audit_tree", "audit_pending", "audit_body", "audit_entry"):
        op.drop_table(table)
    for function in (*FUNCTIONS, "audit_guard_partition(text)", "audit_keep_detail()", "audit_keep_head()"):
        op.execute(f"DROP FUNCTION {function}")
    for function in ("audit_keep_pending()", "audit_keep_leaf()", "audit_refuse()"):
        op.execute(f"DROP FUNCTION {function}")
