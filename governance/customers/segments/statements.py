"""Statements of segments: compiled once, and asked by the driver in binary form, since rows are very many."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from governance.kernel.db import driver_connection
from governance.kernel.work import Work


class Statement(NamedTuple):
    """A statement for the driver, and what it is given each time besides what the chunk says."""

    sql: bytes
    given: Mapping[str, object]


def statement(query: Select[Any]) -> Statement:
    """*query* made ready for the driver."""
    compiled = query.compile(dialect=PGDialect_psycopg())  # type: ignore[no-untyped-call]  # SQLAlchemy's
    given = {name: value for name, value in compiled.params.items() if value is not None}
    return Statement(str(compiled).encode(), given)


def rows_of(work: Work, asked: Statement, **here: object) -> list[tuple[Any, ...]]:
    """Rows of a statement for a chunk."""
    work.session.flush()
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(asked.sql, {**asked.given, **here})
    return cursor.fetchall()
