"""COPY in binary form from rows as the mapped tables have them: the way in for many rows at once."""

from collections.abc import Iterable, Mapping, Sequence

from psycopg import sql
from sqlalchemy.orm import Session

from governance.kernel.copying import copy_rows
from governance.kernel.db import Base

_TYPES: Mapping[str, str] = {
    "uuid": "uuid",
    "string": "varchar",
    "datetime": "timestamptz",
    "date": "date",
    "boolean": "bool",
    "integer": "int4",
    "big_integer": "int8",
    "small_integer": "int2",
    "numeric": "numeric",
    "large_binary": "bytea",
    "ARRAY": "varchar[]",
}


class Copier:
    """Writes rows into one table.

    Args:
        row: the class that is mapped to it.
        columns: which columns the rows have, in their order; the rest get their default.
    """

    def __init__(self, row: type[Base], columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        self._statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            sql.Identifier(row.__tablename__), names
        )
        kinds = (row.__table__.columns[name].type for name in columns)
        self._types = [_TYPES[getattr(kind, "impl", kind).__visit_name__] for kind in kinds]

    def write(self, session: Session, rows: Iterable[Sequence[object]]) -> None:
        """Copy *rows*, sealed and complete; what the session holds unflushed comes first."""
        session.flush()
        copy_rows(session, self._statement, self._types, rows)
