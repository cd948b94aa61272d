"""When the database does not answer: one error of ours for what drivers and pools raise."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from governance.kernel.errors import UnavailableError

OUTAGES = (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError, psycopg.InterfaceError)


@contextmanager
def outage_named() -> Iterator[None]:
    """Turn the errors of a database that does not answer into one of ours.

    Raises:
        UnavailableError: the database did not answer within the block.
    """
    try:
        yield
    except OUTAGES:
        # Not chained: a driver's message names host and role.
        raise UnavailableError(
            "The database does not answer; look whether it runs, and at GOVERNANCE_DATABASE_URL."
        ) from None
