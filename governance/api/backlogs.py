"""Figures that only the database knows: how far log and queue are behind."""

from collections.abc import Callable, Mapping

from governance.api.service import Figure
from governance.audit.progress import Progress, progress
from governance.kernel import jobs
from governance.kernel.db import Database
from governance.kernel.outage import outage_named
from governance.kernel.work import SYSTEM, Work, open_work


def figures_of(database: Database) -> tuple[Figure, ...]:
    """What `/metrics` tells of *database*."""

    def of_log(tell: Callable[[Work, Progress], float]) -> Callable[[], Mapping[str, float]]:
        def read() -> Mapping[str, float]:
            with outage_named(), open_work(database, SYSTEM) as work:
                return {"": tell(work, progress(work))}

        return read

    def of_jobs() -> Mapping[str, float]:
        with outage_named(), open_work(database, SYSTEM) as work:
            return jobs.counts(work)

    return (
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
