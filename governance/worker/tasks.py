"""What each job does. A job gets ids and opens its own units of work; it may be run twice, and must bear that."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, Final
from uuid import UUID

from procrastinate import App, RetryStrategy
from procrastinate.connector import BaseConnector

from governance.accounts import operations as accounts
from governance.accounts.deciding import EXECUTE
from governance.accounts.operations import ProposalId
from governance.accounts.portal import operations as portal
from governance.audit import operations as audit
from governance.consent import operations as consent
from governance.consent import segmenting
from governance.custody import backup, rotation
from governance.custody.duties import duties_of
from governance.custody.errors import BusyError
from governance.custody.opening import Store
from governance.custody.reindexing import IndexRotation
from governance.custody.rows import indexed_fields
from governance.customers import operations as customers
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import ExportId
from governance.erasure import operations as erasures
from governance.erasure.operations import ErasureId
from governance.intake import operations as intake
from governance.intake.duplicates_store import FIND_DUPLICATES
from governance.intake.reports import Progress
from governance.intake.snapshots import TAKE_SNAPSHOT
from governance.kernel import idempotency, jobs
from governance.kernel.clock import Clock
from governance.kernel.errors import ConflictError
from governance.kernel.ids import BatchId
from governance.kernel.jobs import QUEUE
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, open_work
from governance.messages import operations as messages
from governance.messages.webhooks import operations as webhooks
from governance.retention import operations as retention
from governance.retention.operations import RunId
from governance.rights import operations as rights
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageId

RESUME_IMPORT: Final = "intake.resume"
ATTEMPTS: Final = 8
FIRST_PAUSE_SECONDS: Final = 4

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What jobs work with.

    Attributes:
        stopping: set when the worker is to end; long jobs stop at their next step and are resumed later.
    """

    store: Store
    clock: Clock
    stopping: Event


Task = Callable[..., None]


class _StoppedError(Exception):
    """The worker is to end; what was begun goes on at its next start."""


def purge(around: Surroundings) -> None:
    """Forget what was kept for a time: requests a day, refused rows and subscriptions a week, mail and jobs a month."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        requests = idempotency.purge(work)
        imports = intake.purge_refused(work)
        failed = jobs.purge_failed(work)
        mail = messages.purge(work)
        hooks = webhooks.purge(work)
        subscriptions = consent.purge_subscriptions(work)
        proposals = accounts.forget_words(work)
        attempts = accounts.forget_attempts(work)
        sessions = accounts.forget_sessions(work)
        readings = accounts.forget_readings(work)
        counts = portal.forget_counts(work)
        segments = segmenting.expire(work)
    log.info(
        "worker.purged",
        requests=requests,
        imports=imports,
        failed_jobs=failed,
        messages=mail,
        webhooks=hooks,
        subscriptions=subscriptions,
        proposals=proposals,
        attempts=attempts,
        sessions=sessions,
        readings=readings,
        counts=counts,
        segments=segments,
    )


def partitions(around: Surroundings) -> None:
    """Make the partitions of the audit log that the coming months need."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        made = audit.ensure_partitions(work)
    log.info("worker.partitions", made=made)


def make_backup(around: Surroundings) -> None:
    """Make the nightly backup, and keep as many as the settings say."""
    done = backup.nightly(around.store, SYSTEM, clock=around.clock)
    log.info("worker.backed_up", backup=done.made.folder.name, removed=len(done.pruned.backups))


def rotate_keys(around: Surroundings) -> None:
    """Begin a new key epoch where that is due, and see a rotation through that was begun."""
    store = around.store
    done = rotation.rotate(
        store.database,
        store.keyring,
        SYSTEM,
        duties=duties_of(store, SYSTEM),
        if_due_after_days=store.settings.epoch_days,
        clock=around.clock,
    )
    log.info("worker.keys_seen_to", epoch=done.epoch, rewrapped=done.rewrapped, destroyed=len(done.destroyed))


def resume_indexes(around: Surroundings) -> None:
    """Go on with a rotation of the blind indexes that was interrupted, until it is done or the worker is to end."""
    store = around.store

    def stop_where_told(_table: str, _rows: int) -> None:
        if around.stopping.is_set():
            raise _StoppedError

    rotating = IndexRotation(
        store.database,
        store.keyring,
        SYSTEM,
        fields=indexed_fields(),
        duties=duties_of(store, SYSTEM),
        clock=around.clock,
        progress=stop_where_told,
    )
    try:
        if rotating.is_pending():
            log.info("worker.indexes_rotated", version=rotating.resume())
    except _StoppedError:
        return
    except BusyError as error:
        log.info("worker.indexes_wait", reason=error.detail)  # the next call goes on


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


