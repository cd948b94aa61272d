"""Reading the next chunk while the database is busy with the one before."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from governance.customers.records import NewPerson
from governance.intake.batches import batch_row
from governance.intake.headings import FileKind
from governance.intake.people import ContactKey, keys_of, new_person
from governance.intake.records import CustomerRow
from governance.intake.staging import WaitingRow, decode_waiting, unpack
from governance.intake.tables import ImportChunkRow
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.ids import BatchId
from governance.kernel.work import Actor, Work, open_work


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """A row with all that can be known of it without the store.

    Attributes:
        waiting: its record and cells.
        keys: of its e-mails and phones.
        person: whom it tells of; None of purchases and interactions.
    """

    waiting: WaitingRow
    keys: list[ContactKey]
    person: NewPerson | None


@dataclass(frozen=True, slots=True)
class ReadyChunk:
    """A chunk, read."""

    id: UUID
    number: int
    rows: list[ReadyRow]


def read_chunk(kind: FileKind, chunk: ImportChunkRow) -> ReadyChunk:
    """Open and decode a waiting chunk."""
    waiting = decode_waiting(kind, unpack(chunk.payload)) if chunk.payload else []
    return ReadyChunk(chunk.id, chunk.number, [_ready(row) for row in waiting])


def _ready(row: WaitingRow) -> ReadyRow:
    record = row.record
    return ReadyRow(row, keys_of(record.contacts), new_person(record) if isinstance(record, CustomerRow) else None)


def chunk_after(work: Work, batch: BatchId, *, number: int) -> ReadyChunk | None:
    """The next chunk that waits behind the one of this number."""
    query = select(ImportChunkRow).where(
        ImportChunkRow.batch_id == batch, ImportChunkRow.state == "pending", ImportChunkRow.number > number
    )
    chunk = work.session.scalars(query.order_by(ImportChunkRow.number).limit(1)).one_or_none()
    return None if chunk is None else read_chunk(FileKind(batch_row(work, batch).kind), chunk)


Ahead = Callable[[int], "Future[ReadyChunk | None]"]
"""Begins to read the chunk behind the one of a number."""


@contextmanager
def reading_ahead(database: Database, *, actor: Actor, batch: BatchId, clock: Clock | None = None) -> Iterator[Ahead]:
    """A thread that reads chunks ahead, each in a unit of work of its own; it decides nothing and writes nothing."""

    def read(number: int) -> ReadyChunk | None:
        with open_work(database, actor, clock=clock) as work:
            return chunk_after(work, batch, number=number)

    with ThreadPoolExecutor(1, thread_name_prefix="intake-ahead") as pool:
        yield lambda number: pool.submit(read, number)
