"""Lists of contacts as mailers keep them: any file, one column of which is looked at and nothing of which is lost."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import BinaryIO, Final

from governance.consent.codes import CONTACTS_OF
from governance.customers.codes import ContactKind
from governance.customers.normal import normal_forms
from governance.intake.cells import BlankRows, Cell, NotComputed, RawRow, TitleRow, text_of
from governance.intake.delimited import BrokenRow, DelimitedFile
from governance.intake.emails import read_emails
from governance.intake.errors import EmptyFileError, HeadingsNotFoundError, MappingError
from governance.intake.headings import customer_field, folded
from governance.intake.phones import read_phones
from governance.intake.workbooks import Workbook, is_workbook
from governance.kernel.records import frozen
from governance.policies.purposes import Channel

HEADING_WITHIN_ROWS: Final = 20
"""Titles and headings stand within this many rows."""
_FIELDS: Final[Mapping[ContactKind, str]] = MappingProxyType(
    {ContactKind.EMAIL: "email", ContactKind.PHONE: "phone", ContactKind.MESSENGER: "messenger"}
)
_NUMBERED: Final = re.compile(r"#([1-9][0-9]{0,4})")
_PLAIN: Final = re.compile(r"\+[0-9]{7,15}|[!-~]+@[a-zA-Z0-9.-]+")
"""Spellings that a check takes as they are."""
_Read = RawRow | TitleRow | BlankRows | BrokenRow


@frozen
class ListOptions:
    """What a list of contacts does not say of itself.

    Attributes:
        column: heading of the column that holds the contact, or `#3` for the third; None finds it by its heading.
        sheet: of a workbook; None takes the first that holds anything.
        region: ISO 3166 country of phone numbers without a country code.
    """

    column: str | None = None
    sheet: str | None = None
    region: str | None = None


@frozen
class ListRow:
    """A row of a list.

    Attributes:
        number: as a spreadsheet shows it.
        cells: of the row.
        record: the row as it stands in a text file, with its line end; empty for a workbook.
        contact: what stands in the column, in the spelling that imports keep where it is one contact; None where the
            row cannot be trusted to its columns.
    """

    number: int
    cells: Sequence[Cell]
    record: str
    contact: str | None


class ContactList:
    """An open list; its rows can be read once.

    Args:
        file: seekable bytes; stays open and belongs to the caller.
        channel: whose contacts it holds.
        options: what is said of it.
        home: ISO 3166 country of phone numbers without a country code, where *options* name none.

    Raises:
        UnreadableFileError: or one of its kinds: protected, empty, oversized.
        HeadingsNotFoundError: no column is known to hold the contact.
        MappingError: the column named is not there, or several could be meant.
    """

    def __init__(self, file: BinaryIO, *, channel: Channel, options: ListOptions, home: str) -> None:
        self.kinds = CONTACTS_OF[channel]
        self.region = (options.region or home).upper()
        self._text: DelimitedFile | None = None
        file.seek(0)
        if is_workbook(file.read(8)):
            workbook = Workbook(file, sheet=options.sheet)
            self.kind, self.sheet = workbook.kind, workbook.sheet
            source: Iterator[_Read] = workbook.rows()
        else:
            file.seek(0)
            if not file.read(1):
                raise EmptyFileError("The file is empty.")
            self._text = DelimitedFile(file, faithful=True)
            self.kind, self.sheet = "csv", ""
            source = self._text.rows()
        self._source = self._with_records(source)
        first = list(islice(self._source, HEADING_WITHIN_ROWS))
        begins, self.column = self._find(first, options.column)
        self.head = [(row, record) for row, record in first[:begins] if not isinstance(row, BlankRows)]
        """Rows above the data, with their records: titles and headings."""
        self._first = first[begins:]

    @property
    def text(self) -> DelimitedFile | None:
        """The text file, unless it is a workbook."""
        return self._text

    @property
    def headings(self) -> list[str]:
        """Of the columns; none where the list has no headings."""
        return [text_of(cell) for cell in self.head[-1][0].cells] if self.head else []

    def rows(self) -> Iterator[ListRow]:
        """All rows with anything in them, under the headings."""
        for row, record in chain(self._first, self._source):
            if isinstance(row, BlankRows):
                continue
            cells: Sequence[Cell] = row.cells
            whole = not isinstance(row, BrokenRow)
            yield ListRow(row.number, cells, record, self._contact(cells) if whole else None)

    def _with_records(self, rows: Iterator[_Read]) -> Iterator[tuple[_Read, str]]:
        text = self._text
        for row in rows:
            yield row, "" if text is None else text.record

    def _contact(self, cells: Sequence[Cell]) -> str:
        cell = cells[self.column] if self.column < len(cells) else None
        if cell is None or isinstance(cell, NotComputed):
            return ""
        text = text_of(cell)
        if _PLAIN.fullmatch(text):
            return text
        for kind, read in _READERS.items():
            if kind in self.kinds:
                found = read(cell, self.region)
                if len(found) == 1:
                    return found[0]
        return text

    def _find(self, first: Sequence[tuple[_Read, str]], column: str | None) -> tuple[int, int]:
        """Where the data begin among the *first* rows, and in which column the contact stands."""
        rows = [[text_of(cell) for cell in row.cells] for row, _ in first]
        if column is None:
            return self._by_headings(rows) or self._by_contents(rows, None)
        numbered = _NUMBERED.fullmatch(column)
        if numbered:
            return self._by_contents(rows, int(numbered[1]) - 1)
        for place, cells in enumerate(rows):
            found = [index for index, cell in enumerate(cells) if folded(cell) == folded(column)]
            if len(found) == 1:
                return place + 1, found[0]
            if found:
                raise _ambiguous(cells, found)
        raise MappingError(
            "The list has no column of this heading; name one that it has, or give its place, such as #2.",
            errors={"column": ["No column has this heading."]},
        )

    def _by_headings(self, rows: Sequence[Sequence[str]]) -> tuple[int, int] | None:
        wanted = {_FIELDS[kind] for kind in self.kinds if kind in _FIELDS}
        for place, cells in enumerate(rows):
            found = [index for index, cell in enumerate(cells) if cell and customer_field(cell) in wanted]
            if len(found) == 1:
                [column] = found
                below = (place for place in range(place + 1, len(rows)) if rows[place][column:][:1] != [cells[column]])
                return next(below, len(rows)), column
            if found:
                raise _ambiguous(cells, found)
        return None

    def _by_contents(self, rows: Sequence[Sequence[str]], column: int | None) -> tuple[int, int]:
        """By the first row that holds a contact; above it stand headings, or nothing."""
        for place, cells in enumerate(rows):
            found = [index for index, cell in enumerate(cells) if column in {None, index} and self._is_contact(cell)]
            if len(found) == 1:
                return place, found[0]
            if found:
                raise _ambiguous([], found)
        if column is not None and any(len(cells) > column for cells in rows):
            return next(place for place, cells in enumerate(rows) if any(cells)) + 1, column
        raise HeadingsNotFoundError("No column is known to hold the contact; name it with --column, or as #1 by place.")

    def _is_contact(self, text: str) -> bool:
        return any(normal_forms(kind, [text], home=self.region)[0] is not None for kind in self.kinds)


def _ambiguous(cells: Sequence[str], found: Sequence[int]) -> MappingError:
    names = ", ".join(f"#{index + 1} {cells[index]}".strip() if cells else f"#{index + 1}" for index in found)
    return MappingError(
        f"Several columns could hold the contact: {names}. Name the one that is written to with --column.",
        errors={"column": ["Several columns are meant by this."]},
    )


def _emails(cell: Cell, _region: str) -> list[str]:
    found, flaws = read_emails(cell)
    return [] if flaws else found


def _phones(cell: Cell, region: str) -> list[str]:
    found, flaws = read_phones(cell, region=region)
    return [] if flaws else [one.number for one in found]


_READERS: Final[Mapping[ContactKind, Callable[[Cell, str], list[str]]]] = MappingProxyType(
    {ContactKind.EMAIL: _emails, ContactKind.PHONE: _phones}
)
