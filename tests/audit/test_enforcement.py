"""What the database itself refuses, and that its refusing is checked at start."""

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from governance.audit import operations as audit
from governance.kernel.db import Database, sqlalchemy_url
from tests.audit.conftest import Log
from tests.conftest import Store

TABLES = [
    "audit_entry", "audit_body", "audit_tree", "audit_leaf", "audit_tile", "audit_checkpoint", "audit_dropped",
    "audit_pending", "audit_head", "audit_detail",
]  # fmt: skip
MONTH = "audit_body_decision_2026_11"


CHANGES = {
    "audit_head": "size = -1", "audit_dropped": "month = ''", "audit_tree": "origin = ''", "audit_leaf": "seq = 0",
    "audit_tile": "level = 0", "audit_checkpoint": "size = 0",
}  # fmt: skip
ONE_BODY = (
    "INSERT INTO audit_body (class, at, eid, bytes, action, actor_kind, outcome) "
    "VALUES ('decision', '2026-11-22 12:00+00', gen_random_uuid(), '', '', '', '')"
)


def refused(url: str, statement: str, *, settings: str = "") -> bool:
    """Whether the database refuses *statement* in a transaction that is rolled back."""
    with psycopg.connect(url, options=settings) as connection:
        connection.execute(ONE_BODY)
        try:
            connection.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            return True
        finally:
            connection.rollback()
    return False


def test_a_migrated_database_has_no_weakness(shared_database: Database):
    with shared_database.engine.connect() as connection:
        assert audit.verify_enforcement(connection) == []


@pytest.mark.parametrize("table", [*TABLES, MONTH])
def test_the_service_may_neither_change_nor_remove_nor_alter(shared_store: Store, table: str):
    forbidden = [f"TRUNCATE {table}", f"DROP TABLE {table}", f"ALTER TABLE {table} DISABLE TRIGGER ALL"]
    if table != "audit_pending":
        forbidden.append(f"DELETE FROM {table}")
    forbidden.append(f"UPDATE {table} SET {CHANGES.get(table, 'eid = eid')}")
    for statement in forbidden:
        assert refused(shared_store.app_url, statement), statement


@pytest.mark.parametrize("table", [*TABLES, MONTH])
def test_even_a_superuser_who_switches_ordinary_triggers_off_is_refused(shared_store: Store, table: str):
    change = f"UPDATE {table} SET {CHANGES.get(table, 'eid = eid')}"
    removals = [f"TRUNCATE {table} CASCADE", *([] if table == "audit_pending" else [f"DELETE FROM {table}"])]
    for statement in (change, *removals):
        for settings in ("", "-c session_replication_role=replica"):
            assert refused(shared_store.admin_url, statement, settings=settings), statement


def test_a_pending_entry_goes_only_once_it_has_its_leaf(log: Log, fresh_store: Store):
    log.append(2)
    assert refused(fresh_store.app_url, "DELETE FROM audit_pending")
    assert refused(fresh_store.admin_url, "DELETE FROM audit_pending")
    assert refused(
        fresh_store.app_url,
        "WITH forged AS (INSERT INTO audit_leaf SELECT 1, 0, eid, sha256('forged') FROM audit_pending LIMIT 1 "
        "RETURNING eid) DELETE FROM audit_pending WHERE eid IN (SELECT eid FROM forged)",
    )
    with psycopg.connect(fresh_store.app_url) as service:
        service.execute("INSERT INTO audit_leaf SELECT 1, row_number() OVER () - 1, eid, leaf_hash FROM audit_pending")
        assert service.execute("DELETE FROM audit_pending").rowcount == 2


@pytest.mark.parametrize(
    ("attack", "found"),
    [
        ("ALTER TABLE audit_leaf DISABLE TRIGGER audit_no_change", "trigger audit_no_change on audit_leaf"),
        ("ALTER TABLE audit_leaf ENABLE TRIGGER audit_no_change", "trigger audit_no_change on audit_leaf"),
        ("ALTER TABLE audit_leaf ENABLE REPLICA TRIGGER audit_no_change", "trigger audit_no_change on audit_leaf"),
        (f"ALTER TABLE {MONTH} DISABLE TRIGGER audit_no_change", f"trigger audit_no_change on {MONTH}"),
        (f"DROP TRIGGER audit_no_truncate ON {MONTH}", f"trigger audit_no_truncate on {MONTH}"),
        ("DROP TRIGGER audit_keep ON audit_pending", "trigger audit_keep on audit_pending"),
        (
            "DROP TRIGGER audit_no_change ON audit_leaf; CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON "
            "audit_leaf FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION audit_refuse(); "
            "ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER audit_no_change",
            "trigger audit_no_change on audit_leaf",
        ),
        (
            "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN NULL; END $$",
            "function audit_refuse",
        ),
        ("ALTER FUNCTION audit_forget(uuid[]) OWNER TO CURRENT_USER", "function audit_forget"),
        ("ALTER FUNCTION audit_forget(uuid[]) RESET search_path", "function audit_forget"),
        ("GRANT DELETE ON audit_entry TO {app}", "{app} may DELETE on audit_entry"),
        ("GRANT UPDATE (leaf_hash) ON audit_leaf TO {app}", "{app} may UPDATE on audit_leaf"),
        ("GRANT INSERT ON audit_entry TO PUBLIC", "may INSERT on audit_entry"),
        (f"GRANT INSERT ON {MONTH} TO {{app}}", f"{{app}} may INSERT on {MONTH}"),
        ("GRANT {owner} TO {app}", "role {app} may act as {owner}"),
        ("ALTER ROLE {app} BYPASSRLS", "role {app} has rights beyond"),
        ("ALTER ROLE {owner} LOGIN", "role {owner}, which owns the log, may log in"),
        ("ALTER TABLE audit_leaf OWNER TO CURRENT_USER", "table audit_leaf belongs to"),
        ("ALTER TABLE audit_leaf ENABLE ROW LEVEL SECURITY", "table audit_leaf has row security"),
        ("CREATE RULE quiet AS ON INSERT TO audit_leaf DO INSTEAD NOTHING", "table audit_leaf has a rule"),
        ("DROP TABLE audit_dropped", "table audit_dropped is missing"),
    ],
)
def test_each_way_of_disarming_the_database_is_found_at_start(shared_store: Store, attack: str, found: str):
    names = {"app": shared_store.roles.app, "owner": shared_store.roles.owner}
    weaknesses = _weaknesses_after(shared_store, attack.format(**names))
    assert [one for one in weaknesses if found.format(**names) in one] != []


def test_a_database_without_a_log_lacks_every_table(shared_store: Store):
    assert len(_weaknesses_after(shared_store, f"DROP TABLE {', '.join(TABLES)} CASCADE")) == len(TABLES)


def _weaknesses_after(store: Store, attack: str) -> list[str]:
    """What is found after an attack, which is taken back: PostgreSQL rolls back grants and tables alike."""
    engine = create_engine(sqlalchemy_url(store.admin_url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(attack)
        return audit.verify_enforcement(connection, app_role=store.roles.app)
