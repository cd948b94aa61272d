"""How many statements something takes, those of the driver included."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from governance.kernel.db import driver_connection
from governance.kernel.work import Work


@contextmanager
def counted(work: Work) -> Iterator[list[str]]:
    """Statements that reach the server while the block runs, savepoints apart."""
    seen: list[str] = []
    connection = driver_connection(work.session)
    plain = connection.cursor_factory

    class Counting(psycopg.Cursor):  # type: ignore[type-arg]  # of whatever row the connection makes
        def execute(self, query: object, *args: object, **options: object) -> "Counting":
            seen.append(str(query))
            return super().execute(query, *args, **options)  # type: ignore[arg-type,return-value]  # passed on as it is

        def executemany(self, query: object, *args: object, **options: object) -> None:
            seen.append(str(query))
            super().executemany(query, *args, **options)  # type: ignore[arg-type]  # as above

        def copy(self, statement: object, *args: object, **options: object) -> object:  # type: ignore[override]  # as above
            seen.append(str(statement))
            return super().copy(statement, *args, **options)  # type: ignore[arg-type]  # as above

    def raw(self: object, query: object, *args: object, **options: object) -> object:
        seen.append(str(query))
        return plain_raw(self, query, *args, **options)  # type: ignore[arg-type]  # as above

    connection.cursor_factory, plain_raw = Counting, psycopg.RawCursor.execute
    psycopg.RawCursor.execute = raw  # type: ignore[method-assign,assignment]  # made without the connection's factory
    try:
        yield seen
    finally:
        connection.cursor_factory = plain
        psycopg.RawCursor.execute = plain_raw  # type: ignore[method-assign]  # as above
