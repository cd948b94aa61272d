"""Erasures go on when what they waited for is over: a day, a hold, a job that was lost."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from governance.erasure.beginning import RUN
from governance.erasure.parting import is_parted, reopen_keys, set_free
from governance.erasure.planning import plans_of, rules_of
from governance.erasure.records import COMPARTMENT_OF, ErasureId, ErasureState, Origin, OriginKind, Step, StepState
from governance.erasure.rows import locked, steps_of, targets_in
from governance.erasure.tables import ErasureRow, StepRow
from governance.erasure.targets import targets_of
from governance.kernel import jobs
from governance.kernel.work import Work
from governance.policies.erasure import Fate

RESUMED_AT_ONCE: Final = 500
_RELEASED: Final = "NOT EXISTS (SELECT FROM person_hold WHERE id = ANY(erasure_step.holds) AND released_at IS NULL)"
"""Of a step that waits for holds: none of those that it waits for stands any more; there may be others by now."""


def resume(work: Work) -> list[ErasureId]:
    """Let go on what may: kept data whose day has passed, held data whose holds were released, steps that got stuck.

    To be called daily, whenever a hold was released, and every few minutes for what a lost job left.
    """
    found = set[ErasureId]()
    for erasure in _due(work):
        row = locked(work, erasure)
        if row is None:
            continue
        made = steps_of(work, erasure)
        if _let_go(work, row, made):
            row.state = ErasureState.RUNNING.value
            reopen_keys(made)
        if row.state == ErasureState.RUNNING.value:
            found.add(erasure)
    work.session.flush()
    for erasure in sorted(found):
        jobs.defer_once(work, RUN, waiting=f"erasure {erasure}", erasure=erasure)
    return sorted(found)


def _due(work: Work) -> list[ErasureId]:
    today = work.now.date() + timedelta(days=1)  # the zone is looked at with each
    kept = select(StepRow.erasure_id).where(StepRow.state == StepState.KEPT.value, StepRow.first_until < today)
    held = select(StepRow.erasure_id).where(StepRow.state == StepState.HELD.value, text(_RELEASED))
    running = select(ErasureRow.id).where(ErasureRow.state == ErasureState.RUNNING.value)
    found = [work.session.scalars(one.distinct().limit(RESUMED_AT_ONCE)).all() for one in (running, held, kept)]
    return [ErasureId(one) for one in dict.fromkeys(one for part in found for one in part)]


def _let_go(work: Work, row: ErasureRow, made: Sequence[StepRow]) -> bool:
    """Set steps free that wait for nothing any more; answers whether any was, the last of its rows included."""
    freed = set_free(made, at=work.now, zone=row.zone)
    if any(is_parted(step, at=work.now, zone=row.zone) for step in made):
        row.state = ErasureState.RUNNING.value
    held = [step for step in made if step.state == StepState.HELD.value]
    return (_ask_holds(work, row, held) if held else False) or freed


def _ask_holds(work: Work, row: ErasureRow, held: Sequence[StepRow]) -> bool:
    targets = targets_of(work, [one.person for one in targets_in(work, row.id)], locked=True)
    plans = plans_of(work, targets, origin=_origin(row), rules=rules_of(work))
    planned = {one.compartment: one for plan in plans.values() for one in plan}
    freed = False
    for step in held:
        if Step(step.step) is Step.RECORD:
            continue
        now = planned[COMPARTMENT_OF[Step(step.step)]]
        step.holds = [UUID(one) for one in now.holds] or step.holds
        if now.fate is Fate.KEEP:
            step.state, step.until, step.rule, step.citation = "kept", now.until, now.rule, now.citation
            step.first_until, step.in_force, freed = now.first, now.in_force, True
        elif now.fate is Fate.DELETE:
            step.state, step.rule, step.citation, freed = StepState.PENDING.value, now.rule, now.citation, True
    waiting = any(step.state == StepState.HELD.value and step.step != Step.RECORD.value for step in held)
    for step in held:
        if step.step == Step.RECORD.value and not waiting:
            step.state, freed = StepState.PENDING.value, True
    return freed


def _origin(row: ErasureRow) -> Origin:
    return Origin(OriginKind(row.origin), row.origin_id, row.rule)
