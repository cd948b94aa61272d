"""All rows of all rooms that have sealed fields with blind indexes."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from governance import metadata
from governance.kernel.db import Base
from governance.vault.orm import SealedField, SealedRow


@dataclass(frozen=True, slots=True)
class IndexedField:
    """A sealed field of one table, with its columns."""

    row: type[SealedRow]
    field: SealedField[Any]

    @property
    def table(self) -> Table:
        """The table that it is in."""
        table = getattr(self.row, "__table__", None)
        if not isinstance(table, Table):
            raise TypeError(f"{self.row.__name__} is not mapped to a table")
        return table

    @property
    def sealed(self) -> "Column[Any]":
        """Column of the sealed value."""
        return self.table.c[self.field.sealed_name]

    @property
    def index(self) -> "Column[Any]":
        """Column that is asked."""
        return self.table.c[self.field.index_name]

    @property
    def beside(self) -> "Column[Any]":
        """Column of the next version."""
        return self.table.c[self.field.next_name]


def indexed_fields(rows: tuple[type[SealedRow], ...] | None = None) -> list[IndexedField]:
    """Every indexed field of *rows*, by default of all rooms, tables in the order of their names."""
    if rows is None:
        names = metadata.metadata.tables
        mapped = [mapper.class_ for mapper in Base.registry.mappers if mapper.local_table.description in names]
        rows = tuple(row for row in mapped if issubclass(row, SealedRow))
    found = [IndexedField(row, field) for row in rows for field in row.sealed_fields.values() if field.indexed]
    return sorted(found, key=lambda one: (one.table.name, one.field.name))
