"""Lists written as workbooks; loaded where one is written."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import BinaryIO, Final

import xlsxwriter

from governance.intake.cells import Cell, NotComputed

_FORMATS: Final = {date: "yyyy-mm-dd", datetime: "yyyy-mm-dd hh:mm:ss", time: "hh:mm:ss"}


class Book:
    """Values and kinds of cells; fonts, widths and formulas of the first workbook are not known any more."""

    def __init__(self, sheet: str, out: BinaryIO) -> None:
        # Its temporary files would hold the list in the clear.
        self._book = xlsxwriter.Workbook(out, {"in_memory": True})
        self._sheet = self._book.add_worksheet(sheet[:31] or "Sheet1")
        self._formats = {kind: self._book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        self._row = 0

    def add(self, cells: Sequence[Cell], _record: str) -> None:
        """The next row."""
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
        """Nothing follows."""
        self._book.close()
