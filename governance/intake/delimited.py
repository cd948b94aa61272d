"""CSV and TSV: the delimiter found by itself, rows in constant memory, a quotation mark left open contained."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from governance.intake.cells import BlankRows, RawRow
from governance.intake.encodings import Encoding, detect
from governance.intake.errors import UnreadableFileError
from governance.kernel.records import frozen

DELIMITERS = (";", "\t", ",", "|")
SAMPLE_CHARACTERS = 1 << 16
SAMPLE_ROWS = 60
LINE_CHARACTERS = 1 << 20
"""A longer line is no row of a table; it would have to be held in memory whole."""
TELLING_WIDTH = 4
"""From this width on, a line inside one cell with as many delimiters as the row itself was a row of its own."""

_WIDE = ("utf-1", "utf-3")
"""How the names of codecs with more than one byte to a sign begin."""

BLANKS_AT_ONCE = 20_000
"""Most blank lines that are told together, so that whoever watches the time gets to look."""


@frozen
class BrokenRow:
    """A row whose quotation mark is never closed; the lines after it are read on their own."""

    number: int
    cells: list[str]


class DelimitedFile:
    """One CSV or TSV file.

    Args:
        file: seekable bytes; stays open and belongs to the caller.
        delimiter: None finds it.
        faithful: keep bytes that do not fit the encoding, for `record` to be written again as it was.

    Raises:
        UnreadableFileError: where the bytes are no text, or no table.
    """

    def __init__(self, file: BinaryIO, *, delimiter: str | None = None, faithful: bool = False) -> None:
        self._file = file
        self.encoding: Encoding = detect(file)
        # Codecs of two or four bytes have no way to keep a lone one.
        self.errors = "surrogateescape" if faithful and self.encoding.name[:5] not in _WIDE else "replace"
        self._lines: _Lines | None = None
        self._broken: str | None = None
        self.preamble = ""
        sample = self._sample()
        self._skipped_lines = 0
        if sample[:5].lower() == "sep=" + sample[4:5] and sample[5:6] in ("\r", "\n"):
            # Excel's own first line that names the delimiter.
            delimiter, self._skipped_lines = sample[4], 1
            self.preamble = sample.splitlines(keepends=True)[0]
        self.delimiter = delimiter or find_delimiter(sample)

    def _sample(self) -> str:
        with _text(self._file, self.encoding, self.errors) as text:
            return text.read(SAMPLE_CHARACTERS)

    @property
    def record(self) -> str:
        """The row that `rows` gave last, as it stands in the file, with its line end."""
        if self._broken is not None:
            return self._broken
        return "" if self._lines is None else self._lines.record

    def rows(self) -> Iterator[RawRow | BlankRows | BrokenRow]:
        """All rows from the top; row numbers count records, as a spreadsheet does."""
        with _text(self._file, self.encoding, self.errors) as text:
            lines = self._lines = _Lines(text)
            for _ in range(self._skipped_lines):
                next(lines, None)
            number = self._skipped_lines
            nothing = f"{self.delimiter} \t\r\n"
            # Lines handed back must be parsed afresh, hence a loop over a reader that may be replaced.
            reader = csv.reader(lines, delimiter=self.delimiter)
            while True:
                lines.begin()
                self._broken = None
                blank = lines.skip(nothing)
                if blank:
                    yield BlankRows(number + 1, blank)
                    number += blank
                    continue
                cells: list[str] | None
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    cells = None
                number += 1
                if cells is None or (lines.taken > 1 and self._swallowed(cells)):
                    first = self._broken = lines.give_back()
                    reader = csv.reader(lines, delimiter=self.delimiter)
                    yield BrokenRow(number, first.rstrip("\r\n").split(self.delimiter))
                else:
                    yield RawRow(number, list(cells))

    def _swallowed(self, cells: list[str]) -> bool:
        """Whether a cell holds whole rows, which only a quotation mark left open does."""
        width = len(cells)
        return any(
            line.count(self.delimiter) + 1 >= max(TELLING_WIDTH, width - 1)
            for cell in cells
            if "\n" in cell or "\r" in cell
            for line in cell.splitlines()[1:]
        )


def find_delimiter(sample: str) -> str:
    """The character that cuts most rows of *sample* into the same number of cells, at least two.

    A list of one column has none; then the comma serves.
    """
    # The last line of a sample may be cut in the middle.
    whole = sample[: sample.rfind("\n") + 1] or sample
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = _widths(whole, delimiter)
        if not widths:
            continue
        ((usual, _),) = Counter(widths).most_common(1)
        if usual > 1:
            share = widths.count(usual) / len(widths)
            score = share * share * (1 + min(usual, 30) / 30)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _widths(sample: str, delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(cells):
                widths.append(len(cells))
            if len(widths) >= SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return widths


class _Text(io.TextIOWrapper):
    """Text over bytes that belong to somebody else: leaving detaches, never closes them."""

    def __exit__(self, *_: object) -> None:
        self.detach()


def _text(file: BinaryIO, encoding: Encoding, errors: str) -> _Text:
    file.seek(0)
    return _Text(_Borrowed(file), encoding=encoding.name, errors=errors, newline="")


class _Borrowed(io.BufferedReader):
    """A buffer that does not close what it reads from when it is collected."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(_Raw(file), buffer_size=1 << 16)


class _Raw(io.RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # the protocol says Buffer
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


class _Lines:
    """Lines of a text of which those of the present record can be handed back."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._pending: list[str] = []
        self._record: list[str] = []

    @property
    def record(self) -> str:
        """The lines that the present record has used."""
        return "".join(self._record)

    @property
    def taken(self) -> int:
        """How many lines the present record has used."""
        return len(self._record)

    def begin(self) -> None:
        """A new record starts with the next line."""
        self._record.clear()

    def skip(self, nothing: str) -> int:
        """Pass over lines that consist of the characters of *nothing*; answers how many there were."""
        skipped = 0
        while skipped < BLANKS_AT_ONCE:
            line = self._pending.pop() if self._pending else self._text.readline(LINE_CHARACTERS)
            if not line or line.strip(nothing) or len(line) >= LINE_CHARACTERS:
                self._pending.append(line)
                break
            skipped += 1
        return skipped

    def give_back(self) -> str:
        """Hand back all lines of the present record but its first, which is answered."""
        first, *rest = self._record
        self._pending.extend(reversed(rest))
        return first

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._pending.pop() if self._pending else self._text.readline(LINE_CHARACTERS)
        if not line:
            raise StopIteration
        if len(line) >= LINE_CHARACTERS:
            raise UnreadableFileError("A line of this file is longer than a million characters; it is no table.")
        self._record.append(line)
        return line
