"""COPY in binary form: the quickest way in for many rows at once."""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from psycopg import sql
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy.orm import Session

from governance.kernel.db import driver_connection


def copy_rows(
    session: Session, statement: LiteralString | sql.Composed, types: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Copy *rows* into a table, in the transaction of *session*.

    Args:
        session: what it holds unflushed does not come first; whoever needs that flushes.
        statement: a `COPY ... FROM STDIN (FORMAT BINARY)`.
        types: of the columns, as PostgreSQL names them: binary form leaves no room for guessing.
        rows: complete, in the order of the columns.
    """
    with driver_connection(session).cursor() as cursor:
        # By the type's name psycopg finds the one for DB-API's `Binary`, which is not compiled and takes far longer.
        cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
        with cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
