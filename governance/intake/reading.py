"""Any file to rows of cells: the kind told by content, the heading row found, rows that are no data skipped.

Reads in a stream and once; whoever needs the rows again opens the file again.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import chain, islice
from typing import BinaryIO

from governance.intake.cells import BlankRows, Cell, RawRow, TitleRow, is_blank, text_of
from governance.intake.delimited import BrokenRow, DelimitedFile
from governance.intake.errors import EmptyFileError, HeadingsNotFoundError, UnreadableFileError
from governance.intake.headings import folded, known_count
from governance.intake.workbooks import Workbook, is_workbook
from governance.kernel.records import frozen

HEADING_WITHIN_ROWS = 20
"""Titles and blank rows above the headings are passed over within this many rows."""

_TOTALS = re.compile(
    r"(итого|всего|всього|разом|підсумок|общий итог|загальний підсумок|total|totals|grand total|sum)\b[^@]{0,40}",
    re.IGNORECASE,
)
_MARKUP = re.compile(rb"\s*(?:<!doctype|<html|<table|<\?xml|<meta|<head)", re.IGNORECASE)
_OTHER_KINDS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"{\\rtf",
    b"SQLite",
)


class Skip(StrEnum):
    """Why a row is no data."""

    BLANK = "blank"
    TOTALS = "totals"
    HEADING_AGAIN = "heading-again"
    TITLE = "title"


@frozen
class SkippedRow:
    """A row that is no data and no error; of blank ones, so many as follow one another."""

    number: int
    why: Skip
    times: int = 1


@frozen
class WideRow:
    """A row with more cells than there are headings, so that no cell can be trusted to its column."""

    number: int
    cells: list[Cell]


_Read = RawRow | TitleRow | BlankRows | BrokenRow
Row = RawRow | SkippedRow | WideRow | BrokenRow


@frozen
class Table:
    """An open file.

    Attributes:
        kind: `csv`, `xlsx`, `xls` or `ods`.
        encoding: codec of a text file, else empty.
        damaged: a text file holds bytes that do not fit its encoding.
        delimiter: of a text file, else empty.
        sheet: name of the sheet read; empty for text.
        other_sheets: sheets that are not read.
        heading_row: row number of the headings.
        headings: tidied text per column.
        rows: what follows them, to be read once.
    """

    kind: str
    encoding: str
    damaged: bool
    delimiter: str
    sheet: str
    other_sheets: tuple[str, ...]
    heading_row: int
    headings: tuple[str, ...]
    rows: Iterator[Row]


def open_table(
    file: BinaryIO,
    *,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> Table:
    """Open a list of whatever kind and find its headings.

    Args:
        file: seekable bytes, left open. An upload goes in as `BytesIO`, never as a temporary file in the clear.
        sheet: name of the sheet wanted; None takes the first that holds anything.
        mapping: its headings count as known.
        seconds: of the processor, to unpack a workbook in; None sets no limit below its own.

    Raises:
        UnreadableFileError: or one of its kinds: protected, empty, oversized.
        HeadingsNotFoundError: no row names a known column.
    """
    file.seek(0)
    head = file.read(4096)
    if not head:
        raise EmptyFileError("The file is empty.")
    if is_workbook(head):
        workbook = Workbook(file, sheet=sheet, seconds=seconds)
        return _table(workbook.rows(), mapping, kind=workbook.kind, sheet=workbook.sheet, others=workbook.other_sheets)
    if head.startswith(_OTHER_KINDS):
        raise UnreadableFileError("This file is no list; export the customers as XLSX or CSV and give that.")
    if _MARKUP.match(head.lstrip(b"\xef\xbb\xbf")):
        raise UnreadableFileError(
            "This is a web page or XML under the name of a table; open it in a spreadsheet program, save it as XLSX."
        )
    text = DelimitedFile(file)
    encoding = text.encoding
    return _table(
        text.rows(), mapping, kind="csv", encoding=encoding.name, damaged=encoding.damaged, delimiter=text.delimiter
    )


def _table(
    rows: Iterator[_Read],
    mapping: Mapping[str, str] | None,
    *,
    kind: str,
    encoding: str = "",
    damaged: bool = False,
    delimiter: str = "",
    sheet: str = "",
    others: tuple[str, ...] = (),
) -> Table:
    first = list(islice(rows, HEADING_WITHIN_ROWS))
    if not any(character.isalnum() for row in first for cell in row.cells for character in text_of(cell)):
        raise EmptyFileError("The file holds no row with anything in it.")
    place = _heading_place(first, mapping)
    place, headings = _two_lines(first, place, mapping) or (place, _texts(first[place]))
    heading = first[place]
    while headings and not headings[-1]:
        headings = headings[:-1]
    return Table(
        kind=kind,
        encoding=encoding,
        damaged=damaged,
        delimiter=delimiter,
        sheet=sheet,
        other_sheets=others,
        heading_row=heading.number,
        headings=tuple(headings),
        rows=_data_rows(chain(first[place + 1 :], rows), tuple(headings)),
    )


def _heading_place(first: list[_Read], mapping: Mapping[str, str] | None) -> int:
    """Which of the first rows names most known columns; the upper one of equals."""
    counts = [known_count([text_of(cell) for cell in row.cells], mapping) for row in first]
    best = max(counts)
    if best == 0:
        if mapping and all(key.startswith("#") for key in mapping):
            return next(place for place, row in enumerate(first) if not all(map(is_blank, row.cells)))
        raise HeadingsNotFoundError(
            f"None of the first {HEADING_WITHIN_ROWS} rows names a column that is known; put headings such as"
            " name, phone, e-mail above the list, or give a mapping of its headings to fields."
        )
    return counts.index(best)


def _texts(row: _Read) -> list[str]:
    return [text_of(cell) for cell in row.cells]


def _two_lines(first: list[_Read], place: int, mapping: Mapping[str, str] | None) -> tuple[int, list[str]] | None:
    """Headings that stand in two lines, as merged ones do: "Contacts" above "Phone" and "E-mail", "Name" beside it.

    Answers the place of the lower line, and of each column the lower text, else the upper. None where the row at
    *place* knows as many columns by itself, or where anything stands below a heading that is known: those are data.
    """
    alone = known_count(_texts(first[place]), mapping)
    for lower in (place + 1, place):
        if not 0 < lower < len(first):
            continue
        above, below = _texts(first[lower - 1]), _texts(first[lower])
        width = max(len(above), len(below))
        pairs = list(zip(above + [""] * (width - len(above)), below + [""] * (width - len(below)), strict=True))
        both = [under or over for over, under in pairs]
        clash = any(under and under != over and known_count([over], mapping) for over, under in pairs)
        if not clash and known_count(both, mapping) > alone:
            return lower, both
    return None


def _data_rows(rows: Iterator[_Read], headings: tuple[str, ...]) -> Iterator[Row]:
    width = len(headings)
    own = [folded(heading) for heading in headings]
    for row in rows:
        if isinstance(row, BrokenRow):
            yield row
            continue
        if isinstance(row, BlankRows):
            yield SkippedRow(row.number, Skip.BLANK, row.times)
            continue
        if isinstance(row, TitleRow):
            yield SkippedRow(row.number, Skip.TITLE)
            continue
        cells = row.cells
        if len(cells) > width:
            if not all(map(is_blank, cells[width:])):
                yield WideRow(row.number, cells)
                continue
            del cells[width:]
        why = _no_data(cells, own)
        yield SkippedRow(row.number, why) if why else row


def _no_data(cells: list[Cell], own: list[str]) -> Skip | None:
    first = next((cell for cell in cells if not is_blank(cell)), None)
    if first is None:
        return Skip.BLANK
    if not isinstance(first, str):
        return None
    text = text_of(first)
    if _TOTALS.fullmatch(text) and not any(isinstance(cell, str) and "@" in cell for cell in cells):
        return Skip.TOTALS
    # A page break of a printed list repeats the headings; compare only where the first cell says so.
    if folded(text) == next(filter(None, own), "") and [folded(text_of(cell)) for cell in cells] == own[: len(cells)]:
        return Skip.HEADING_AGAIN
    return None
