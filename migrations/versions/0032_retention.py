"""Retention policies, the runs that carry them out, and when people gave a last sign of life."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import grant, grant_execute

revision = "0032"
down_revision: str | None = "0031"

INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(32)
KEY = sa.String(50)
TABLES = (
    "retention_warning",
    "retention_failure",
    "retention_batch",
    "retention_part",
    "retention_run",
    "retention_policy",
)
THIN = "retention_thin_evidence(uuid[])"

# Rows are locked in the order of ids, so that two transactions with several people each do not wait for one another.
SIGN = """
CREATE FUNCTION customers_sign_{name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM fresh WHERE {counts}) THEN
        RETURN NULL;
    END IF;
    PERFORM FROM person_sign AS sign JOIN (
        SELECT person_id, max({at}) AS at FROM fresh WHERE {counts} GROUP BY person_id
    ) AS given ON given.person_id = sign.person_id
    WHERE NOT sign.proven OR given.at > sign.last_at ORDER BY sign.person_id FOR UPDATE OF sign;
    UPDATE person_sign AS sign SET proven = true,
        last_at = CASE WHEN sign.proven THEN greatest(sign.last_at, given.at) ELSE given.at END
    FROM (SELECT person_id, max({at}) AS at FROM fresh WHERE {counts} GROUP BY person_id) AS given
    WHERE given.person_id = sign.person_id AND (NOT sign.proven OR given.at > sign.last_at);
    RETURN NULL;
END $$
"""
# A letter may be ours alone, a note is; a mail is opened by machines, too. An old list tells of no day: not a sign.
SIGNS = {
    "purchase": ("paid_at", "true"),
    "interaction": ("at", "kind IN ('meeting', 'feedback') OR kind = 'call' AND seconds IS DISTINCT FROM 0"),
    "activity": ("at", "kind <> 'open'"),
    "consent_event": (
        "coalesce(valid_at, recorded_at)",
        "kind IN ('given', 'confirmed', 'renewed') AND (batch_id IS NULL OR valid_at IS NOT NULL)",
    ),
}
FIRST = """
INSERT INTO person_sign (person_id, last_at, proven)
SELECT id, CASE WHEN batch_id IS NULL THEN acquired_at
        ELSE coalesce(customer_since::timestamp AT TIME ZONE 'UTC', acquired_at) END,
    batch_id IS NULL OR customer_since IS NOT NULL
FROM {people}
"""
BEGIN_SIGN = f"""
CREATE FUNCTION customers_sign_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    {FIRST.format(people="fresh")};
    RETURN NULL;
END $$
"""
END_SIGN = """
CREATE FUNCTION customers_end_sign() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM person_sign WHERE person_id IN (SELECT id FROM gone);
    RETURN NULL;
END $$
"""
# Whoever was merged hands signs on; what moves back when a merge is undone leaves the later date with both.
MERGED_SIGN = """
CREATE FUNCTION customers_hand_sign() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE person_sign AS sign SET last_at = other.last_at, proven = true FROM person_sign AS other
    WHERE sign.person_id = NEW.merged_into AND other.person_id = NEW.id AND other.proven
        AND (NOT sign.proven OR other.last_at > sign.last_at);
    RETURN NULL;
END $$
"""
VISITED_SIGN = """
CREATE FUNCTION customers_sign_visit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE person_sign SET last_at = greatest(last_at, NEW.begun_at), proven = true
    WHERE person_id = NEW.person_id AND (NOT proven OR last_at < NEW.begun_at);
    RETURN NULL;
END $$
"""
BACKFILL = """
UPDATE person_sign AS sign SET proven = true,
    last_at = CASE WHEN sign.proven THEN greatest(sign.last_at, given.at) ELSE given.at END
