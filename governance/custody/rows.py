"""All rows of all packages that have sealed fields with blind indexes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from governance import metadata
from governance.kernel.db import Base
from governance.vault.orm import SealedField, SealedRow


@dataclass(frozen=True, slots=True)  # its field is a descriptor, which mypy knows of dataclasses alone
class IndexedField:
    """A sealed field of one table, with its columns."""

    row: type[SealedRow]
    field: SealedField[Any]

    @property
    def table(self) -> Table:
        """The table that it is in."""
        return table_of(self.row)

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


def sealed_rows() -> list[type[SealedRow]]:
    """The rows of all packages that have sealed fields."""
    names = metadata.metadata.tables
    mapped = [mapper.class_ for mapper in Base.registry.mappers if mapper.local_table.description in names]
    return [row for row in mapped if issubclass(row, SealedRow)]


def sealed_tables() -> list[Table]:
    """Their tables, in the order of their names."""
    return sorted((table_of(row) for row in sealed_rows()), key=lambda table: table.name)


def table_of(row: type[SealedRow]) -> Table:
    """The table of a mapped row."""
    table = getattr(row, "__table__", None)
    if not isinstance(table, Table):
        raise TypeError(f"{row.__name__} is not mapped to a table")
    return table


def indexed_fields(rows: Iterable[type[SealedRow]] | None = None) -> list[IndexedField]:
    """Every indexed field of *rows*, by default of all packages, tables in the order of their names."""
    chosen = sealed_rows() if rows is None else rows
    found = [IndexedField(row, field) for row in chosen for field in row.sealed_fields.values() if field.indexed]
    return sorted(found, key=lambda one: (one.table.name, one.field.name))
