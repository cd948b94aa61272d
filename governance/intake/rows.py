"""Rows of cells to typed records, with all refusals of a row at once.

What refuses a whole row: a row that cannot be trusted to its columns (too many cells, a quotation mark left open); a
customer with neither name nor contact; a customer all of whose contacts were refused, since importing the bare name
would make a person whom nobody can reach, match or correct; a purchase without date, total, currency or a way to tell
whose it is; an interaction without instant, kind or person. Any other flaw refuses its cell alone: a bad birth date
loses the birth date and not the customer.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import TypeVar

from governance.customers.codes import ExtraType
from governance.customers.extra_types import written
from governance.customers.texts import LONG_TEXT, SHORT_TEXT, Wrong
from governance.intake.amounts import Amount, read_amount
from governance.intake.answers import read_yes_no
from governance.intake.cells import Cell, lines_of, text_of
from governance.intake.dates import PartialDate, Reader, Use
from governance.intake.emails import read_emails
from governance.intake.headings import folded
from governance.intake.phones import read_phones
from governance.intake.records import ContactValue, Record
from governance.intake.values import Flaw, Refusal, codes, is_nothing
from governance.kernel.records import frozen

REMEMBERED = 4096
REMEMBERED_CHARACTERS = 64
Answer = TypeVar("Answer")
NOT_WHOLE = Flaw("date-whole", "Day, month and year are needed here; write the whole date.")


@frozen
class RowOptions:
    """What a file does not say of itself.

    Attributes:
        region: ISO 3166 country of phone numbers without a country code.
        today: the controller's date.
        zone: of instants that name none.
        currency: of sums that name none; None refuses such sums.
        day_first: whether the day stands before the month in `03/04/2024`.
        extras: type of each extra field that a column may fill, by key.
    """

    region: str
    today: date
    zone: tzinfo = UTC
    currency: str | None = None
    day_first: bool = True
    extras: Mapping[str, ExtraType] = field(default_factory=dict)


class Draft:
    """A row while it is read.

    Attributes:
        fields: by key, what was read.
        contacts: in the order of columns.
        refusals: in the order of columns.
        contacts_refused: whether some contact was refused.
    """

    __slots__ = ("contacts", "contacts_refused", "extras", "fields", "refusals")

    def __init__(self) -> None:
        self.fields: dict[str, object] = {}
        self.contacts: dict[ContactValue, None] = {}
        self.extras: list[tuple[str, str]] = []
        self.refusals: list[Refusal] = []
        self.contacts_refused = False

    def refuse(self, column: str, flaw: Flaw) -> None:
        """Note *flaw* at *column*; an empty column means the row."""
        self.refusals.append(Refusal(column, flaw.code, flaw.reason))

    def add_note(self, text: str) -> None:
        """Keep *text* below what is noted already."""
        noted = self.fields.get("note")
        self.fields["note"] = f"{noted}\n{text}" if noted else text

    def put(self, field: str, column: str, read: object) -> None:
        """Keep what a parser answered: a value, nothing, or a flaw."""
        if isinstance(read, Flaw):
            self.refuse(column, read)
        elif read is not None:
            self.fields[field] = read


Handler = Callable[[Draft, str, Cell], None]
"""Reads the cell of one column into the draft; the text is the column's heading."""


