"""Carrying a run out: batch by batch, each in a transaction of its own, by as many workers at once as one likes.

Whoever comes claims what nobody else has in hand, so two workers never do the same; a run that was interrupted is gone
on with by calling this again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update

from governance.erasure import operations as erasure
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import UnavailableError
from governance.kernel.ids import SubjectId
from governance.kernel.logs import get_logger
from governance.kernel.outage import OUTAGES
from governance.kernel.records import frozen
from governance.kernel.work import Actor, Work, open_work
from governance.policies.classification import Compartment
from governance.policies.retention import RetentionAction, RetentionPolicy, TargetKind
from governance.reference.retention_rules import PolicyId, PolicyState, active_versions, policy_version
from governance.retention import failing
from governance.retention.beginning import begin, finish, stop
from governance.retention.due import Rules, rules_of
from governance.retention.records import Run, RunId, RunOrigin, RunState
from governance.retention.removing import Batch, Part, age_bodies, batch_size, claim, take_away
from governance.retention.runs import find_run, open_runs
from governance.retention.simulating import count_due
from governance.retention.tables import FailureRow, PartRow, RunRow

REST: Final = 0.5
"""How long is rested after a batch, as a share of the time that it took, so that others get their turn."""
WAITS: Final = 40
WAIT_SECONDS: Final = 0.25
"""How often, and for how long, rows are waited for that somebody else has locked."""

log = get_logger(__name__)


@frozen
class Progress:
    """How far a run is: rows that went, and rows that were due when it began."""

    done: int
    total: int


@dataclass(slots=True)
class _Claimed:
    """What a batch had in hand when it failed."""

    ids: list[UUID] = field(default_factory=list)


def see_through(
    database: Database,
    *,
    actor: Actor,
    run: RunId,
    clock: Clock | None = None,
    rest: float = REST,
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Do all that is left of a run; one that was stopped, waits, or is over is left as it is.

    Args:
        database: the store.
        actor: who does it.
        run: which one.
        clock: tells the time.
        rest: share of the time of each batch that is rested after it; 0 for none.
        on_progress: told after each batch; may raise, which leaves the rest to whoever comes next.

    Raises:
        NoSuchRunError: where there is none.
    """
    while True:
        with open_work(database, actor, clock=clock) as work:
            told = find_run(work, run=run)
            part = _next_part(work, told)
            if part is None:
                finish(work, run=run)
                return find_run(work, run=run)
        _do_part(database, actor, part, clock=clock, rest=rest, tell=_teller(told, on_progress))


def purge_restored(database: Database, *, actor: Actor, clock: Clock | None = None) -> Run | None:
    """Take away again what was overdue before a restore brought it back; None where no policy is in force.

    Runs that were under way in the backup are stopped: this one does what they left.
    """
    with open_work(database, actor, clock=clock) as work:
        if not active_versions(work):
            return None
        for run in open_runs(work, fused=True):
            stop(work, run=run)
        begun = begin(work, origin=RunOrigin.RESTORE, at_once=True)
    return see_through(database, actor=actor, run=begun.id, clock=clock, rest=0)


def _teller(told: Run, on_progress: Callable[[Progress], None] | None) -> Callable[[int], None]:
    done = [sum(part.rows for part in told.parts)]
    total = sum(part.due_rows for part in told.parts)

    def tell(rows: int) -> None:
        done[0] += rows
        if on_progress is not None:
            on_progress(Progress(done[0], max(total, done[0])))

    return tell


def _next_part(work: Work, told: Run) -> Part | None:
    """The first part that is not done; None where the run has ended, or none is left."""
    if told.state is not RunState.RUNNING:
        return None
    for number, part in enumerate(told.parts, start=1):
        if not part.is_done:
            return Part(told.id, number, policy_version(work, policy=part.policy))
    return None


