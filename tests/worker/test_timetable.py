"""Due jobs are put into the queue once, by their scheduled instant, and missed ones are made up for."""

import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.jobs import defer_tick
from governance.kernel.settings import Settings
from governance.kernel.work import SYSTEM, open_work
from governance.worker.tasks import TASKS
from governance.worker.timetable import Entry, Timetable, entries, previous_instant
from tests.conftest import Store

NIGHTLY = Entry("service.backup", "0 2 * * *", catch_up=True)
MORNING = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def _queued(store: Store) -> list[str]:
    with psycopg.connect(store.admin_url) as connection:
        rows = connection.execute("SELECT task_name FROM procrastinate_jobs ORDER BY id").fetchall()
    return [name for (name,) in rows]


@given(st.integers(0, 366 * 86_400).map(lambda seconds: MORNING + timedelta(seconds=seconds)))
def test_the_previous_instant_lies_within_the_day_before(now: datetime) -> None:
    found = previous_instant(CronTrigger.from_crontab("0 2 * * *", timezone=UTC), now)

    assert found is not None
    assert now - timedelta(days=1) <= found <= now
    assert (found.hour, found.minute) == (2, 0)


def test_a_new_store_makes_up_for_nothing(fresh_store: Store, fresh_database: Database) -> None:
    timetable = Timetable(fresh_database, [NIGHTLY], clock=FixedClock(MORNING))
    timetable.start()
    timetable.flush()
    timetable.stop()

    assert _queued(fresh_store) == []


def test_a_night_that_nobody_was_there_for_is_made_up_for_once(fresh_store: Store, fresh_database: Database) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        defer_tick(work, NIGHTLY.task, scheduled=MORNING - timedelta(days=3))
    for _ in range(2):
        timetable = Timetable(fresh_database, [NIGHTLY], clock=FixedClock(MORNING))
        timetable.start()
        timetable.flush()
        timetable.stop()

    assert _queued(fresh_store) == [NIGHTLY.task, NIGHTLY.task]


def test_what_is_due_waits_for_the_database_to_come_back(fresh_store: Store, fresh_database: Database) -> None:
    timetable = Timetable(fresh_database, [NIGHTLY], clock=FixedClock(MORNING))
    timetable._due.append((NIGHTLY.task, MORNING))
    with psycopg.connect(fresh_store.admin_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE procrastinate_periodic_defers RENAME TO away")
        with pytest.raises(Exception, match="procrastinate_periodic_defers"):
            timetable.flush()
        connection.execute("ALTER TABLE away RENAME TO procrastinate_periodic_defers")

    timetable.flush()

    assert _queued(fresh_store) == [NIGHTLY.task]


def test_the_scheduler_hands_over_scheduled_instants_instead_of_running_anything(
    fresh_store: Store, fresh_database: Database
) -> None:
    timetable = Timetable(fresh_database, [Entry("service.purge", "0 2 * * *")], clock=FixedClock(MORNING))
    timetable.start()
    # APScheduler is told that the job was due a moment ago, as after a sleep.
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=2)
    timetable._scheduler.modify_job("service.purge", next_run_time=due)
    deadline = time.monotonic() + 10
    while not timetable._due and time.monotonic() < deadline:
        time.sleep(0.02)
    timetable.flush()
    timetable.stop()

    with psycopg.connect(fresh_store.admin_url) as connection:
        row = connection.execute("SELECT defer_timestamp FROM procrastinate_periodic_defers").fetchone()
    assert row == (int(due.timestamp()),)


def test_every_entry_of_the_timetable_names_a_task() -> None:
    assert {entry.task for entry in entries(Settings())} <= set(TASKS)


def test_a_backup_that_cannot_be_made_is_not_on_the_timetable() -> None:
    assert {entry.task for entry in entries(Settings())} - {
        entry.task for entry in entries(Settings(), backups=False)
    } == {"service.backup"}