class CellReaders:
    """The handlers that files of all kinds share."""

    def __init__(self, options: RowOptions) -> None:
        self.options = options
        self.dates = Reader(today=options.today, zone=options.zone, day_first=options.day_first)
        self._noted = remembering(lambda cell: _checked_text(lines_of(cell)))

    def email(self, draft: Draft, column: str, cell: Cell) -> None:
        """E-mail addresses."""
        addresses, flaws = read_emails(cell)
        for address in addresses:
            draft.contacts[ContactValue("email", address)] = None
        self._contact_flaws(draft, column, flaws)

    def phone(self, draft: Draft, column: str, cell: Cell) -> None:
        """Phone numbers."""
        phones, flaws = read_phones(cell, region=self.options.region)
        for phone in phones:
            draft.contacts[ContactValue("phone", phone.number, phone.extension, label_of(column))] = None
        self._contact_flaws(draft, column, flaws)

    @staticmethod
    def _contact_flaws(draft: Draft, column: str, flaws: list[Flaw]) -> None:
        for flaw in dict.fromkeys(flaws):
            draft.contacts_refused = True
            draft.refuse(column, flaw)

    def note(self, draft: Draft, column: str, cell: Cell) -> None:
        """Free text of several lines, from several columns."""
        text = self._noted(cell)
        if isinstance(text, str):
            draft.add_note(text)
        else:
            draft.put("note", column, text)

    def extra_field(self, key: str) -> Handler:
        """The handler of an extra field."""
        kind = self.options.extras.get(key, ExtraType.TEXT)

        def handle(draft: Draft, column: str, cell: Cell) -> None:
            value = self._extra(kind, cell)
            if isinstance(value, Flaw):
                draft.refuse(column, value)
            elif value:
                draft.extras.append((key, value))

        return handle

    def _extra(self, kind: ExtraType, cell: Cell) -> str | Flaw | None:
        """The text that an extra field keeps, with dates and numbers as lists write them."""
        text: object = _checked_text(lines_of(cell))
        if text is None or isinstance(text, Flaw):
            return text
        if kind is ExtraType.DATE:
            on = self.dates.read_date(cell, use=Use.ANY)
            text = on.exact if isinstance(on, PartialDate) else on
            text = text.isoformat() if isinstance(text, date) else text or NOT_WHOLE
        elif kind is ExtraType.NUMBER:
            amount = read_amount(cell)
            text = amount.value if isinstance(amount, Amount) else amount
        elif kind is ExtraType.BOOLEAN:
            text = cell if isinstance(cell, bool) else read_yes_no(str(text))
        if isinstance(text, Flaw):
            return text
        try:
            return written(kind, text)
        except Wrong as wrong:
            return Flaw("extra-value", wrong.sentence)


@cache
def label_of(heading: str) -> str:
    """Code of the label that *heading* gives to a contact (work, home, telegram), or empty."""
    words_ = folded(heading).split()
    return next((code for word, code in codes("label").items() if any(part.startswith(word) for part in words_)), "")


def remembering(parse: Callable[[Cell], Answer]) -> Callable[[Cell], Answer]:
    """*parse*, which knows the texts again that it has met: most columns of a list hold the same few over and over.

    It remembers a bounded number of short ones, for as long as one file is read.
    """
    known: dict[str, Answer] = {}

    def read(cell: Cell) -> Answer:
        if not isinstance(cell, str):
            return parse(cell)
        if cell in known:
            return known[cell]
        answer = parse(cell)
        if len(known) < REMEMBERED and len(cell) <= REMEMBERED_CHARACTERS:
            known[cell] = answer
        return answer

    return read


def text_handler(field: str) -> Handler:
    """The handler that keeps text as it is."""
    return parser_handler(field, lambda cell: _checked_text(text_of(cell), longest=SHORT_TEXT))


def parser_handler(field: str, parse: Callable[[Cell], object]) -> Handler:
    """The handler that keeps what *parse* answers, which must depend on the cell alone."""
    read = remembering(parse)

    def handle(draft: Draft, column: str, cell: Cell) -> None:
        draft.put(field, column, read(cell))

    return handle


def list_handler(field: str) -> Handler:
    """The handler that splits a cell at semicolons, line breaks and bars, and adds to what other columns gave."""

    def handle(draft: Draft, column: str, cell: Cell) -> None:
        parts = _checked_text(lines_of(cell))
        if isinstance(parts, str):
            found = (part.strip() for part in parts.replace("\n", ";").replace("|", ";").split(";"))
            draft.fields[field] = (*_texts(draft.fields.get(field)), *filter(None, found))
        else:
            draft.put(field, column, parts)

    return handle


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _checked_text(text: str, *, longest: int = LONG_TEXT) -> str | Flaw | None:
    if is_nothing(text):
        return None
    if len(text) > longest:
        return Flaw("text-long", f"This is longer than {longest} characters; shorten it, or move it to the notes.")
    return text


def consent_scope(field: str) -> str:
    """The scope of a `consent:SCOPE` field."""
    return field.partition(":")[2]


def exact_moment(value: object) -> datetime | PartialDate | Flaw:
    """An instant or a whole date; a month alone is too little for an event."""
    if isinstance(value, PartialDate) and value.exact is None:
        return NOT_WHOLE
    if isinstance(value, datetime | PartialDate):
        return value
    return Flaw("date-missing", "The date is missing; write when it was.")


@frozen
class Readers:
    """Everything that one kind of file brings: handlers by field, and how a draft becomes a record."""

    handlers: dict[str, Handler]
    finish: Callable[[int, Draft], Record | None]
