"""Stores for tests that commit: clones of a template, emptied and lent again, since a new one takes ten times as long.

A store is lent again only if nothing but rows changed in it: whoever altered a table, a trigger, a right or the
statistics of the planner, or wrote very much, leaves it to be thrown away.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

from governance.kernel import schema
from governance.kernel.db import Database, psycopg_url, sqlalchemy_url

GIVEN = "GOVERNANCE_TEST_DATABASE_URL"
"""Variable that names a server to use rather than an embedded one."""
POOL_SIZE = 4
MUCH_BYTES = 4 << 20
"""Tables that have grown beyond this are thrown away: rows that were deleted still take their room."""

_CATALOGS = ("class", "attribute", "attrdef", "constraint", "index", "policy", "rewrite", "type")
_SCHEMA = " UNION ALL ".join(
    [
        *(
            f"SELECT count(*)::text, count(*) FILTER (WHERE age(xmin) < age(%(since)s::xid)) FROM pg_{name}"
            for name in _CATALOGS
        ),
        "SELECT md5(string_agg(concat_ws(' ', oid, prosrc, proacl), ' ' ORDER BY oid)), count(*) FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace",
        "SELECT md5(string_agg(concat_ws(' ', oid, tgrelid, tgfoid, tgtype, tgname), ' ' ORDER BY oid)), count(*) "
        "FROM pg_trigger",
        "SELECT 'statistics', count(*) FROM pg_statistic",
        "SELECT 'schemas', count(*) FROM pg_namespace",
        "SELECT 'settings', count(*) FROM pg_db_role_setting "
        "WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
    ]
)
_KEPT = (
    "CREATE TEMP TABLE kept_function AS SELECT oid, prosrc FROM pg_proc WHERE oid IN "
    "(SELECT tgfoid FROM pg_trigger WHERE tgenabled = 'A')",
    "CREATE TEMP TABLE kept_trigger AS SELECT oid, tgenabled FROM pg_trigger",
)
_SWITCHED = (
    "SELECT format('ALTER TABLE %s %s TRIGGER %I;', t.tgrelid::regclass, "
    "CASE k.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' "
    "WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE' END, t.tgname) "
    "FROM pg_trigger t JOIN kept_trigger k USING (oid) WHERE t.tgenabled <> k.tgenabled"
)
# Some triggers keep rows even from a replica, whatever is switched off; so for the moment they do nothing.
_LET_GO = "UPDATE pg_proc SET prosrc = 'BEGIN RETURN OLD; END' WHERE oid IN (SELECT oid FROM kept_function);"
_KEEP = "UPDATE pg_proc p SET prosrc = k.prosrc FROM kept_function k WHERE k.oid = p.oid;"
_WRITTEN = (
    "SELECT oid::regclass::text, pg_relation_size(oid) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"
)
_OTHERS = (
    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND NOT pid = ANY(%(ours)s)"
)
_SEQUENCES = (
    "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
)
_COUNT_NOW = ";SELECT pg_stat_force_next_flush()"  # so that none of this is counted later


@dataclass(frozen=True)
class Store:
    """A migrated database of its own.

    Attributes:
        admin_url: superuser, to play the attacker or the administrator.
        app_url: the service's role.
        roles: names of the roles, which all stores of a run share.
    """

    name: str
    admin_url: str
    app_url: str
    roles: schema.Roles
    password: str


def with_parts(url: str, **parts: str) -> str:
    """*url* with other parts."""
    return psycopg_url(sqlalchemy_url(url).set(**parts).render_as_string(hide_password=False))


@contextmanager
def clone(server_url: str, template: Store) -> Iterator[Store]:
    """A copy of the template, thrown away at the end."""
    name = f"{template.name}_{secrets.token_hex(4)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.name}" STRATEGY FILE_COPY')
        connection.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO "{template.roles.app}"')
    admin = with_parts(server_url, database=name)
    app = with_parts(admin, username=template.roles.app, password=template.password)
    yield Store(name, admin, app, template.roles, template.password)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass
class Lent:
    """A clone that is lent to one test after the other.

    Attributes:
        engine: what the service of each test uses, connections included; the first test to ask makes it.
        taken: whether this test has it.
    """

    store: Store
    admin: "psycopg.Connection[tuple[Any, ...]]"
    since: str
    schema: object
    seeds: dict[str, bytes]
    engine: Database | None = None
    taken: bool = field(default=False)

    @classmethod
    def begin(cls, store: Store) -> "Lent":
        """Note what the clone is like before anybody had it."""
        admin = psycopg.connect(store.admin_url, autocommit=True)
        for statement in ("SET session_replication_role = replica", *_KEPT):
            admin.execute(statement.encode())
        since = str(admin.execute("SELECT pg_current_xact_id()::xid").fetchone()[0])  # type: ignore[index]
        seeds = {}
        for table, _ in admin.execute(_WRITTEN).fetchall():
            with admin.cursor().copy(f"COPY {table} TO STDOUT") as rows:  # type: ignore[call-overload]
                seeds[table] = b"".join(rows)
        found = cls(store, admin, since, None, seeds)
        found.schema = found._schema()
        return found

    def _schema(self) -> object:
        return self.admin.execute(_SCHEMA.encode(), {"since": self.since}).fetchall()

    def open(self) -> Database:
        """The service's view of it, without a vault; whoever asks a second time gets connections of their own."""
        if self.taken:
            return Database(self.store.app_url, pool_size=POOL_SIZE)
        self.taken = True
        if self.engine is None:
            self.engine = Database(self.store.app_url, pool_size=POOL_SIZE)
        found = copy(self.engine)
        found.engine = found.engine.execution_options()  # what is remembered of an engine is not of this one
        found.singly = found.engine.execution_options(isolation_level="AUTOCOMMIT")
        found.sessions = sessionmaker(found.engine, expire_on_commit=False)
        return found

    def empty(self) -> bool:
        """Make it as new; answers False where only a new one would be."""
        self.taken = False
        if self._busy():
            return False
        try:
            self.admin.execute(_OTHERS, {"ours": self._pooled()})
            written = self.admin.execute(_WRITTEN).fetchall()
            if sum(size for _, size in written) > MUCH_BYTES or self._schema() != self.schema:
                return False
            switched = [one for (one,) in self.admin.execute(_SWITCHED.encode()).fetchall()]
            deletes = [f"DELETE FROM {table};" for table, _ in written]
            self.admin.execute("".join([*switched, _LET_GO, *deletes, _KEEP, _SEQUENCES, _COUNT_NOW]).encode())
            for table, rows in self.seeds.items():
                with self.admin.cursor().copy(f"COPY {table} FROM STDIN") as copied:  # type: ignore[call-overload]
                    copied.write(rows)
        except psycopg.Error:
            return False
        return True

    def _pool(self) -> QueuePool | None:
        pool = None if self.engine is None else self.engine.engine.pool
        assert pool is None or isinstance(pool, QueuePool)
        return pool

    def _busy(self) -> bool:
        """Whether somebody kept a connection of the engine."""
        pool = self._pool()
        return pool is not None and pool.checkedout() > 0

    def _pooled(self) -> list[int]:
        """Process ids of the engine's idle connections; where one of them has ended, it gets new ones."""
        pool = self._pool()
        if self.engine is None or pool is None:
            return []
        drivers = [record.dbapi_connection for record in list(pool._pool.queue)]
        found = [one.info.backend_pid for one in drivers if isinstance(one, psycopg.Connection) and _lives(one)]
        if len(found) < len(drivers):
            self.engine.dispose()
            return []
        return found

    def end(self) -> None:
        """Close all connections."""
        if self.engine is not None:
            self.engine.dispose()
        self.admin.close()


def _lives(connection: "psycopg.Connection[tuple[Any, ...]]") -> bool:
    connection.pgconn.exec_(b"ROLLBACK")
    return connection.pgconn.status == psycopg.pq.ConnStatus.OK


class Stores:
    """Lends stores, each to one test at a time.

    Args:
        server_url: superuser of the server.
        template: what a new store is a copy of.
    """

    def __init__(self, server_url: str, template: Store) -> None:
        self._server_url, self._template = server_url, template
        self._idle: list[tuple[Lent, Any]] = []

    @contextmanager
    def lend(self) -> Iterator[Lent]:
        """A store without rows."""
        if self._idle:
            lent, kept = self._idle.pop()
        else:
            kept = clone(self._server_url, self._template)
            lent = Lent.begin(kept.__enter__())
        try:
            yield lent
        finally:
            if lent.empty():
                self._idle.append((lent, kept))
            else:
                lent.end()
                kept.__exit__(None, None, None)

    def end(self) -> None:
        """Throw all of them away, if the server is not thrown away itself."""
        for lent, kept in self._idle:
            lent.end()
            if GIVEN in os.environ:
                kept.__exit__(None, None, None)
