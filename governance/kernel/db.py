"""The database: one engine per process, sessions, and the few column types that every package shares."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import DateTime, Dialect, Engine, MetaData, Uuid, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, Session, mapped_column, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator, UserDefinedType

from governance.kernel.arrays import known_to
from governance.kernel.clock import UTC, require_aware
from governance.kernel.errors import ConfigurationError
from governance.kernel.ids import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """`timestamptz` that takes aware datetimes only and answers in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (protocol)
        """Refuse naive instants before they reach the server."""
        return None if value is None else require_aware(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Answer in UTC, whatever the connection's zone."""
        return None if value is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all mapped rows."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime(), UUID: Uuid()}  # noqa: RUF012 (SQLAlchemy's own protocol)


def pk() -> MappedColumn[UUID]:
    """Primary key: a UUIDv7 made by the client."""
    return mapped_column(Uuid(), primary_key=True, default=uuid7)


Id = Mapped[UUID]


def sqlalchemy_url(url: str) -> URL:
    """*url* for SQLAlchemy with psycopg 3, whatever driver name it came with.

    Raises:
        ConfigurationError: where it does not name a PostgreSQL database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationError("The database must be PostgreSQL: postgresql://user:password@host/database")
    return parsed.set(drivername="postgresql+psycopg")


def psycopg_url(url: str) -> str:
    """*url* in the form libpq understands."""
    return sqlalchemy_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """The engine and the sessions of one process; `singly` is the engine where each statement commits by itself.

    Args:
        url: PostgreSQL URL of the role that this process acts as.
        pool_size: connections kept open.
        prepare_threshold: executions after which psycopg prepares a statement; -1 never.
    """

    def __init__(self, url: str, *, pool_size: int = 8, prepare_threshold: int = 5) -> None:
        self.url = sqlalchemy_url(url)
        self.engine: Engine = create_engine(
            self.url,
            pool_size=pool_size,
            max_overflow=4,
            pool_pre_ping=False,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={"prepare_threshold": None if prepare_threshold < 0 else prepare_threshold},
        )
        self.singly: Engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.sessions: sessionmaker[Session] = sessionmaker(self.engine, expire_on_commit=False)
        event.listen(self.engine, "connect", _set_up_connection)

    def remember(self, **named: object) -> None:
        """Put *named* into the `info` of every session that will be opened (the vault, for example)."""
        kept: dict[str, Any] = dict(self.sessions.kw.get("info") or {})
        self.sessions.configure(info={**kept, **named})

    @contextmanager
    def direct_connection(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """A connection outside the pool, in autocommit, for LISTEN and for locks held by a session."""
        with psycopg.connect(
            psycopg_url(self.url.render_as_string(hide_password=False)), autocommit=True
        ) as connection:
            yield connection

    @contextmanager
    def session_lock(self, lock: int) -> Iterator[bool]:
        """Try a lock on a connection of its own; it falls with the process, however that ends.

        Args:
            lock: its number in the database.

        Yields:
            Whether it was taken; where not, another process holds it.
        """
        with self.direct_connection() as connection:
            taken = connection.execute("SELECT pg_try_advisory_lock(%s)", (lock,)).fetchone() == (True,)
            try:
                yield taken
            finally:
                # A connection that is closed is free a moment later only, and whoever asks next should not meet it.
                with suppress(psycopg.OperationalError):
                    connection.execute("SELECT pg_advisory_unlock_all()")

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def driver_connection(session: Session) -> "psycopg.Connection[tuple[Any, ...]]":
    """The psycopg connection of the transaction that *session* is in, for COPY and for binary results."""
    found = session.connection().connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise TypeError("psycopg 3 is the only driver")
    return found


@contextmanager
def one_trip(session: Session) -> "Iterator[psycopg.Connection[tuple[Any, ...]]]":
    """Send the statements of a block to the server together, so that they cost one way there and back.

    Each is executed after the one before and sees what has been committed until then, as if it had been sent alone. For
    cursors of the driver only, whose rows are fetched behind the block; it raises what the first of them raised.
    """
    connection = driver_connection(session)
    with connection.pipeline():
        yield connection


class ArrayText(UserDefinedType[str]):
    """An array of *of* that is handed over as text: a constant to the server, which a cast of text would not be."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, of: str) -> None:
        self.of = of

    def get_col_spec(self, **_options: object) -> str:
        """The type in SQL."""
        return f"{self.of}[]"


def id_list(ids: Iterable[UUID]) -> str:
    """Ids as the text of an array: the driver reads a list of hundreds element by element, and a text as it is."""
    return "{" + ",".join([f"{one.int:032x}" for one in ids]) + "}"  # the hyphens would cost the most of it


def _set_up_connection(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    driver: psycopg.Connection[tuple[Any, ...]] = connection  # type: ignore[assignment]  # psycopg 3 is the only driver
    known_to(driver)
    driver.execute("SET TIME ZONE 'UTC'")
    driver.commit()
