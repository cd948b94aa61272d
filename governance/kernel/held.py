"""A connection that one thread keeps, since it works all the time: that spares the way to the pool and back."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from governance.kernel.clock import Clock, SystemClock, require_aware
from governance.kernel.db import Database
from governance.kernel.work import Actor, Work


class HeldConnection:
    """Opens units of work one after the other on the same connection; for one thread.

    Args:
        database: where.
        singly: whether each statement commits by itself, as with `open_singly`.
    """

    def __init__(self, database: Database, *, singly: bool = False) -> None:
        self._database = database
        self._engine = database.singly if singly else database.engine
        self._singly = singly
        self._connection: Connection | None = None

    @contextmanager
    def open_work(self, actor: Actor, *, clock: Clock | None = None) -> Iterator[Work]:
        """A unit of work, as `work.open_work` and `work.open_singly` open it.

        After an exception the connection is given up; the next unit of work begins on another one.
        """
        now = require_aware((clock or SystemClock()).now())
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            with self._database.sessions(bind=self._connection) as session:
                yield Work(session=session, actor=actor, now=now)
                if not self._singly:
                    session.commit()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
