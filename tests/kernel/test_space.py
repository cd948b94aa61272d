"""A disk without room is told as such, whoever meets it."""

import errno

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from governance.kernel.db import Database
from governance.kernel.outage import outage_named
from governance.kernel.space import DiskFullError, lacks_room


def test_a_database_without_room_is_told_apart_from_one_that_does_not_answer(shared_database: Database) -> None:
    full = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"

    with shared_database.sessions() as session, pytest.raises(DiskFullError, match="Make room"), outage_named():
        session.execute(text(full))


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EDQUOT, "x"), True),
        (OSError(errno.EIO, "x"), False),
        (psycopg.OperationalError("FATAL:  could not write init file: No space left on device"), True),
        (OperationalError("", {}, psycopg.OperationalError("could not write: No space left on device")), True),
        (psycopg.OperationalError("connection refused"), False),
        (psycopg.errors.DiskFull("x"), True),
        (ValueError("No space left on device"), False),
    ],
)
def test_it_is_known_by_whatever_tells_of_it(error: Exception, full: bool) -> None:
    assert lacks_room(error) is full