FROM (SELECT person_id, max({at}) AS at FROM {table} WHERE {counts} GROUP BY person_id) AS given
WHERE given.person_id = sign.person_id
"""

# What is left of a consent that ended long ago is the bare "no": without it, silence could be taken for more.
THIN_EVIDENCE = """
CREATE FUNCTION retention_thin_evidence(events uuid[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    gone bigint;
    bare bigint;
BEGIN
    IF EXISTS (
        SELECT FROM consent_event AS event JOIN consent_state AS state USING (person_id, purpose, channel)
        WHERE event.id = ANY(events)
            AND state.standing NOT IN ('withdrawn', 'objected', 'refused', 'expired')
    ) THEN
        RAISE EXCEPTION 'the evidence of a consent that stands is not deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM consent_event AS event WHERE event.id = ANY(events) AND NOT EXISTS (
        SELECT FROM consent_state AS state WHERE state.event = event.id
    );
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE consent_event SET evidence_sealed = NULL WHERE id = ANY(events) AND evidence_sealed IS NOT NULL;
    GET DIAGNOSTICS bare = ROW_COUNT;
    RETURN gone + bare;
END $$
"""
INDEXES = (
    ("purchase", "ix_purchase_paid_at", ["paid_at"], None),
    ("interaction", "ix_interaction_at", ["at"], None),
    ("activity", "ix_activity_at", ["at"], None),
    ("contact", "ix_contact_bounced_at", ["bounced_at"], "bounced_at IS NOT NULL"),
    ("person", "ix_person_created_at", ["created_at"], None),
    (
        "consent_state",
        "ix_consent_state_ended",
        ["since"],
        "standing IN ('withdrawn', 'objected', 'refused', 'expired')",
    ),
)


def upgrade() -> None:
    """Make the tables; find the last sign of life of everybody who is there already."""
    _create_policies()
    _create_runs()
    _create_warnings()
    _create_signs()
    op.execute(THIN_EVIDENCE)
    grant_execute(THIN)
    op.execute("DROP TRIGGER consent_no_change ON consent_event")
    _keep_unchanged("consent_keep_evidence")
    for table, name, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=None if where is None else sa.text(where))


def _keep_unchanged(function: str) -> None:
    op.execute(
        "CREATE TRIGGER consent_no_change BEFORE UPDATE ON consent_event FOR EACH STATEMENT "
        f"EXECUTE FUNCTION {function}()"
    )
    op.execute("ALTER TABLE consent_event ENABLE ALWAYS TRIGGER consent_no_change")


def _create_policies() -> None:
    op.create_table(
        "retention_policy",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("key", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("drafted_at", INSTANT, nullable=False),
        sa.Column("drafted_by_kind", CODE, nullable=False),
        sa.Column("drafted_by", sa.Uuid()),
        sa.Column("simulated_at", INSTANT),
        sa.Column("simulated_people", sa.BigInteger()),
        sa.Column("simulated_rows", sa.BigInteger()),
        sa.Column("wave_size", sa.BigInteger()),
        sa.Column("waves_left", sa.Integer(), nullable=False),
        sa.Column("approved_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.UniqueConstraint("key", "version"),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
        sa.CheckConstraint("state IN ('draft', 'simulated', 'approved', 'active', 'superseded')", name="state_known"),
        sa.CheckConstraint("waves_left >= 0", name="waves_counted"),
    )
    active = sa.text("state = 'active'")
    op.create_index("uq_retention_policy_active", "retention_policy", ["key"], unique=True, postgresql_where=active)
    changing = "state, simulated_at, simulated_people, simulated_rows, wave_size, waves_left, approved_at, ended_at"
    grant("retention_policy", f"SELECT, INSERT, UPDATE ({changing})")


def _create_runs() -> None:
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("origin", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("started_by_kind", CODE, nullable=False),
        sa.Column("started_by", sa.Uuid()),
        sa.Column("store_people", sa.BigInteger(), nullable=False),
        sa.Column("due_people", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", INSTANT),
        sa.CheckConstraint("origin IN ('timetable', 'hand', 'restore')", name="origin_known"),
        sa.CheckConstraint("state IN ('fused', 'running', 'stopped', 'done')", name="state_known"),
        sa.CheckConstraint("store_people >= 0 AND due_people >= 0", name="counts"),
    )
    op.create_index("ix_retention_run_open", "retention_run", ["id"], postgresql_where=sa.text("state = 'running'"))
    grant("retention_run", "SELECT, INSERT, UPDATE (state, finished_at)")
    op.create_table(
        "retention_part",
        sa.Column("run_id", sa.Uuid(), sa.ForeignKey("retention_run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("policy_id", sa.Uuid(), sa.ForeignKey("retention_policy.id"), nullable=False, index=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("due_people", sa.BigInteger(), nullable=False),
        sa.Column("due_rows", sa.BigInteger(), nullable=False),
        sa.Column("at_most", sa.BigInteger()),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("left_over", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done')", name="state_known"),
        sa.CheckConstraint("people >= 0 AND rows >= 0 AND batches >= 0 AND failed >= 0", name="counts"),
    )
    grant("retention_part", "SELECT, INSERT, UPDATE (state, people, rows, batches, failed, left_over)")
    op.create_table(
        "retention_batch",
        sa.Column("entry", sa.Uuid(), primary_key=True),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "number"], ["retention_part.run_id", "retention_part.number"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
        sa.CheckConstraint("people >= 0 AND rows >= 0", name="counts"),
    )
    op.create_index("ix_retention_batch_run_id_number", "retention_batch", ["run_id", "number"])
    grant("retention_batch", "SELECT, INSERT")
    op.create_table(
        "retention_failure",
        sa.Column("run_id", sa.Uuid(), primary_key=True),
        sa.Column("number", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("object_id", sa.Uuid(), primary_key=True),
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "number"], ["retention_part.run_id", "retention_part.number"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("attempts >= 1", name="tried"),
    )
    grant("retention_failure", "SELECT, INSERT, DELETE, UPDATE (slug, attempts, at)")


def _create_warnings() -> None:
    op.create_table(
        "retention_warning",
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("policy_key", KEY, primary_key=True),
        sa.Column("warned_at", INSTANT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), unique=True),
        sa.Column("kept_at", INSTANT),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
    )
    grant("retention_warning", "SELECT, INSERT, DELETE, UPDATE (warned_at, digest, kept_at)")


def _create_signs() -> None:
    op.create_table(
        "person_sign",
        sa.Column("person_id", sa.Uuid(), primary_key=True),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("proven", sa.Boolean(), nullable=False),
    )
    op.execute(FIRST.format(people="person"))
    for table, (at, counts) in SIGNS.items():
        op.execute(BACKFILL.format(table=table, at=at, counts=counts))
    op.create_index("ix_person_sign_last_at", "person_sign", ["last_at", "person_id"])
    grant("person_sign", "SELECT, INSERT, DELETE, UPDATE (last_at, proven)")
    for table, (at, counts) in SIGNS.items():
        op.execute(SIGN.format(name=table, at=at, counts=counts))
        op.execute(
            f"CREATE TRIGGER customers_sign AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
            f"FOR EACH STATEMENT EXECUTE FUNCTION customers_sign_{table}()"
        )
    op.execute(BEGIN_SIGN)
    op.execute(END_SIGN)
    op.execute(MERGED_SIGN)
    op.execute(VISITED_SIGN)
    op.execute(
        "CREATE TRIGGER customers_sign AFTER INSERT ON person REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION customers_sign_person()"
    )
    op.execute(
        "CREATE TRIGGER customers_end_sign AFTER DELETE ON person REFERENCING OLD TABLE AS gone "
        "FOR EACH STATEMENT EXECUTE FUNCTION customers_end_sign()"
    )
    op.execute(
        "CREATE TRIGGER customers_hand_sign AFTER UPDATE OF merged_into ON person FOR EACH ROW "
        "WHEN (NEW.merged_into IS NOT NULL AND OLD.merged_into IS DISTINCT FROM NEW.merged_into) "
        "EXECUTE FUNCTION customers_hand_sign()"
    )
    op.execute(
        "CREATE TRIGGER customers_sign_visit AFTER INSERT OR UPDATE OF person_id ON portal_session FOR EACH ROW "
        "WHEN (NEW.person_id IS NOT NULL) EXECUTE FUNCTION customers_sign_visit()"
    )


def downgrade() -> None:
    """Drop them; evidence is never changed again."""
    for table, name, _, _ in INDEXES:
        op.drop_index(name, table)
    op.execute("DROP TRIGGER consent_no_change ON consent_event")
    _keep_unchanged("consent_refuse")
    op.execute(f"DROP FUNCTION {THIN}")
    op.execute("DROP TRIGGER customers_sign_visit ON portal_session")
    for name in ("customers_sign", "customers_end_sign", "customers_hand_sign"):
        op.execute(f"DROP TRIGGER {name} ON person")
    for table in SIGNS:
        op.execute(f"DROP TRIGGER customers_sign ON {table}")
        op.execute(f"DROP FUNCTION customers_sign_{table}()")
    for name in ("sign_person", "end_sign", "hand_sign", "sign_visit"):
        op.execute(f"DROP FUNCTION customers_{name}()")
    op.drop_table("person_sign")
    for table in TABLES:
        op.drop_table(table)
