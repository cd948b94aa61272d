"""What each job does. A job gets ids and opens its own units of work; it may be run twice, and must bear that."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from procrastinate import App, RetryStrategy
from procrastinate.connector import BaseConnector

from governance.accounts.deciding import EXECUTE
from governance.consent import segmenting
from governance.disclosures import operations as disclosures
from governance.erasure import operations as erasures
from governance.intake import operations as intake
from governance.intake.duplicates_store import FIND_DUPLICATES
from governance.intake.snapshots import TAKE_SNAPSHOT
from governance.kernel import jobs
from governance.kernel.jobs import QUEUE
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, open_work
from governance.retention import operations as retention
from governance.rights.packages import operations as packages
from governance.worker import customer_tasks, rights_tasks, store_tasks
from governance.worker.surroundings import Surroundings

ATTEMPTS: Final = 8
FIRST_PAUSE_SECONDS: Final = 4

Task = Callable[..., None]

log = get_logger(__name__)

TASKS: Final[Mapping[str, Callable[..., None]]] = {
    "service.purge": store_tasks.purge,
    "service.partitions": store_tasks.partitions,
    "service.backup": store_tasks.make_backup,
    "service.rotate": store_tasks.rotate_keys,
    "service.resume_indexes": store_tasks.resume_indexes,
    "consent.expire": customer_tasks.expire_consents,
    "customers.ages": customer_tasks.raise_ages,
    "proposals.tend": rights_tasks.tend_proposals,
    "exports.tend": rights_tasks.tend_exports,
    "requests.tend": rights_tasks.tend_requests,
    disclosures.MAKE: rights_tasks.make_export,
    "packages.tend": rights_tasks.tend_packages,
    packages.MAKE: rights_tasks.make_package,
    "erasure.tend": rights_tasks.tend_erasures,
    erasures.RUN: rights_tasks.run_erasure,
    EXECUTE: rights_tasks.execute_proposal,
    customer_tasks.RESUME_IMPORT: customer_tasks.resume_import,
    FIND_DUPLICATES: customer_tasks.find_duplicates,
    TAKE_SNAPSHOT: customer_tasks.count_base,
    segmenting.RUN: customer_tasks.run_segment,
    "retention.begin": rights_tasks.begin_purge,
    retention.RESUME: rights_tasks.resume_purge,
    "holds.remind": rights_tasks.remind_of_holds,
    retention.RUN: rights_tasks.run_purge,
}


def find_interrupted(around: Surroundings) -> None:
    """Put imports and runs of segments into the queue that were begun and are in nobody's hands."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        segmenting.resume_runs(work)
        for run in retention.open_runs(work):
            jobs.defer_once(work, retention.RUN, waiting=f"retention {run}", run=run)
        for batch in intake.resumable(work):
            jobs.defer_once(work, customer_tasks.RESUME_IMPORT, waiting=f"import {batch}", batch=batch)


def make_app(connector: BaseConnector, around: Surroundings) -> App:
    """The queue's view of all tasks."""
    app = App(connector=connector)
    for name, function in TASKS.items():
        retry = RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=FIRST_PAUSE_SECONDS)
        app.task(name=name, queue=QUEUE, retry=retry)(_bound(name, function, around))
    return app


def _bound(name: str, function: Task, around: Surroundings) -> Callable[..., None]:
    def run(**ids: Any) -> None:  # noqa: ANN401 - ids as the queue keeps them: numbers and text
        log.info("worker.job_started", task=name)
        try:
            function(around, **ids)
        except Exception:
            # The queue tries again by itself; without this line nobody would know why.
            log.exception("worker.job_failed", task=name, **ids)
            raise
        log.info("worker.job_done", task=name)

    run.__name__ = name.replace(".", "_")
    return run
