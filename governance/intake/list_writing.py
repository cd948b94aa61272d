"""Lists written again: text byte for byte, workbooks with the values and kinds of their cells."""

import csv
import io
from collections.abc import Sequence
from typing import BinaryIO, Final, Protocol

from governance.intake.cells import Cell, for_csv, text_of
from governance.intake.contact_lists import ContactList, ListRow
from governance.intake.delimited import DelimitedFile
from governance.kernel.late import load

BOOK: Final = "governance.intake.book_writing:Book"
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
        self._rows: _Rows = load(BOOK)(listed.sheet, out) if text is None else _Text(text, out)
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


class ReasonRows:
    """Rows that were left out, each with its number and why; text that a spreadsheet would run is made harmless."""

    def __init__(self, listed: ContactList, out: BinaryIO, *, headings: Sequence[str] = REASON_HEADINGS) -> None:
        text = listed.text
        self._out = io.TextIOWrapper(out, encoding="utf-8-sig", errors="replace", newline="")
        self._rows = csv.writer(self._out, delimiter=";" if text is None else text.delimiter)
        self._rows.writerow([*headings, *map(for_csv, listed.headings)])

    def add(self, row: ListRow, *why: str) -> None:
        """The next row."""
        self._rows.writerow([str(row.number), *why, *(for_csv(text_of(cell)) for cell in row.cells)])

    def finish(self) -> None:
        """Nothing follows."""
        self._out.flush()
        self._out.detach()
