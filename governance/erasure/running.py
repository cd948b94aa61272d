"""Seeing erasures through: step by step, each in a transaction of its own with its receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.erasure import steps
from governance.erasure.beginning import RUN, record
from governance.erasure.certifying import issue
from governance.erasure.heeding import ASKED_BEFORE, heed_holds
from governance.erasure.parting import is_parted, let_part_go, reopen_keys, set_free
from governance.erasure.planning import rules_of
from governance.erasure.records import (
    NOT_GONE,
    ErasureId,
    ErasureState,
    Origin,
    OriginKind,
    Step,
    StepState,
    gone_of,
)
from governance.erasure.rows import forget_ids, locked, steps_of, targets_in
from governance.erasure.steps import Task
from governance.erasure.tables import ErasureRow, StepRow
from governance.erasure.targets import Target, targets_of
from governance.erasure.thinning import keep_anonymous
from governance.erasure.widening import widen
from governance.kernel import jobs
from governance.kernel.arrays import uuids
from governance.kernel.clock import Clock
from governance.kernel.collecting import uncollected
from governance.kernel.db import Database, driver_connection
from governance.kernel.errors import GovernanceError
from governance.kernel.ids import SubjectId
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, Actor, Work, open_work
from governance.policies.retention import RetentionPolicy

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
_BEGUN: Final[LiteralString] = "SELECT person_id FROM erasure_target WHERE person_id = ANY(%(people)b)"

log = get_logger(__name__)


def run(database: Database, *, erasure: ErasureId, actor: Actor = SYSTEM, clock: Clock | None = None) -> bool:
    """Do all steps that can be done now, each in a transaction of its own; answers whether none is left to be done.

    A step that fails is tried again later, by a job; what was done stays done. Where somebody else is at it, nothing
    is done here.
    """
    while True:
        try:
            with open_work(database, actor, clock=clock) as work:
                if not run_next(work, erasure=erasure):
                    return _is_through(work, erasure)
        except (GovernanceError, DBAPIError, psycopg.Error, OSError) as error:
            slug = error.slug if isinstance(error, GovernanceError) else type(error).__name__.lower()
            log.warning("erasure.step_failed", erasure=str(erasure), failure=slug)
            with open_work(database, actor, clock=clock) as work:
                _put_off(work, erasure, slug)
            return False


def run_next(work: Work, *, erasure: ErasureId) -> bool:
    """Do the next step; answers whether there may be another one. The last one issues the certificate."""
    row = locked(work, erasure)
    if row is None or row.state != ErasureState.RUNNING.value:
        return False
    made = steps_of(work, erasure)
    step = next((one for one in made if one.state == StepState.PENDING.value), None)
    if step is not None and step.next_at is not None and step.next_at > work.now:
        return False
    targets = targets_in(work, erasure)
    if step is not None:
        if step.step == Step.RECORD.value and widen(work, row, targets, made):
            return True
        if Step(step.step) in ASKED_BEFORE and heed_holds(work, targets, made):
            return True
        _do(_task(work, row, targets, made), row, [step])
        if any(one.state == StepState.PENDING.value for one in made):
            return True
    if _let_parts_go(_task(work, row, targets, made), row, made):
        return True
    _finish(work, row, made, targets_in(work, erasure))
    return False


def erase_many(
    work: Work,
    *,
    people: Sequence[SubjectId],
    origin: Origin,
    policies: Mapping[str, RetentionPolicy] | None = None,
    keep_statistics: bool = False,
) -> list[ErasureId]:
    """Erase people in the one transaction of *work*, for a run of a retention policy; to be called by the batch.

    Statements do not grow with the number of people. Whoever does not exist, or is being erased already, is passed
    over; people who have the same plan share an erasure, and its certificate.

    Args:
        work: the transaction.
        people: a batch of some hundreds; the caller has asked its conditions again under their locks.
        origin: the run.
        policies: whose minimums count; those in force (`planning.rules_of`) where nothing is given.
        keep_statistics: whether what they did stays as rows that lead to nobody.
    """
    targets = targets_of(work, people, locked=True)
    known = _being_erased(work, targets)
    fresh = [one for one in targets if one.person not in known]
    if not fresh:
        return []
    with uncollected():
        begun = record(work, fresh, origin=origin, rules=rules_of(work, policies))
        for erasure, group in begun:
            _erase_group(work, erasure, group, keep_statistics=keep_statistics)
    return [erasure for erasure, _ in begun]


def _erase_group(work: Work, erasure: ErasureId, group: Sequence[Target], *, keep_statistics: bool) -> None:
    """All that may go of people who have the same plan."""
    row = work.session.get_one(ErasureRow, erasure)
    made = steps_of(work, erasure)
    task = _task(work, row, group, made, at_once=True)
    if keep_statistics:
        keep_anonymous(task, zone=row.zone)
    _do(task, row, [step for step in made if step.state == StepState.PENDING.value])
    _let_parts_go(task, row, made)
    _finish(work, row, made, group)


def _do(task: Task, row: ErasureRow, todo: Sequence[StepRow]) -> None:
    """Steps in their order, with their receipts."""
    work = task.work
    done = [{table: number for table, number in steps.do(Step(one.step), task).items() if number} for one in todo]
    alone = task.targets[0].ref if len(task.targets) == 1 else None
    about = ObjectRef("erasure", row.id)
    told = [
        NewEntry(Action.ERASURE_STEP_DONE, alone, about, {"step": step.step, **_told(counts)})
        for step, counts in zip(todo, done, strict=True)
    ]
    if row.completed_at is None and any(one.step == Step.KEYS.value for one in todo):
        facts = {"erasure": row.id}
        told += [NewEntry(Action.PERSON_ERASED, subject=one.ref, facts=facts) for one in task.targets]
    receipts = audit.append_many(work, told)
    for step, counts, entry in zip(todo, done, receipts, strict=False):
        step.entry = entry
        step.counts = _together(step.counts, counts)
        step.state, step.done_at, step.failure, step.next_at = StepState.DONE.value, work.now, None, None
    work.session.flush()


def _told(counts: Mapping[str, int]) -> dict[str, Fact]:
    """What a receipt says of a step: rows that went, and what was done besides."""
    besides: dict[str, Fact] = {name: number for name, number in counts.items() if name in NOT_GONE}
    told: dict[str, Fact] = {"rows": gone_of(counts)}
    return {**told, "besides": besides} if besides else told


def _together(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """Counts of a step that was done again: rows go once, so they add up; what is done anew is the same again."""
    return {
        **before,
        **{
            name: max(number, before.get(name, 0)) if name in NOT_GONE else number + before.get(name, 0)
            for name, number in now.items()
        },
    }


def _being_erased(work: Work, targets: Sequence[Target]) -> set[UUID]:
    asked = {"people": uuids(one.person for one in targets)}
    return {person for (person,) in driver_connection(work.session).execute(_BEGUN, asked).fetchall()}


def _let_parts_go(task: Task, row: ErasureRow, made: Sequence[StepRow]) -> bool:
    """Let go what is over; what is held by now stays. Answers whether a step is over altogether, and to be done."""
    at, zone = task.work.now, ZoneInfo(row.zone)
    if not any(is_parted(step, at=at, zone=row.zone) for step in made):
        return False
    heed_holds(task.work, task.targets, made)
    rules = replace(rules_of(task.work), zone=zone)  # days are counted where they were when people were told of them
    for step in made:
        if is_parted(step, at=at, zone=row.zone):
            let_part_go(task, step, rules, on=row.begun_at.astimezone(zone).date())
    freed = set_free(made, at=at, zone=row.zone)
    if freed:
        reopen_keys(made)
        task.work.session.flush()
    return freed


def _task(
    work: Work, row: ErasureRow, targets: Sequence[Target], made: Sequence[StepRow], *, at_once: bool = False
) -> Task:
    waits = [one for one in made if one.state in (StepState.HELD.value, StepState.KEPT.value)]
    return Task(
        work=work,
        erasure=row.id,
        targets=targets,
        origin=OriginKind(row.origin),
        waiting=steps.waiting_of([Step(one.step) for one in waits]),
        held=any(one.state == StepState.HELD.value for one in waits),
        at_once=at_once,
    )


def _finish(work: Work, row: ErasureRow, made: Sequence[StepRow], targets: Sequence[Target]) -> None:
    """All that may go has gone: close, or wait for the rest; a certificate tells which."""
    waiting = {Step(one.step) for one in made if one.state != StepState.DONE.value}
    row.completed_at = row.completed_at or work.now
    if waiting:
        row.state = ErasureState.WAITING.value
    else:
        row.state, row.closed_at = ErasureState.CLOSED.value, work.now
    if not waiting & {Step.RECORD, Step.EVIDENCE}:
        forget_ids(work, row.id)
    work.session.flush()
    action = Action.ERASURE_COMPLETED if waiting else Action.ERASURE_CLOSED
    facts: dict[str, Fact] = {"waiting": sorted(one.value for one in waiting)}
    audit.append(work, action, object=ObjectRef("erasure", row.id), facts=facts)
    issue(work, row, made, targets)


def _put_off(work: Work, erasure: ErasureId, slug: str) -> None:
    row = locked(work, erasure)
    if row is None:
        return
    step = next((one for one in steps_of(work, erasure) if one.state == StepState.PENDING.value), None)
    if step is None:
        return
    step.attempts, step.failure = step.attempts + 1, slug[:64]
    step.next_at = work.now + min(FIRST_PAUSE * 2 ** min(step.attempts - 1, 16), LONGEST_PAUSE)
    work.session.flush()
    facts: dict[str, Fact] = {"attempts": step.attempts, "failure": step.failure, "step": step.step}
    audit.append(
        work, Action.ERASURE_STEP_FAILED, object=ObjectRef("erasure", erasure), facts=facts, outcome=Outcome.FAILED
    )
    jobs.defer(work, RUN, at=step.next_at, erasure=erasure)


def _is_through(work: Work, erasure: ErasureId) -> bool:
    state = work.session.scalar(select(ErasureRow.state).where(ErasureRow.id == erasure))
    return state is not None and state != ErasureState.RUNNING.value
