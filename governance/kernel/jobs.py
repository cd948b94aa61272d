"""Jobs: work for later, put into the queue in the very transaction that makes it necessary.

The queue is Procrastinate's, inside PostgreSQL: a job exists if and only if its transaction was committed. Jobs are
named by strings, so that whoever defers one need not load what carries it out; nor Procrastinate itself, whose own
function in the database takes the job. Arguments are ids, never values.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb
from sqlalchemy import text

from governance.kernel.clock import require_aware
from governance.kernel.db import driver_connection
from governance.kernel.work import Work

QUEUE: Final = "governance"
FAILED_KEPT: Final = timedelta(days=30)

_DEFER: Final = """
SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[
    ROW(%(queue)s, %(name)s, 0, %(lock)s, %(waiting)s, %(ids)s, %(at)s)::procrastinate_job_to_defer_v1
]))
"""
_ALREADY_WAITS: Final = "procrastinate_jobs_queueing_lock_idx_v1"


def defer(work: Work, name: str, *, lock: str | None = None, at: datetime | None = None, **ids: UUID | int) -> int:
    """Put a job into the queue, if and when the transaction of *work* is committed.

    Args:
        work: the unit of work that makes the job necessary.
        name: of the task, `package.verb`.
        lock: jobs of one lock run one after another, in the order they were put in.
        at: not before this instant.
        **ids: what the task is told.

    Returns:
        Number of the job.
    """
    return _put(work, name, ids, lock=lock, at=None if at is None else require_aware(at))


def defer_once(work: Work, name: str, *, waiting: str, **ids: UUID | int) -> bool:
    """Put a job into the queue unless one of the same name for *waiting* waits there; answers whether it did."""
    try:
        # In a savepoint, since the collision would abort the whole transaction.
        with work.session.begin_nested():
            _put(work, name, ids, waiting=waiting)
    except UniqueViolation as collision:
        if collision.diag.constraint_name != _ALREADY_WAITS:
            raise
        return False
    return True


def defer_tick(work: Work, name: str, *, scheduled: datetime) -> bool:
    """Put the job of a timetable into the queue, once however many hosts ask for the same instant.

    Returns:
        Whether this call did it.
    """
    found = work.session.scalar(
        text("SELECT procrastinate_defer_periodic_job_v2(:queue, :lock, NULL, :name, 0, '', :instant, '{}')"),
        {"queue": QUEUE, "lock": name, "name": name, "instant": int(require_aware(scheduled).timestamp())},
    )
    return found is not None


def has_ticked(work: Work, name: str) -> bool:
    """Whether the job of a timetable was ever put into the queue."""
    found = work.session.scalar(
        text("SELECT EXISTS (SELECT FROM procrastinate_periodic_defers WHERE task_name = :name)"), {"name": name}
    )
    return bool(found)


def counts(work: Work) -> Mapping[str, int]:
    """Jobs by their state: waiting (`todo`), running (`doing`), given up (`failed`); finished ones are deleted."""
    rows = work.session.execute(text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status"))
    found = {str(status): int(number) for status, number in rows}
    return {state: found.get(state, 0) for state in ("todo", "doing", "failed")}


def is_under_way(work: Work, name: str) -> bool:
    """Whether a job of this name waits or runs."""
    query = "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE task_name = :name AND status IN ('todo', 'doing'))"
    return bool(work.session.scalar(text(query), {"name": name}))


def given_up(work: Work) -> Mapping[str, int]:
    """Jobs that were given up, by task; without those of the timetable that a later run has made good."""
    found = work.session.execute(
        text(
            "SELECT task_name, count(*) FROM procrastinate_jobs j WHERE status = 'failed' AND NOT EXISTS "
            "(SELECT FROM procrastinate_periodic_defers d WHERE d.task_name = j.task_name AND d.job_id IS NULL) "
            "GROUP BY task_name ORDER BY task_name"
        )
    )
    return dict(iter(found))


def purge_failed(work: Work) -> int:
    """Delete jobs that were given up a month ago; until then they are there to be looked at."""
    found = work.session.execute(
        text(
            "DELETE FROM procrastinate_jobs j WHERE status IN ('failed', 'aborted', 'cancelled') AND NOT EXISTS "
            "(SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > :before) RETURNING id"
        ),
        {"before": work.now - FAILED_KEPT},
    )
    return len(found.all())


def _put(
    work: Work,
    name: str,
    ids: Mapping[str, UUID | int],
    *,
    lock: str | None = None,
    waiting: str | None = None,
    at: datetime | None = None,
) -> int:
    told = Jsonb({key: str(value) if isinstance(value, UUID) else value for key, value in ids.items()})
    job = {"queue": QUEUE, "name": name, "lock": lock, "waiting": waiting, "ids": told, "at": at}
    [(number,)] = driver_connection(work.session).execute(_DEFER, job).fetchall()
    return int(number)
