"""What the tests of a file all begin with, made once: each of them goes on from it, and is rolled back to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection

from governance.kernel.db import Database
from governance.kernel.work import SYSTEM, Work
from tests.conftest import NOW


@dataclass(frozen=True)
class Stage:
    """A transaction that is never committed, in which several units of work follow each other."""

    database: Database
    connection: Connection

    @contextmanager
    def prepare(self) -> Iterator[Work]:
        """A unit of work whose rows all later ones find."""
        with self._session() as work:
            yield work
            work.session.commit()

    @contextmanager
    def play(self) -> Iterator[Work]:
        """A unit of work of which nothing is left; inner commits become savepoints."""
        savepoint = self.connection.begin_nested()
        with self._session() as work:
            yield work
        savepoint.rollback()

    @contextmanager
    def _session(self) -> Iterator[Work]:
        with self.database.sessions(bind=self.connection, join_transaction_mode="create_savepoint") as session:
            yield Work(session=session, actor=SYSTEM, now=NOW)


def stage_of(*acts: Callable[[Work], object]) -> Any:
    """A fixture for the tests of a file, `stage` by custom: all that is done to it by *acts* is there for each."""

    @pytest.fixture(scope="module")
    def stage(shared_database: Database) -> Iterator[Stage]:
        with _staged(shared_database, *acts) as found:
            yield found

    return stage


def played(*first: str) -> Any:
    """A fixture: a unit of work on the `stage` of the file, of which nothing is left.

    Args:
        first: fixtures of the file that prepare what each test finds.
    """

    @pytest.fixture
    def work(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Work]:
        for one in first:
            request.getfixturevalue(one)
        with stage.play() as found:
            yield found

    return work


@contextmanager
def _staged(database: Database, *acts: Callable[[Work], object]) -> Iterator[Stage]:
    """A stage for the tests of a file, with all that is done to it by *acts*."""
    with database.engine.connect() as connection:
        outer = connection.begin()
        found = Stage(database, connection)
        for act in acts:
            with found.prepare() as work:
                act(work)
        yield found
        outer.rollback()
