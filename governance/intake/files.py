"""A file together with what it does not say of itself: opened, planned, and read row by row."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import BinaryIO, Protocol
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS

from governance.customers.codes import ExtraType, Ground, Source
from governance.customers.extras import known as known_extras
from governance.intake.cells import Cell, text_of
from governance.intake.claims import Notices, check_notices, check_targets
from governance.intake.errors import MappingError
from governance.intake.headings import EXTRA, FileKind, Plan, phone_region, plan
from governance.intake.kinds import row_reader
from governance.intake.reading import Row, SkippedRow, Table, open_table
from governance.intake.records import RowRead
from governance.intake.rows import RowOptions
from governance.intake.staging import RefusedRow
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.reference.operations import controller


@frozen
class FileOptions:
    """What whoever brings a file says of it.

    Attributes:
        file_name: for people to tell imports apart; kept sealed.
        kind: None decides it by the headings.
        sheet: of a workbook; None takes the first that holds anything.
        mapping: column heading to field key, `ignore` or `extra:KEY`.
        region: ISO 3166 country of phone numbers without a country code; None goes by headings and controller.
        currency: ISO 4217 of sums that name none.
        day_first: whether the day stands before the month in `03/04/2024`.
        notices: by purpose, what the people were shown when they agreed; without it a yes is a claim and no consent.
    """

    file_name: str = ""
    kind: FileKind | None = None
    sheet: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    currency: str | None = None
    day_first: bool = True
    notices: Notices = field(default_factory=dict)


@frozen
class Provenance:
    """Where a list came from, and on which ground its people are kept (GDPR Art. 6(1), 13, 14)."""

    source: Source
    ground: Ground


@frozen
class ColumnMeaning:
    """A column as the report shows it; `field` is None where nothing is read from it."""

    heading: str
    field: str | None


@frozen
class FileFacts:
    """What was found out about a file.

    Attributes:
        format: `csv`, `xlsx`, `xls`, `ods`.
        kind: what its rows are.
        encoding, delimiter: of a text file.
        damaged: a text file holds bytes that do not fit its encoding.
        sheet, other_sheets: of a workbook; the others are not read.
        heading_row: row number of the headings.
        columns: what is read from each.
        unknown: headings without a meaning; nothing is read from them.
        repeated: headings whose field an earlier column fills; nothing is read from them.
        phone_region: ISO 3166 country that phone numbers without a country code are read as of.
    """

    format: str
    kind: FileKind
    encoding: str
    delimiter: str
    damaged: bool
    sheet: str
    other_sheets: tuple[str, ...]
    heading_row: int
    columns: tuple[ColumnMeaning, ...]
    unknown: tuple[str, ...]
    repeated: tuple[str, ...]
    phone_region: str


@frozen
class ReadRow:
    """One row: as it stood, and what it came to; `read` is None where it is no data."""

    row: Row
    read: RowRead | None

    @property
    def length(self) -> int:
        """Characters of its text."""
        cells = () if isinstance(self.row, SkippedRow) else self.row.cells
        return sum(len(cell) for cell in cells if isinstance(cell, str))

    def refused(self) -> RefusedRow | None:
        """The row for the list of refusals, where anything of it was refused."""
        if self.read is None or not self.read.refusals or isinstance(self.row, SkippedRow):
            return None
        return RefusedRow(self.row.number, self.read.record is None, self.texts, self.read.refusals)

    @property
    def texts(self) -> tuple[str, ...]:
        """Text of all cells."""
        cells: Sequence[Cell] = () if isinstance(self.row, SkippedRow) else self.row.cells
        return tuple(map(text_of, cells))


class Home(Protocol):
    """What holds where a file is silent."""

    @property
    def region(self) -> str:
        """ISO 3166 country of phone numbers without a country code; empty where none is known."""

    @property
    def zone(self) -> str:
        """IANA time zone of instants that name none."""


class CustomerFile:
    """An open file; its rows can be read once.

    Args:
        file: seekable bytes; stays open and belongs to the caller.
        options: what is said of it.
        controller: whose country and zone hold where the options are silent.
        now: the present instant.
        extras: type of each extra field that takes values, by key.
        seconds: of the processor, to unpack a workbook in.

    Raises:
        UnreadableFileError, HeadingsNotFoundError, MappingError: where it cannot be read.
    """

    def __init__(
        self,
        file: BinaryIO,
        options: FileOptions,
        *,
        controller: Home,
        now: datetime,
        extras: Mapping[str, ExtraType] | None = None,
        seconds: float | None = None,
    ) -> None:
        self._table = open_table(file, sheet=options.sheet, mapping=options.mapping, seconds=seconds)
        self.plan = plan(self._table.headings, mapping=options.mapping, kind=options.kind)
        _check_extras(self.plan, extras or {})
        _check_codes(options)
        told = options.region or phone_region(self._table.headings, home=controller.region.upper())
        self.region = told.upper()
        zone = ZoneInfo(controller.zone)
        row_options = RowOptions(
            region=self.region,
            today=now.astimezone(zone).date(),
            zone=zone,
            currency=options.currency,
            day_first=options.day_first,
            extras=extras or {},
        )
        self.zone = zone
        self._reader = row_reader(self.plan, row_options, damaged=self._table.damaged)

    @property
    def facts(self) -> FileFacts:
        """What was found out about it."""
        return _facts(self._table, self.plan, self.region)

    def rows(self) -> Iterator[ReadRow]:
        """All rows under the headings."""
        for row in self._table.rows:
            yield ReadRow(row, self._reader.read(row))


def _check_codes(options: FileOptions) -> None:
    wrong: dict[str, list[str]] = {}
    if options.region is not None and options.region.upper() not in SUPPORTED_REGIONS:
        wrong["region"] = ["This is no country with telephone numbers; give two letters such as UA, RU or DE."]
    if options.currency is not None and not re.fullmatch("[A-Za-z]{3}", options.currency):
        wrong["currency"] = ["This is no currency; give three letters such as UAH, RUB or EUR."]
    if wrong:
        raise InvalidError("The file cannot be read with these options.", errors=wrong)


def _check_extras(plan: Plan, known: Mapping[str, ExtraType]) -> None:
    asked = {
        column.field.removeprefix(EXTRA)
        for column in plan.columns
        if (column.field or "").startswith(EXTRA) and column.field
    }
    unknown = sorted(asked - known.keys())
    if unknown:
        raise MappingError(
            "The mapping names extra fields that are not defined; define them first.",
            errors={f"{EXTRA}{key}": ["No extra field of this key takes values."] for key in unknown},
        )


def open_file(work: Work, file: BinaryIO, options: FileOptions, *, seconds: float | None = None) -> CustomerFile:
    """Open *file* for the controller and the extra fields of this store; raises as `CustomerFile` does."""
    extras = {key: known.type for key, known in known_extras(work).items() if known.retired_at is None}
    check_notices(work, options.notices)
    opened = CustomerFile(file, options, controller=controller(work), now=work.now, extras=extras, seconds=seconds)
    check_targets(work, opened.plan)
    return opened


def _facts(table: Table, plan: Plan, region: str) -> FileFacts:
    return FileFacts(
        format=table.kind,
        kind=plan.kind,
        encoding=table.encoding,
        delimiter=table.delimiter,
        damaged=table.damaged,
        sheet=table.sheet,
        other_sheets=table.other_sheets,
        heading_row=table.heading_row,
        columns=tuple(
            ColumnMeaning(column.heading, None if column.ignored else column.field) for column in plan.columns
        ),
        unknown=plan.unknown,
        repeated=plan.repeated,
        phone_region=region,
    )


def fingerprint(file: BinaryIO, options: FileOptions) -> str:
    """Hex SHA-256 over the content and the sheet chosen; rewinds the file."""
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        digest.update(block)
    file.seek(0)
    digest.update(b"\0" + (options.sheet or "").encode())
    return digest.hexdigest()
