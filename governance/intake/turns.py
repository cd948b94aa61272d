"""Parts of imports take turns, whichever process they run in."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select, text

from governance.intake.tables import ImportChunkRow
from governance.kernel.db import driver_connection
from governance.kernel.errors import ConflictError
from governance.kernel.work import Work

APPLY_LOCK = 0x696E74616B65
"""Advisory lock under which it is decided who is new ("intake" in ASCII).

Two parts at once could each find a person missing, and both make it.
"""


class OutOfTurnError(ConflictError):
    """A part before this one was given up by whoever had it in hand; it comes first."""


@contextmanager
def planned_anew(work: Work) -> Iterator[None]:
    """Have each statement planned anew.

    A plan prepared while a table was small reads all of it ever after, and imports make tables large.
    """
    connection = driver_connection(work.session)
    threshold = connection.prepare_threshold
    connection.prepare_threshold = None
    try:
        yield
    finally:
        connection.prepare_threshold = threshold


@contextmanager
def in_turn(work: Work) -> Iterator[None]:
    """Wait for the others, and have each statement planned anew."""
    with planned_anew(work):
        wait_for_turn(work)
        yield


def wait_for_turn(work: Work) -> None:
    """Be the only one, until this transaction ends, to decide who is new."""
    work.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": APPLY_LOCK})


def wait_for_turn_of(work: Work, batch: UUID, *, number: int) -> None:
    """Wait until all parts before *number* are done, then as `wait_for_turn` does; from here on, order is that of rows.

    Raises:
        OutOfTurnError: where one of them was given up meanwhile.
    """
    before = select(ImportChunkRow.number).where(
        ImportChunkRow.batch_id == batch, ImportChunkRow.state == "pending", ImportChunkRow.number < number
    )
    # Whoever has a part in hand holds its row until the transaction ends.
    if work.session.execute(before.with_for_update(read=True)).first() is not None:
        raise OutOfTurnError("An earlier part of this import is to be applied first.")
    wait_for_turn(work)


OBJECTS_BETWEEN_COLLECTIONS = 200_000


@contextmanager
def many_objects() -> Iterator[None]:
    """Collect garbage less often while thousands of rows are in hand: they make no cycles to be found."""
    thresholds = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
