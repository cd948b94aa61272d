"""Rows that wait to be applied, with all that can be known of them without the store."""

from typing import NamedTuple

from governance.customers.records import NewPerson
from governance.intake.headings import FileKind
from governance.intake.people import ContactKey, keys_of, new_person
from governance.intake.records import CustomerRow
from governance.intake.staging import WaitingRow, decode_waiting, unpack
from governance.intake.tables import ImportChunkRow


class ReadyRow(NamedTuple):
    """A row on its way into the store.

    Attributes:
        waiting: its record and cells.
        keys: of its e-mails and phones.
        person: whom it tells of; None of purchases and interactions.
    """

    waiting: WaitingRow
    keys: list[ContactKey]
    person: NewPerson | None


def read_rows(kind: FileKind, chunk: ImportChunkRow) -> list[ReadyRow]:
    """Open and decode a waiting chunk."""
    waiting = decode_waiting(kind, unpack(chunk.payload)) if chunk.payload else []
    return [_ready(row) for row in waiting]


def _ready(row: WaitingRow) -> ReadyRow:
    record = row.record
    return ReadyRow(row, keys_of(record.contacts), new_person(record) if isinstance(record, CustomerRow) else None)