def raise_ages(around: Surroundings) -> None:
    """Take down who has reached an age that a law asks about."""
    after = None
    while not around.stopping.is_set():
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            after = customers.raise_ages(work, after=after)
        if after is None:
            break


def execute_proposal(around: Surroundings, *, proposal: str) -> None:
    """Carry out what a second person approved, once."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        accounts.execute(work, proposal=ProposalId(UUID(proposal)))


def tend_proposals(around: Surroundings) -> None:
    """Let proposals expire, ask deputies about those whose time is half over, find lost ones."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        seen_to = accounts.tend(work)
    log.info("worker.proposals_tended", proposals=seen_to)


def resume_import(around: Surroundings, *, batch: str) -> None:
    """Go on with an import, or with its undoing, until it is done or the worker is to end."""

    def stop_where_told(_progress: Progress) -> None:
        if around.stopping.is_set():
            raise _StoppedError

    # The other process that holds it, or the next start, takes it up again.
    with contextlib.suppress(ConflictError, _StoppedError):
        intake.resume(
            around.store.database,
            actor=SYSTEM,
            batch=BatchId(UUID(batch)),
            clock=around.clock,
            on_progress=stop_where_told,
        )


def make_export(around: Surroundings, *, export: str) -> None:
    """Gather the rows of an approved export until it is whole, or the worker is to end."""

    def stop_where_told(_progress: object) -> None:
        if around.stopping.is_set():
            raise _StoppedError

    # The next start takes it up again.
    with contextlib.suppress(_StoppedError):
        disclosures.make(
            around.store.database, export=ExportId(UUID(export)), clock=around.clock, on_progress=stop_where_told
        )


def tend_exports(around: Surroundings) -> None:
    """Destroy what was not fetched in time, forget old fingerprints, take up exports that were interrupted."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        destroyed = sum(disclosures.destroy(work, export=one) for one in disclosures.due_for_destruction(work))
        forgotten = disclosures.forget_prints(work)
        for one in disclosures.unfinished_exports(work):
            jobs.defer_once(work, disclosures.MAKE, waiting=f"export {one}", export=one)
    log.info("worker.exports_tended", destroyed=destroyed, forgotten=forgotten)


def run_erasure(around: Surroundings, *, erasure: str) -> None:
    """See an erasure through; what fails is tried again later, and what waits is left to `tend_erasures`."""
    erasures.run(around.store.database, erasure=ErasureId(UUID(erasure)), clock=around.clock)


def tend_erasures(around: Surroundings) -> None:
    """Let erasures go on whose kept or held data may go now, and those whose job was lost."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        resumed = erasures.resume(work)
    log.info("worker.erasures_tended", resumed=len(resumed))


def begin_purge(around: Surroundings) -> None:
    """Begin the nightly run of the retention policies in force."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        begun = retention.begin_nightly(work, hour=around.store.settings.retention_hour)
    log.info("worker.purge_begun", run=None if begun is None else str(begun.id))
    if begun is not None:
        _warn_people(around)


def remind_of_holds(around: Surroundings) -> None:
    """Tell officers of legal holds that are to be looked at again."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        due = customers.count_to_review(work)
        if due:
            accounts.raise_alert(work, kind=accounts.AlertKind.HOLDS_DUE, facts={"holds": due})
    log.info("worker.holds_reviewed", due=due)


def _warn_people(around: Surroundings) -> None:
    """Tell those who are to be erased soon."""
    settings = around.store.settings
    base_url = (settings.public_url or f"http://{settings.bind_host}:{settings.bind_port}").rstrip("/")
    warned = 0
    while not around.stopping.is_set():
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            some = retention.warn_next(work, base_url=base_url)
        warned += some
        if some == 0:
            break
    log.info("worker.people_warned", people=warned)


def run_purge(around: Surroundings, *, run: str) -> None:
    """Take away what is overdue, or as much as is done until the worker is to end."""

    def stop_where_told(_progress: retention.Progress) -> None:
        if around.stopping.is_set():
            raise _StoppedError

    # The next start takes it up again.
    with contextlib.suppress(_StoppedError):
        retention.see_through(
            around.store.database,
            actor=SYSTEM,
            run=RunId(UUID(run)),
            clock=around.clock,
            on_progress=stop_where_told,
        )


def make_package(around: Surroundings, *, package: str) -> None:
    """Gather a package of a person's data, or have an officer look at notes in it first."""
    packages.make(around.store.database, package=PackageId(UUID(package)), clock=around.clock)


