"""When jobs are due.

APScheduler tells the instants; each is put into the queue by its scheduled instant, so that any number of hosts put it
there once.
"""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from governance.kernel import jobs
from governance.kernel.clock import UTC, Clock
from governance.kernel.db import Database
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen
from governance.kernel.settings import Settings
from governance.kernel.work import SYSTEM, open_work

GRACE_SECONDS: Final = 3600
LOOK_BACK: Final = timedelta(days=1)
BACKUP: Final = "service.backup"

log = get_logger(__name__)


@frozen
class Entry:
    """A job of the timetable.

    Attributes:
        task: its name.
        cron: when, in five cron fields, UTC.
        catch_up: whether an instant of the last day that nobody was there for is made up for.
    """

    task: str
    cron: str
    catch_up: bool = False


def entries(settings: Settings, *, backups: bool = True) -> tuple[Entry, ...]:
    """The timetable; with the nightly backup only where *backups* can be made."""
    told = (
        Entry("service.purge", "17 * * * *"),
        Entry("service.partitions", "5 0 * * *", catch_up=True),
        Entry(BACKUP, f"0 {settings.backup_hour_utc} * * *", catch_up=True),
        Entry("service.rotate", "40 3 * * *", catch_up=True),
        Entry("duplicates.find", "20 2 * * *", catch_up=True),
        Entry("base.count", "50 2 * * *", catch_up=True),
        Entry("consent.expire", "25 * * * *", catch_up=True),
        Entry("customers.ages", "10 12 * * *", catch_up=True),  # when the day has begun everywhere
        Entry("service.resume_indexes", "*/10 * * * *"),
        Entry("proposals.tend", "*/5 * * * *"),
        Entry("holds.remind", "15 7 * * 1"),
        Entry("retention.begin", "35 * * * *"),  # the hour is looked at in the controller's zone
        Entry("exports.tend", "*/5 * * * *"),
        Entry("requests.tend", "*/5 * * * *"),
        Entry("packages.tend", "*/5 * * * *"),
        Entry("erasure.tend", "*/5 * * * *"),
    )
    return tuple(entry for entry in told if backups or entry.task != BACKUP)


class Timetable:
    """Puts due jobs into the queue; `flush` is called every few seconds and tries again what failed.

    Args:
        database: where the queue is.
        told: the entries.
        clock: tells which instants were missed at the start.
    """

    def __init__(self, database: Database, told: Sequence[Entry], *, clock: Clock) -> None:
        self._database = database
        self._entries = tuple(told)
        self._clock = clock
        self._due: deque[tuple[str, datetime]] = deque()
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": _Collector(self._due)})

    def start(self) -> None:
        """Begin to keep time; instants of the last day that nobody was there for are due now."""
        for entry in self._entries:
            trigger = CronTrigger.from_crontab(entry.cron, timezone=UTC)
            if entry.catch_up:
                self._catch_up(entry, trigger)
            self._scheduler.add_job(
                _do_nothing, trigger, id=entry.task, misfire_grace_time=GRACE_SECONDS, coalesce=True
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Keep time no longer."""
        self._scheduler.shutdown(wait=False)

    def flush(self) -> None:
        """Put what is due into the queue."""
        while self._due:
            task, scheduled = self._due[0]
            with open_work(self._database, SYSTEM, clock=self._clock) as work:
                fresh = jobs.defer_tick(work, task, scheduled=scheduled)
            self._due.popleft()
            if fresh:
                log.info("worker.tick", task=task, scheduled=scheduled.isoformat())

    def _catch_up(self, entry: Entry, trigger: CronTrigger) -> None:
        now = self._clock.now()
        missed = previous_instant(trigger, now)
        with open_work(self._database, SYSTEM, clock=self._clock) as work:
            # A store in which the job never ran is new: nothing was missed.
            known = jobs.has_ticked(work, entry.task)
        if known and missed is not None:
            self._due.append((entry.task, missed))


def previous_instant(trigger: CronTrigger, now: datetime) -> datetime | None:
    """The last instant of *trigger* within the day before *now*."""
    found: datetime | None = None
    following = trigger.get_next_fire_time(None, now - LOOK_BACK)
    while following is not None and following <= now:
        found = following
        following = trigger.get_next_fire_time(following, following)
    return found


class _Collector(BaseExecutor):  # type: ignore[misc]  # APScheduler 3 has no types
    """Collects the scheduled instants of due jobs instead of running anything."""

    def __init__(self, due: deque[tuple[str, datetime]]) -> None:
        super().__init__()
        self._due = due

    def submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:  # noqa: ANN401 - APScheduler has no types
        """Note the instants."""
        self._due.extend((str(job.id), at.astimezone(UTC)) for at in run_times)

    def _do_submit_job(self, job: Any, run_times: Sequence[datetime]) -> None:  # noqa: ANN401
        self.submit_job(job, run_times)


def _do_nothing() -> None:
    """What APScheduler wants to hold; the collector never calls it."""
