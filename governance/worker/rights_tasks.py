"""What people and officers were promised: proposals, exports, requests, packages, erasures, retention."""

import contextlib
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalId
from governance.customers import operations as customers
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import ExportId
from governance.erasure import operations as erasures
from governance.erasure.operations import ErasureId
from governance.kernel import jobs
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, open_work
from governance.retention import operations as retention
from governance.retention.operations import RunId
from governance.rights import operations as rights
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageId
from governance.worker.surroundings import StoppedError, Surroundings

log = get_logger(__name__)


def execute_proposal(around: Surroundings, *, proposal: str) -> None:
    """Carry out what a second person approved, once."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        accounts.execute(work, proposal=ProposalId(UUID(proposal)))


def tend_proposals(around: Surroundings) -> None:
    """Let proposals expire, ask deputies about those whose time is half over, find lost ones."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        seen_to = accounts.tend(work)
    log.info("worker.proposals_tended", proposals=seen_to)


def make_export(around: Surroundings, *, export: str) -> None:
    """Gather the rows of an approved export until it is whole, or the worker is to end."""
    # The next start takes it up again.
    with contextlib.suppress(StoppedError):
        disclosures.make(
            around.store.database, export=ExportId(UUID(export)), clock=around.clock, on_progress=around.stop_where_told
        )


def tend_exports(around: Surroundings) -> None:
    """Destroy what was not fetched in time, forget old fingerprints, take up exports that were interrupted."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        destroyed = sum(disclosures.destroy(work, export=one) for one in disclosures.due_for_destruction(work))
        forgotten = disclosures.forget_prints(work)
        for one in disclosures.unfinished_exports(work):
            jobs.defer_once(work, disclosures.MAKE, waiting=f"export {one}", export=one)
    log.info("worker.exports_tended", destroyed=destroyed, forgotten=forgotten)


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


def make_package(around: Surroundings, *, package: str) -> None:
    """Gather a package of a person's data, or have an officer look at notes in it first."""
    packages.make(around.store.database, package=PackageId(UUID(package)), clock=around.clock)
    _follow_up_on(around, UUID(package))


def _follow_up_on(around: Surroundings, carried: UUID) -> None:
    """Complete the request that something was done for, and tell the person; a lost one is found by `tend_requests`."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        rights.follow_up_on(work, carried=carried)


def tend_packages(around: Surroundings) -> None:
    """Destroy packages whose time is over; find those that nobody makes."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        destroyed = sum(packages.destroy(work, package=one) for one in packages.due_for_destruction(work))
        for one in packages.unfinished(work):
            jobs.defer_once(work, packages.MAKE, waiting=f"package {one}", package=one)
    log.info("worker.packages_tended", destroyed=destroyed)


def run_erasure(around: Surroundings, *, erasure: str) -> None:
    """See an erasure through; what fails is tried again later, and what waits is left to `tend_erasures`."""
    if erasures.run(around.store.database, erasure=ErasureId(UUID(erasure)), clock=around.clock):
        _follow_up_on(around, UUID(erasure))


def tend_erasures(around: Surroundings) -> None:
    """Let erasures go on whose kept or held data may go now, and those whose job was lost."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        resumed = erasures.resume(work)
    log.info("worker.erasures_tended", resumed=len(resumed))


def begin_purge(around: Surroundings) -> None:
    """Begin the nightly run of the retention policies in force; lift what they restricted of people who came back."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        lifted = retention.lift_ended(work)
    log.info("worker.restrictions_lifted", lifted=lifted)
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        begun = retention.begin_nightly(work, hour=around.store.settings.retention_hour)
    log.info("worker.purge_begun", run=None if begun is None else str(begun.id))
    if begun is not None:
        _warn_people(around)


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
    # The next start takes it up again.
    with contextlib.suppress(StoppedError):
        retention.see_through(
            around.store.database,
            actor=SYSTEM,
            run=RunId(UUID(run)),
            clock=around.clock,
            on_progress=around.stop_where_told,
        )


def resume_purge(around: Surroundings) -> None:
    """Begin a run of what a hold kept that was released."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        begun = retention.begin_released(work, hour=around.store.settings.retention_hour)
    log.info("worker.purge_resumed", run=None if begun is None else str(begun.id))


def remind_of_holds(around: Surroundings) -> None:
    """Tell officers of legal holds that are to be looked at again."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        due = customers.count_to_review(work)
        if due:
            accounts.raise_alert(work, kind=accounts.AlertKind.HOLDS_DUE, facts={"holds": due})
    log.info("worker.holds_reviewed", due=due)
