"""Databases beside each other: a new one is filled, then takes the name of the old one in a single transaction."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from governance.custody.errors import RestoreError
from governance.kernel.db import psycopg_url, sqlalchemy_url
from governance.kernel.server import Server

NAME_LIMIT: Final = 63
"""Bytes in a name of PostgreSQL's."""

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The databases of one restore.

    Attributes:
        name: what the service opens.
        fresh: what is being restored; left over from an earlier restore, it is worthless.
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


@contextlib.contextmanager
def fresh_database(beside: Neighbours) -> Iterator[str]:
    """An empty database, thrown away if the block ends by an exception; answers its administrator's URL.

    Raises:
        RestoreError: somebody is connected to the store's database.
    """
    with _connected(beside) as connection:
        require_unused(connection, beside.name)
        _drop(connection, beside.fresh)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(beside.fresh)))
    try:
        yield beside.url_of(beside.fresh, beside.admin_url)
    except BaseException:
        with contextlib.suppress(psycopg.Error), _connected(beside) as connection:
            _drop(connection, beside.fresh)
        raise


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
    """Drop the database that the last restore replaced; answers whether there was one."""
    beside = neighbours(server)
    with _connected(beside) as connection:
        stood = _exists(connection, beside.replaced)
        _drop(connection, beside.replaced)
    return stood


def require_unused(connection: Connection, name: str) -> None:
    """Refuse while somebody else is connected to the database *name*.

    Raises:
        RestoreError: somebody is.
    """
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        (name,),
    ).fetchone()
    if found != (0,):
        raise RestoreError("The service, or somebody else, is connected to the database; stop it, then restore.")


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
