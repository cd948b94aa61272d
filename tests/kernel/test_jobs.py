"""Jobs belong to the transaction that defers them."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from governance.kernel import jobs
from governance.kernel.db import Database
from governance.kernel.errors import GovernanceError
from governance.kernel.ids import uuid7
from governance.kernel.work import SYSTEM, open_work
from tests.conftest import Store

BATCH = UUID("01920000-0000-7000-8000-000000000001")


def _queued(store: Store) -> list[tuple[str, dict[str, object]]]:
    with psycopg.connect(store.admin_url) as connection:
        rows = connection.execute("SELECT task_name, args FROM procrastinate_jobs ORDER BY id").fetchall()
    return [(name, args) for name, args in rows]


def test_a_committed_transaction_leaves_its_job_in_the_queue(fresh_store: Store, fresh_database: Database) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        number = jobs.defer(work, "intake.apply", batch=BATCH)
        assert _queued(fresh_store) == []

    assert _queued(fresh_store) == [("intake.apply", {"batch": str(BATCH)})]
    assert number > 0


def test_a_rolled_back_transaction_defers_nothing(fresh_store: Store, fresh_database: Database) -> None:
    def interrupted() -> None:
        with open_work(fresh_database, SYSTEM) as work:
            jobs.defer(work, "intake.apply", batch=uuid7())
            raise GovernanceError("not today")

    with pytest.raises(GovernanceError):
        interrupted()

    assert _queued(fresh_store) == []


def test_a_second_job_for_the_same_thing_is_not_put_beside_one_that_waits(
    fresh_store: Store, fresh_database: Database
) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        assert jobs.defer_once(work, "intake.apply", waiting="batch-1", batch=BATCH)
        assert not jobs.defer_once(work, "intake.apply", waiting="batch-1", batch=BATCH)
        jobs.defer(work, "intake.purge")  # the collision did not abort the transaction

    assert [name for name, _ in _queued(fresh_store)] == ["intake.apply", "intake.purge"]


def test_hosts_that_defer_the_same_tick_defer_it_once(fresh_store: Store, fresh_database: Database) -> None:
    nightly = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    told = []
    for _ in range(3):
        with open_work(fresh_database, SYSTEM) as work:
            told.append(jobs.defer_tick(work, "custody.backup", scheduled=nightly))

    assert told == [True, False, False]
    assert [name for name, _ in _queued(fresh_store)] == ["custody.backup"]
    with open_work(fresh_database, SYSTEM) as work:
        assert jobs.has_ticked(work, "custody.backup")
        assert not jobs.has_ticked(work, "custody.rotate")
        assert jobs.counts(work) == {"todo": 1, "doing": 0, "failed": 0}
