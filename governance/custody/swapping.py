"""Databases beside each other: a new one is filled, then takes the name of the old one in a single transaction."""

import contextlib
import time
from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg import sql

from governance.custody import keeping
from governance.custody.errors import RestoreError
from governance.custody.places import Places
from governance.kernel.db import psycopg_url, sqlalchemy_url
from governance.kernel.errors import ConfigurationError
from governance.kernel.records import frozen
from governance.kernel.server import Server

NAME_LIMIT: Final = 63
"""Bytes in a name of PostgreSQL's."""
ENDING_SECONDS: Final = 1.0
"""How long the server may take to end what a client that has gone leaves there."""

_OTHERS: Final = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
_COMMENT: Final = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"

Connection = psycopg.Connection[tuple[object, ...]]


@frozen
class Neighbours:
    """The databases of one restore.

    Attributes:
        name: what the service opens.
        fresh: what is being restored; left over from an earlier restore, it is worthless unless it was kept.
        replaced: what the service opened before the last restore.
        admin_url: of an administrator, in a database that stays what it is.
    """

    name: str
    fresh: str
    replaced: str
    admin_url: str

    def url_of(self, database: str, url: str) -> str:
        """*url* with another database."""
        return psycopg_url(sqlalchemy_url(url).set(database=database).render_as_string(hide_password=False))


def neighbours(server: Server) -> Neighbours:
    """The databases of a restore on *server*.

    Raises:
        RestoreError: the name of the store's database is too long.
        ConfigurationError: settings name no administrator of the database.
    """
    admin = sqlalchemy_url(server.admin_url())
    name = str(admin.database)
    found = Neighbours(
        name=name,
        fresh=f"{name}_restoring",
        replaced=f"{name}_replaced",
        admin_url=psycopg_url(admin.set(database="postgres").render_as_string(hide_password=False)),
    )
    if len(found.fresh.encode()) > NAME_LIMIT:
        raise RestoreError(f"The name of the database is too long to put another one beside it: {name}")
    return found


@frozen
class Fresh:
    """The database that is being restored.

    Attributes:
        admin_url: of an administrator.
        filled: whether it is left from a restore of the same that was interrupted, and need not be filled again.
    """

    beside: Neighbours
    label: str
    admin_url: str
    filled: bool

    def keep(self) -> None:
        """Let the next restore of the same go on with it, should this one be interrupted from here on."""
        self._comment(sql.Literal(self.label))

    def forget(self) -> None:
        """Let the next restore begin anew again."""
        self._comment(sql.NULL)

    def _comment(self, comment: sql.Composable) -> None:
        with _connected(self.beside) as connection:
            statement = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(self.beside.fresh), comment)
            connection.execute(statement)


@contextlib.contextmanager
def fresh_database(beside: Neighbours, *, label: str) -> Iterator[Fresh]:
    """A database to restore into: a new one, or one that was kept under this *label* by who was interrupted.

    It is thrown away if the block ends by an error; by an interruption, only if it was not kept.

    Raises:
        RestoreError: somebody is connected to the store's database.
        ConfigurationError: the administrator may make no database.
    """
    with _connected(beside) as connection:
        require_unused(connection, beside.name)
        filled = connection.execute(_COMMENT, (beside.fresh,)).fetchone() == (label,)
        if not filled:
            _drop(connection, beside.fresh)
            _create(connection, beside.fresh)
    try:
        yield Fresh(beside, label, beside.url_of(beside.fresh, beside.admin_url), filled)
    except BaseException as ended:
        with contextlib.suppress(psycopg.Error), _connected(beside) as connection:
            kept = connection.execute(_COMMENT, (beside.fresh,)).fetchone() == (label,)
            if not (kept and isinstance(ended, KeyboardInterrupt)):
                _drop(connection, beside.fresh)
        raise


def _create(connection: Connection, name: str) -> None:
    try:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigurationError(
            "A restore makes a new database, which the role in GOVERNANCE_DATABASE_ADMIN_URL may not; name one with "
            "CREATEDB, that owns the present database or is a superuser."
        ) from None


def swap(beside: Neighbours) -> bool:
    """Put the fresh database in the place of the old one, which is kept; answers whether there was one.

    Raises:
        RestoreError: somebody is connected to one of them. Nothing has changed then.
    """
    with _connected(beside) as connection:
        stood = _exists(connection, beside.name)
        if stood:
            require_unused(connection, beside.name)
            _drop(connection, beside.replaced)
        try:
            with connection.transaction():
                if stood:
                    _rename(connection, beside.name, beside.replaced)
                _rename(connection, beside.fresh, beside.name)
        except psycopg.errors.ObjectInUse:
            raise RestoreError("Somebody uses the database; stop the service, then run this again.") from None
    return stood


def drop_replaced(server: Server) -> bool:
    """Drop what restores have left beside the database; answers whether there was anything.

    Raises:
        BusyError: a restore is going on.
    """
    beside = neighbours(server)
    with keeping.alone(Places(server.settings.data_dir)), _connected(beside) as connection:
        standing = [name for name in (beside.replaced, beside.fresh) if _exists(connection, name)]
        for name in standing:
            _drop(connection, name)
    return bool(standing)


def require_unused(connection: Connection, name: str) -> None:
    """Refuse while somebody else is connected to the database *name*.

    Raises:
        RestoreError: somebody is.
    """
    give_up = time.monotonic() + ENDING_SECONDS
    while connection.execute(_OTHERS, (name,)).fetchone() != (0,):
        if time.monotonic() > give_up:
            raise RestoreError("The service, or somebody else, is connected to the database; stop it, then restore.")
        time.sleep(ENDING_SECONDS / 50)


@contextlib.contextmanager
def _connected(beside: Neighbours) -> Iterator[Connection]:
    with psycopg.connect(beside.admin_url, autocommit=True) as connection:
        yield connection


def _exists(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def _drop(connection: Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _rename(connection: Connection, old: str, new: str) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))
