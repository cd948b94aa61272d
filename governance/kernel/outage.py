"""When the database does not answer: one error of ours for what drivers and pools raise."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from governance.kernel.errors import UnavailableError
from governance.kernel.space import DiskFullError, lacks_room

OUTAGES = (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError, psycopg.InterfaceError)
_GONE = ("08", "53", "57P")
"""Classes of SQLSTATE: connections, resources, a server that shuts down or crashed."""


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
    if _was_turned_away(error):
        return UnavailableError(
            "The database answers, but lets this role not in; look at user, password and name of the database in "
            "GOVERNANCE_DATABASE_URL or GOVERNANCE_DATABASE_ADMIN_URL, and whether it has connections to spare."
        )
    return UnavailableError(
        "The database does not answer; look whether it runs and its disk has room, and at GOVERNANCE_DATABASE_URL."
    )


def told_of(error: Exception) -> UnavailableError | None:
    """What to tell where a database went away while it was asked; None of any other error."""
    state = getattr(getattr(error, "orig", None) or error, "sqlstate", None) or ""
    if not isinstance(error, OUTAGES) or (state and not state.startswith(_GONE)):
        return None
    return outage_of(error)


def _was_turned_away(error: BaseException | None) -> bool:
    """Whether a server took a password and ended the connection before it was one."""
    driver = getattr(error, "orig", None) or error
    pgconn = getattr(driver, "pgconn", None)
    return pgconn is not None and bool(pgconn.used_password) and str(driver).startswith("connection failed")
