"""Lists written again: text byte for byte, workbooks with the values and kinds of their cells."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import BinaryIO, Final, Protocol

import xlsxwriter

from governance.intake.cells import Cell, NotComputed, for_csv, text_of
from governance.intake.contact_lists import ContactList, ListRow
from governance.intake.delimited import DelimitedFile

_FORMATS: Final = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm:ss", time: "hh:mm:ss"}
REASON_HEADINGS: Final = ("row", "answer", "reason", "why")


class _Rows(Protocol):
    def add(self, cells: Sequence[Cell], record: str) -> None:
        """The next row."""

    def finish(self) -> None:
        """Nothing follows."""


class KeptRows:
    """The list with some of its rows: what stands above the data, then the rows added."""

    def __init__(self, listed: ContactList, out: BinaryIO) -> None:
        text = listed.text
        self._rows: _Rows = _Book(listed.sheet, out) if text is None else _Text(text, out)
        for row, record in listed.head:
            self._rows.add(row.cells, record)

    def add(self, row: ListRow) -> None:
        """The next row."""
        self._rows.add(row.cells, row.record)

    def finish(self) -> None:
        """Nothing follows."""
        self._rows.finish()


class _Text:
    """Records as they stood, in the encoding of their file."""

    def __init__(self, source: DelimitedFile, out: BinaryIO) -> None:
        self._out = io.TextIOWrapper(out, encoding=source.encoding.name, errors=source.errors, newline="")
        self._out.write(source.preamble)

    def add(self, _cells: Sequence[Cell], record: str) -> None:
        self._out.write(record)

    def finish(self) -> None:
        self._out.flush()
        self._out.detach()


class _Book:
    """Values and kinds of cells; fonts, widths and formulas of the first workbook are not known any more."""

    def __init__(self, sheet: str, out: BinaryIO) -> None:
        # Its temporary files would hold the list in the clear.
        self._book = xlsxwriter.Workbook(out, {"in_memory": True})
        self._sheet = self._book.add_worksheet(sheet[:31] or "Sheet1")
        self._formats = {kind: self._book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        self._row = 0

    def add(self, cells: Sequence[Cell], _record: str) -> None:
        for column, cell in enumerate(cells):
            self._write(column, cell)
        self._row += 1

    def _write(self, column: int, cell: Cell) -> None:
        if isinstance(cell, bool):
            self._sheet.write_boolean(self._row, column, cell)
        elif isinstance(cell, int | float):
            self._sheet.write_number(self._row, column, cell)
        elif isinstance(cell, date | time):
            self._sheet.write_datetime(self._row, column, cell, self._formats[type(cell)])
        elif isinstance(cell, NotComputed):
            self._sheet.write_string(self._row, column, cell.shown)
        elif cell is not None:
            self._sheet.write_string(self._row, column, cell)

    def finish(self) -> None:
        self._book.close()


class ReasonRows:
    """Rows that were left out, each with its number and why; text that a spreadsheet would run is made harmless."""

    def __init__(self, listed: ContactList, out: BinaryIO) -> None:
        text = listed.text
        self._out = io.TextIOWrapper(out, encoding="utf-8-sig", errors="replace", newline="")
        self._rows = csv.writer(self._out, delimiter=";" if text is None else text.delimiter)
        self._rows.writerow([*REASON_HEADINGS, *map(for_csv, listed.headings)])

    def add(self, row: ListRow, *why: str) -> None:
        """The next row."""
        self._rows.writerow([str(row.number), *why, *(for_csv(text_of(cell)) for cell in row.cells)])

    def finish(self) -> None:
        """Nothing follows."""
        self._out.flush()
        self._out.detach()
