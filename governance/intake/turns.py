"""Parts of imports take turns, whichever worker they run on."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from governance.kernel.db import driver_connection
from governance.kernel.work import Work

APPLY_LOCK = 0x696E74616B65
"""Advisory lock under which parts are applied one after the other ("intake" in ASCII).

Two parts at once could each find a person missing, and both make it.
"""


@contextmanager
def in_turn(work: Work) -> Iterator[None]:
    """Wait for the others, and have each statement planned anew.

    A plan prepared while a table was small reads all of it ever after, and imports make tables large.
    """
    connection = driver_connection(work.session)
    threshold = connection.prepare_threshold
    connection.prepare_threshold = None
    try:
        work.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": APPLY_LOCK})
        yield
    finally:
        connection.prepare_threshold = threshold


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
