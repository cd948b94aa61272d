"""Figures that only the database knows: how far log and queue are behind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from governance.api.service import Figure
from governance.audit.errors import AuditBrokenError, AuditRollbackError, SigningKeyChangedError
from governance.audit.progress import Progress, progress
from governance.kernel import jobs
from governance.kernel.db import Database
from governance.kernel.outage import outage_named
from governance.kernel.work import SYSTEM, Work, open_work

MOST_PLACES: Final = 100
"""Series of one figure; a damaged table must not burst whoever collects them."""
ALARMS: Final = tuple(one.slug for one in (AuditBrokenError, AuditRollbackError, SigningKeyChangedError))


def figures_of(
    database: Database, alarms: Callable[[], Sequence[str]], unreadable: Callable[[], Sequence[str]]
) -> tuple[Figure, ...]:
    """What `/metrics` tells of *database*, of the *alarms* of its log by their codes, and of *unreadable* places."""

    def of_log(tell: Callable[[Work, Progress], float]) -> Callable[[], Mapping[str, float]]:
        def read() -> Mapping[str, float]:
            with outage_named(), open_work(database, SYSTEM) as work:
                return {"": tell(work, progress(work))}

        return read

    def of_jobs() -> Mapping[str, float]:
        with outage_named(), open_work(database, SYSTEM) as work:
            return jobs.counts(work)

    def of_alarms() -> Mapping[str, float]:
        standing = alarms()
        return {slug: float(slug in standing) for slug in ALARMS}

    def of_unreadable() -> Mapping[str, float]:
        return dict.fromkeys(unreadable()[:MOST_PLACES], 1.0)

    return (
        Figure(
            "governance_unreadable_value",
            "1 for each place (table, column, row) whose sealed value did not open when it was last met on this host.",
            "place",
            of_unreadable,
        ),
        Figure(
            "governance_audit_alarm",
            "1 where the audit log raised an alarm on this host, by reason.",
            "reason",
            of_alarms,
        ),
        Figure("governance_audit_pending", "Entries that have no place in the tree yet.", None, of_log(_pending)),
        Figure("governance_audit_size", "Leaves of the audit tree.", None, of_log(lambda _work, at: at.size)),
        Figure(
            "governance_audit_unsigned",
            "Leaves that are not under a checkpoint yet.",
            None,
            of_log(lambda _work, at: at.size - at.signed_size),
        ),
        Figure(
            "governance_audit_checkpoint_age_seconds",
            "Seconds since the newest checkpoint was signed; -1 where none was.",
            None,
            of_log(_checkpoint_age),
        ),
        Figure("governance_jobs", "Jobs in the queue, by state.", "state", of_jobs),
    )


def _pending(_work: Work, at: Progress) -> float:
    return at.pending


def _checkpoint_age(work: Work, at: Progress) -> float:
    return -1.0 if at.signed_at is None else (work.now - at.signed_at).total_seconds()
