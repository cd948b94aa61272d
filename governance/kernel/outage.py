"""When the database does not answer: one error of ours for what drivers and pools raise."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from governance.kernel.errors import UnavailableError
from governance.kernel.space import DiskFullError, lacks_room

OUTAGES = (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError, psycopg.InterfaceError)


@contextmanager
def outage_named() -> Iterator[None]:
    """Turn the errors of a database that does not answer into one of ours.

    Raises:
        DiskFullError: the database had no room.
        UnavailableError: the database did not answer within the block.
    """
    try:
        yield
    except OUTAGES as error:
        # Not chained: a driver's message names host and role.
        raise outage_of(error) from None


def outage_of(error: Exception) -> UnavailableError:
    """What to tell of one of `OUTAGES`."""
    if lacks_room(error):
        return DiskFullError()
    return UnavailableError(
        "The database does not answer; look whether it runs and its disk has room, and at GOVERNANCE_DATABASE_URL."
    )
