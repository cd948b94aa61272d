"""Beginning, approving, stopping and ending a run."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertKind, Approved, Proposal, ProposalKind
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.reach import allow
from governance.kernel import jobs
from governance.kernel.clock import UTC
from governance.kernel.errors import ConflictError
from governance.kernel.ids import uuid7
from governance.kernel.logs import get_logger
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.reference.operations import find_controller
from governance.reference.retention_rules import (
    NoSuchPolicyError,
    PolicyId,
    PolicyVersion,
    active_versions,
    take_wave,
)
from governance.retention.certifying import issue
from governance.retention.due import Rules, in_order, rules_of
from governance.retention.errors import RunOpenError
from governance.retention.records import Run, RunId, RunOrigin, RunState
from governance.retention.runs import find_run, locked, parts_of
from governance.retention.simulating import Counted, count_due, count_store, count_touched, fuse_of
from governance.retention.tables import PartRow, RunRow

RUN: Final = "retention.run"
"""Name of the job that sees a run through."""
log = get_logger(__name__)
USUAL_RUNS: Final = 10
USUAL_TIMES: Final = 10
LEAST_RUNS: Final = 3


def begin(
    work: Work, *, origin: RunOrigin = RunOrigin.HAND, keys: Sequence[str] | None = None, at_once: bool = False
) -> Run:
    """Begin a run of the policies in force; a job does it once this is committed, or nothing yet if it trips the fuse.

    Args:
        work: the transaction; its instant decides what is due.
        origin: what starts it.
        keys: of the policies, all in force where left out.
        at_once: the caller sees it through, and no job is wanted.

    Raises:
        ForbiddenError: where the actor may not do it.
        NoSuchPolicyError: where one of *keys* is not in force.
        RunOpenError: where a run is under way, or waits to be approved.
    """
    allow(work, Permission.RETENTION_RUN)
    _refuse_second(work)
    versions = _chosen(work, keys)
    rules = rules_of(work, at=work.now)
    store = count_store(work)
    counted = {key: count_due(work, rules, one.policy) for key, one in versions.items()}
    unplanned = [one.policy for one in versions.values() if not one.waves_left]
    touched = count_touched(work, rules, unplanned)
    fused = touched > _limit(work, store)
    row = RunRow(
        id=uuid7(),
        origin=origin.value,
        state=(RunState.FUSED if fused else RunState.RUNNING).value,
        at=work.now,
        started_at=work.now,
        started_by_kind=work.actor.kind.value,
        started_by=work.actor.id,
        store_people=store,
        due_people=count_touched(work, rules, [one.policy for one in versions.values()]),
    )
    work.session.add(row)
    work.session.flush()
    ordered = in_order(one.policy for one in versions.values())
    for number, policy in enumerate(ordered, start=1):
        work.session.add(_part(row, number, versions[policy.key], counted[policy.key]))
    work.session.flush()
    run = RunId(row.id)
    facts: dict[str, Fact] = {
        "origin": origin.value,
        "people": row.due_people,
        "store": store,
        "policies": _named(rules, versions),
    }
    audit.append(
        work, Action.PURGE_FUSED if fused else Action.PURGE_STARTED, object=ObjectRef("retention-run", run), facts=facts
    )
    if fused:
        accounts.raise_alert(work, kind=AlertKind.PURGE_FUSED, facts={"run": run, "people": touched, "store": store})
    elif not at_once:
        jobs.defer_once(work, RUN, waiting=f"retention {run}", run=run)
    return find_run(work, run=run)


def begin_nightly(work: Work, *, hour: int) -> Run | None:
    """Begin the run of the night, once a day; None where nothing is to be begun.

    Args:
        work: the transaction.
        hour: from which on, in the controller's zone; a missed one is made up for on the same day. -1 for never.
    """
    found = find_controller(work)
    if hour < 0 or found is None or not active_versions(work):
        return None
    local = work.now.astimezone(ZoneInfo(found.zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    tonight = select(RunRow.id).where(
        RunRow.origin == RunOrigin.TIMETABLE.value, RunRow.started_at >= midnight.astimezone(UTC)
    )
    if local.hour < hour or work.session.scalars(tonight).first() is not None:
        return None
    try:
        return begin(work, origin=RunOrigin.TIMETABLE)
    except RunOpenError as error:
        log.warning("retention.not_begun", reason=error.detail)
        return None


def propose_resumption(work: Work, *, run: RunId, reason: str) -> Proposal:
    """Propose that a run which tripped the fuse go on; it does at once where nobody else could decide.

    Raises:
        ForbiddenError: where the actor may not do it.
        NoSuchRunError: where there is none.
        ConflictError: where it does not wait, or the same is proposed.
    """
    allow(work, Permission.RETENTION_RUN)
    row = _waiting(work, run)
    return accounts.propose(
        work,
        kind=ProposalKind.RESUME_PURGE,
        payload={"run": str(run), "people": row.due_people, "store": row.store_people},
        reason=reason,
    )


def approve_run(work: Work, approved: Approved) -> None:
    """Let a run go on that tripped the fuse.

    Raises:
        NoSuchRunError: where there is none.
        ConflictError: where it does not wait any more.
    """
    run = RunId(UUID(str(approved.payload["run"])))
    row = _waiting(work, run)
    row.state = RunState.RUNNING.value
    work.session.flush()
    audit.append(work, Action.PURGE_STARTED, object=ObjectRef("retention-run", run), facts={"people": row.due_people})
    jobs.defer_once(work, RUN, waiting=f"retention {run}", run=run)


def stop(work: Work, *, run: RunId) -> Run:
    """Stop a run between two batches; what has gone has gone. A later run takes up the rest.

    Raises:
        ForbiddenError: where the actor may not do it.
        NoSuchRunError: where there is none.
        ConflictError: where it is over.
    """
    allow(work, Permission.RETENTION_RUN)
    row = locked(work, run)
    if row.state not in (RunState.RUNNING.value, RunState.FUSED.value):
        raise ConflictError(f"The run is over: {row.state}.")
    row.state, row.finished_at = RunState.STOPPED.value, work.now
    work.session.flush()
    audit.append(work, Action.PURGE_STOPPED, object=ObjectRef("retention-run", run))
    stopped = find_run(work, run=run)
    issue(work, stopped)
    return stopped


def finish(work: Work, *, run: RunId) -> None:
    """Mark a run as done whose parts all are; waves that went are counted."""
    row = locked(work, run)
    parts = parts_of(work, [run])
    if row.state != RunState.RUNNING.value or not all(one.state == "done" for one in parts):
        return
    row.state, row.finished_at = RunState.DONE.value, work.now
    for part in parts:
        if part.at_most is not None and part.rows:
            take_wave(work, policy=PolicyId(part.policy_id))
    work.session.flush()
    counted = ("people", "rows", "failed")
    facts: dict[str, Fact] = {name: sum(getattr(one, name) for one in parts) for name in counted}
    audit.append(work, Action.PURGE_FINISHED, object=ObjectRef("retention-run", run), facts=facts)
    failed = sum(one.failed for one in parts)
    if failed:
        accounts.raise_alert(work, kind=AlertKind.PURGE_FAILED, facts={"run": run, "rows": failed})
    issue(work, find_run(work, run=run))


def _refuse_second(work: Work) -> None:
    work.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(RUN))))  # of two at once, one sees the other
    waiting = (RunState.RUNNING.value, RunState.FUSED.value)
    found = work.session.execute(select(RunRow.id, RunRow.state).where(RunRow.state.in_(waiting))).first()
    if found is not None:
        said = "is under way" if found.state == RunState.RUNNING.value else "waits to be approved"
        raise RunOpenError(f"A run {said}: {found.id}. Wait for it, or stop it: governance retention stop {found.id}")


def _chosen(work: Work, keys: Sequence[str] | None) -> dict[str, PolicyVersion]:
    standing = {one.policy.key: one for one in active_versions(work)}
    if keys is None:
        return standing
    for key in keys:
        if key not in standing:
            raise NoSuchPolicyError(f"No policy of the key {key} is in force.")
    return {key: standing[key] for key in keys}


def _limit(work: Work, store: int) -> int:
    """How many people a run may touch: a share of the store, and not ten times as many as the runs before did."""
    whole = (RunOrigin.TIMETABLE.value, RunOrigin.HAND.value)
    query = select(RunRow.due_people).where(RunRow.state == RunState.DONE.value, RunRow.origin.in_(whole))
    before = work.session.scalars(query.order_by(RunRow.id.desc()).limit(USUAL_RUNS)).all()
    usual = fuse_of(store)
    if len(before) >= LEAST_RUNS:
        usual = min(usual, max(fuse_of(0), USUAL_TIMES * sum(before) // len(before)))
    return usual


def _part(row: RunRow, number: int, version: PolicyVersion, counted: Counted) -> PartRow:
    return PartRow(
        run_id=row.id,
        number=number,
        policy_id=version.id,
        state="waiting",
        due_people=counted.people,
        due_rows=counted.rows,
        at_most=version.wave_size if version.waves_left else None,
        people=0,
        rows=0,
        batches=0,
        failed=0,
        left_over=0,
    )


def _named(rules: Rules, versions: dict[str, PolicyVersion]) -> list[str]:
    return [f"{one.key}:{one.version}" for one in rules.policies if one.key in versions]


def _waiting(work: Work, run: RunId) -> RunRow:
    row = locked(work, run)
    if row.state != RunState.FUSED.value:
        raise ConflictError("The run does not wait to be approved.")
    return row
