"""Reading a leaked file, whatever it is: a table, a workbook or JSON; its headings mean nothing here."""

import json
from collections.abc import Iterator, Sequence
from random import Random
from typing import BinaryIO, Final

from governance.disclosures.prints import as_text
from governance.intake.cells import RawRow, text_of
from governance.intake.delimited import DelimitedFile
from governance.intake.errors import EmptyFileError, UnreadableFileError
from governance.intake.workbooks import Workbook, is_workbook

MOST_ROWS: Final = 20_000
"""Looked at; of a longer file so many are drawn at random, which tells as much."""
MOST_JSON_BYTES: Final = 64 * 1024 * 1024
_SEED: Final = 0
"""The same file is always answered in the same way."""

Cells = tuple[str, ...]


def read_leak(file: BinaryIO) -> tuple[list[Cells], int]:
    """Rows of *file* as texts, at most `MOST_ROWS` of them drawn at random, and how many there are.

    Raises:
        UnreadableFileError: where it is no table.
    """
    kept: list[Cells] = []
    draw, seen = Random(_SEED), 0  # noqa: S311 - a sample, no secret
    for row in _rows(file):
        cells = tuple(cell for cell in row if cell)
        if not cells:
            continue
        seen += 1
        if len(kept) < MOST_ROWS:
            kept.append(cells)
        elif (place := draw.randrange(seen)) < MOST_ROWS:
            kept[place] = cells
    if not kept:
        raise EmptyFileError("There is nothing in this file.")
    return kept, seen


def _rows(file: BinaryIO) -> Iterator[Sequence[str]]:
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    if is_workbook(head):
        found = Workbook(file)
        for sheet in (found.sheet, *found.other_sheets):
            file.seek(0)
            yield from _cells(Workbook(file, sheet=sheet).rows())
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
        yield from _documents(file)
    elif head:
        yield from _cells(DelimitedFile(file).rows())


def _cells(rows: Iterator[object]) -> Iterator[Sequence[str]]:
    for row in rows:
        if isinstance(row, RawRow):
            yield [text_of(cell) for cell in row.cells]


def _documents(file: BinaryIO) -> Iterator[Sequence[str]]:
    """Rows of a JSON array, or of lines of JSON."""
    content = file.read(MOST_JSON_BYTES + 1)
    if len(content) > MOST_JSON_BYTES:
        raise UnreadableFileError("A JSON file is read up to 64 MiB; cut it into parts, or save it as CSV.")
    text = content.decode("utf-8-sig", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = [_line(line) for line in text.splitlines()]
    for one in found if isinstance(found, list) else [found]:
        values = one.values() if isinstance(one, dict) else one if isinstance(one, list) else [one]
        yield [as_text(value) for value in values]


def _line(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