def _do_part(
    database: Database, actor: Actor, part: Part, *, clock: Clock | None, rest: float, tell: Callable[[int], None]
) -> None:
    size = whole = batch_size(part.policy)
    waited = 0
    _renew(database, actor, part.policy, None, clock)  # a process may have died between shredding and this
    while True:
        began = time.monotonic()
        claimed = _Claimed()
        try:
            with open_work(database, actor, clock=clock) as work:
                batch = _do_batch(work, part, size, claimed, patient=waited < WAITS)
        except (UnavailableError, *OUTAGES):
            raise
        except failing.REFUSALS as error:
            slug = failing.slug_of(error)
            log.warning("retention.batch_failed", run=str(part.run), policy=part.policy.key, slug=slug)
            if len(claimed.ids) <= 1 and not _go_on_without(database, actor, part, claimed.ids, slug, clock):
                return
            size = max(1, len(claimed.ids) // 2)
            continue
        if batch is None:
            return
        if not batch.rows:
            waited += 1
            time.sleep(WAIT_SECONDS if not batch.claimed else 0)
            continue
        _renew(database, actor, part.policy, batch.claimed, clock)
        waited, size = 0, min(whole, size * 2)
        tell(batch.rows)
        if rest:
            time.sleep(rest * (time.monotonic() - began))


def _renew(
    database: Database, actor: Actor, policy: RetentionPolicy, people: Sequence[UUID] | None, clock: Clock | None
) -> None:
    """Let data come again into a compartment that was shredded: its people stay customers."""
    if policy.action is RetentionAction.SHRED_COMPARTMENT:
        whose = None if people is None else [SubjectId(one) for one in people]
        with open_work(database, actor, clock=clock) as work:
            erasure.renew_compartment(work, compartment=Compartment(policy.target.name), people=whose)


def _do_batch(work: Work, part: Part, size: int, claimed: _Claimed, *, patient: bool) -> Batch | None:
    """One batch; None where the part is over, an empty one where others have what is left in hand."""
    row = _open_part(work, part)
    if row is None:
        return None
    rules = _rules(work, part)
    if part.policy.target.kind is TargetKind.LOG:
        batch = age_bodies(work, rules, part)
        _end(work, part, rules)
        return None if not batch.rows else batch
    if row.at_most is not None:
        size = min(size, row.at_most - row.rows)
        if size <= 0:
            _end(work, part, rules)
            return None
    claimed.ids = claim(work, rules, part, at_most=size)
    if claimed.ids:
        return take_away(work, rules, part, claimed.ids)
    due = count_due(work, rules, part.policy).rows
    if patient and due != _failed(work, part):
        return Batch(())
    _close(work, part, left=due)
    return None


def _open_part(work: Work, part: Part) -> PartRow | None:
    """The part, while its run goes on and its version is in force; in waves, nobody else works on it meanwhile."""
    running = select(RunRow.state).where(RunRow.id == part.run)
    state = work.session.scalar(running.with_for_update(read=True))  # whoever ends the run waits for this batch
    query = select(PartRow).where(PartRow.run_id == part.run, PartRow.number == part.number)
    row = work.session.scalars(query).one()
    if row.at_most is not None:
        row = work.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()
    if state != RunState.RUNNING.value or row.state != "waiting":
        return None
    if policy_version(work, policy=PolicyId(row.policy_id)).state is not PolicyState.ACTIVE:
        _end(work, part, None)  # what took its place acts in the next run
        return None
    return row


def _rules(work: Work, part: Part) -> Rules:
    """What is due is decided by the instant of the run, or by now where the clock was set back meanwhile."""
    at = work.session.scalars(select(RunRow.at).where(RunRow.id == part.run)).one()
    return rules_of(work, at=min(at, work.now))


def _failed(work: Work, part: Part) -> int:
    """How many rows could not go, and are due still."""
    failed = select(func.count()).where(FailureRow.run_id == part.run, FailureRow.number == part.number)
    return int(work.session.scalar(failed) or 0)


def _end(work: Work, part: Part, rules: Rules | None) -> None:
    _close(work, part, left=0 if rules is None else count_due(work, rules, part.policy).rows)


def _close(work: Work, part: Part, *, left: int) -> None:
    work.session.execute(
        update(PartRow)
        .where(PartRow.run_id == part.run, PartRow.number == part.number)
        .values(state="done", left_over=left),
        execution_options={"synchronize_session": False},
    )


def _go_on_without(
    database: Database, actor: Actor, part: Part, ids: Sequence[UUID], slug: str, clock: Clock | None
) -> bool:
    """Take down what could not go; where nothing could even be claimed, or too much failed, the part is over."""
    with open_work(database, actor, clock=clock) as work:
        more = failing.note(work, part, ids or [part.version.id], slug)
        if ids and more:
            return True
        if _open_part(work, part) is not None:
            _end(work, part, _rules(work, part))
    return False