def tend_packages(around: Surroundings) -> None:
    """Destroy packages whose time is over; find those that nobody makes."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        destroyed = sum(packages.destroy(work, package=one) for one in packages.due_for_destruction(work))
        for one in packages.unfinished(work):
            jobs.defer_once(work, packages.MAKE, waiting=f"package {one}", package=one)
    log.info("worker.packages_tended", destroyed=destroyed)


def tend_requests(around: Surroundings) -> None:
    """Remind officers of requests, end those that nobody answered, lift restrictions, complete what was carried out."""
    told: dict[str, int] = {}
    # Each in a transaction of its own: what hinders one does not hinder the others.
    acts = {
        "done": rights.follow_up,
        "expired": rights.expire,
        "lifted": rights.lift_due,
        "reminded": rights.remind,
        "forgotten": rights.forget_erased,
    }
    for name, act in acts.items():
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            told[name] = act(work)
    log.info("worker.requests_tended", **told)


def find_duplicates(around: Surroundings) -> None:
    """Compare all people with one another; what is ended with the worker begins anew when that is there again."""

    def stop_where_told(_done: int, _total: int) -> None:
        if around.stopping.is_set():
            raise _StoppedError

    try:
        found = intake.find_duplicates(
            around.store.database, actor=SYSTEM, clock=around.clock, on_progress=stop_where_told
        )
    except _StoppedError:
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            jobs.defer_once(work, FIND_DUPLICATES, waiting=FIND_DUPLICATES)
        return
    log.info("worker.duplicates_found", people=found.people, pairs=found.pairs, fresh=found.fresh, gone=found.gone)
    score = around.store.settings.merge_from
    if score:
        merged = intake.merge_surest(around.store.database, actor=SYSTEM, score=score, clock=around.clock)
        log.info("worker.duplicates_merged", merges=merged)


def run_segment(around: Surroundings, *, run: str) -> None:
    """See a run of a segment through, or as far as it comes until the worker is to end."""

    def stop_where_told(_progress: segmenting.Progress) -> None:
        if around.stopping.is_set():
            raise _StoppedError

    # As with imports: whoever holds it, or the next start, takes it up again.
    with contextlib.suppress(ConflictError, _StoppedError):
        segmenting.see_through(
            around.store.database,
            actor=SYSTEM,
            run=segmenting.RunId(UUID(run)),
            clock=around.clock,
            on_progress=stop_where_told,
        )


def count_base(around: Surroundings) -> None:
    """Count who may be written to and what is known of people; what is ended with the worker begins anew later."""

    def stop_where_told(_done: int) -> None:
        if around.stopping.is_set():
            raise _StoppedError

    try:
        found = intake.take_snapshot(
            around.store.database, actor=SYSTEM, clock=around.clock, on_progress=stop_where_told
        )
    except _StoppedError:
        with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
            jobs.defer_once(work, TAKE_SNAPSHOT, waiting=TAKE_SNAPSHOT)
    else:
        log.info("worker.base_counted", people=found.people, unverified=found.unverified)


def find_interrupted(around: Surroundings) -> None:
    """Put imports and runs of segments into the queue that were begun and are in nobody's hands."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        segmenting.resume_runs(work)
        for run in retention.open_runs(work):
            jobs.defer_once(work, retention.RUN, waiting=f"retention {run}", run=run)
        for batch in intake.resumable(work):
            jobs.defer_once(work, RESUME_IMPORT, waiting=f"import {batch}", batch=batch)


TASKS: Final[Mapping[str, Callable[..., None]]] = {
    "service.purge": purge,
    "service.partitions": partitions,
    "service.backup": make_backup,
    "service.rotate": rotate_keys,
    "service.resume_indexes": resume_indexes,
    "consent.expire": expire_consents,
    "customers.ages": raise_ages,
    "proposals.tend": tend_proposals,
    "exports.tend": tend_exports,
    "requests.tend": tend_requests,
    disclosures.MAKE: make_export,
    "packages.tend": tend_packages,
    packages.MAKE: make_package,
    "erasure.tend": tend_erasures,
    erasures.RUN: run_erasure,
    EXECUTE: execute_proposal,
    RESUME_IMPORT: resume_import,
    FIND_DUPLICATES: find_duplicates,
    TAKE_SNAPSHOT: count_base,
    segmenting.RUN: run_segment,
    "retention.begin": begin_purge,
    "holds.remind": remind_of_holds,
    retention.RUN: run_purge,
}


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
