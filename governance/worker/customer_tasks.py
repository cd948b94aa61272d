"""What the customer base needs: imports, duplicates, segments, figures, ages and consents."""

import contextlib
from typing import Final
from uuid import UUID

from governance.consent import operations as consent
from governance.consent import segmenting
from governance.customers import operations as customers
from governance.intake import operations as intake
from governance.intake.duplicates_store import FIND_DUPLICATES
from governance.intake.snapshots import TAKE_SNAPSHOT
from governance.kernel import jobs
from governance.kernel.errors import ConflictError
from governance.kernel.ids import BatchId
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, open_work
from governance.retention import operations as retention
from governance.worker.surroundings import StoppedError, Surroundings

RESUME_IMPORT: Final = "intake.resume"

log = get_logger(__name__)


def resume_import(around: Surroundings, *, batch: str) -> None:
    """Go on with an import, or with its undoing, until it is done or the worker is to end."""
    # The other process that holds it, or the next start, takes it up again.
    with contextlib.suppress(ConflictError, StoppedError):
        intake.resume(
            around.store.database,
            actor=SYSTEM,
            batch=BatchId(UUID(batch)),
            clock=around.clock,
            on_progress=around.stop_where_told,
        )


def find_duplicates(around: Surroundings) -> None:
    """Compare all people with one another; what is ended with the worker begins anew when that is there again."""
    try:
        found = intake.find_duplicates(
            around.store.database, actor=SYSTEM, clock=around.clock, on_progress=around.stop_where_told
        )
    except StoppedError:
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            jobs.defer_once(work, FIND_DUPLICATES, waiting=FIND_DUPLICATES)
        return
    log.info("worker.duplicates_found", people=found.people, pairs=found.pairs, fresh=found.fresh, gone=found.gone)
    score = around.store.settings.merge_from
    if score:
        merged = intake.merge_surest(around.store.database, actor=SYSTEM, score=score, clock=around.clock)
        log.info("worker.duplicates_merged", merges=merged)


def count_base(around: Surroundings) -> None:
    """Count who may be written to and what is known of people; what is ended with the worker begins anew later."""
    try:
        found = intake.take_snapshot(
            around.store.database, actor=SYSTEM, clock=around.clock, on_progress=around.stop_where_told
        )
    except StoppedError:
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            jobs.defer_once(work, TAKE_SNAPSHOT, waiting=TAKE_SNAPSHOT)
    else:
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            consent.count_months(work)
            retention.count_outlook(work)
        log.info("worker.base_counted", people=found.people, unverified=found.unverified)


def run_segment(around: Surroundings, *, run: str) -> None:
    """See a run of a segment through, or as far as it comes until the worker is to end."""
    # As with imports: whoever holds it, or the next start, takes it up again.
    with contextlib.suppress(ConflictError, StoppedError):
        segmenting.see_through(
            around.store.database,
            actor=SYSTEM,
            run=segmenting.RunId(UUID(run)),
            clock=around.clock,
            on_progress=around.stop_where_told,
        )


def raise_ages(around: Surroundings) -> None:
    """Take down who has reached an age that a law asks about."""
    after = None
    while not around.stopping.is_set():
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            after = customers.raise_ages(work, after=after)
        if after is None:
            break


def expire_consents(around: Surroundings) -> None:
    """Record for consents whose end has come that they have lapsed; checks say no from the very instant anyway."""
    lapsed = 0
    while not around.stopping.is_set():
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            some = consent.expire(work)
        lapsed += some
        if some == 0:
            break
    log.info("worker.consents_lapsed", lapsed=lapsed)
