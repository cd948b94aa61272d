"""Records that became one person with somebody while their erasure ran: they go with them, by the same steps."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from governance.erasure.planning import plans_of, rules_of
from governance.erasure.records import COMPARTMENT_OF, Origin, OriginKind, Step, StepState
from governance.erasure.tables import ErasureRow, StepRow
from governance.erasure.targets import Target, targets_of
from governance.kernel.db import driver_connection
from governance.kernel.work import Work
from governance.policies.erasure import Fate, PlanStep

_ELSEWHERE: Final[LiteralString] = """
SELECT EXISTS (SELECT FROM erasure_target WHERE person_id = %(person)s AND erasure_id <> %(erasure)s)
"""
_WIDEN: Final[LiteralString] = """
UPDATE erasure_target SET person_id = %(person)s, records = %(records)s, owners = %(owners)s
WHERE erasure_id = %(erasure)s AND ref = %(ref)s
"""


def widen(work: Work, row: ErasureRow, targets: Sequence[Target], made: Sequence[StepRow]) -> bool:
    """Take in whoever was merged with somebody since, and begin anew; answers whether anybody was.

    The records are locked from here on, so that nobody merges them until the transaction ends. Where the person that
    they were merged into is being erased already, that erasure takes all of them in, and this one does what it began.
    """
    today = {
        record: one for one in targets_of(work, [one.person for one in targets], locked=True) for record in one.records
    }
    wider = [
        (target, now)
        for target in targets
        if (now := today.get(target.person)) is not None
        and not set(now.records) <= set(target.records)
        and not _is_elsewhere(work, row.id, now)
    ]
    for target, now in wider:
        target.person = now.person
        target.owners += [owner for owner in now.owners if owner not in target.owners]
        target.records += [record for record in now.records if record not in target.records]
        write_target(work, row, target)
    if wider:
        plan_anew(work, row, targets, made)
    return bool(wider)


def write_target(work: Work, row: ErasureRow, target: Target) -> None:
    """Write down whom an erasure is of, by the random name that it was begun with."""
    told = {"person": target.person, "records": target.records, "owners": target.owners, "ref": target.ref}
    driver_connection(work.session).execute(_WIDEN, {**told, "erasure": row.id})


def _is_elsewhere(work: Work, erasure: UUID, now: Target) -> bool:
    asked = {"person": now.person, "erasure": erasure}
    [(found,)] = driver_connection(work.session).execute(_ELSEWHERE, asked).fetchall()
    return bool(found)


def plan_anew(work: Work, row: ErasureRow, targets: Sequence[Target], made: Sequence[StepRow]) -> None:
    """Let steps begin anew, by what is planned for those whom the erasure is of by now."""
    origin = Origin(OriginKind(row.origin), row.origin_id, row.rule)
    plans = plans_of(work, targets, origin=origin, rules=rules_of(work)).values()
    for step in made:
        compartment = COMPARTMENT_OF.get(Step(step.step))
        planned = [one for plan in plans for one in plan if one.compartment is compartment]
        _put(step, _strictest(planned))
    held = sorted({hold for step in made for hold in step.holds if step.state == StepState.HELD.value})
    for step in made:
        if step.step == Step.RECORD.value and held:
            step.state, step.holds = StepState.HELD.value, held
    work.session.flush()


def _strictest(planned: Sequence[PlanStep]) -> PlanStep | None:
    """What several people in one erasure come to: a hold goes before a law, the longest of which counts."""
    held = [one for one in planned if one.fate is Fate.HELD]
    kept = [one for one in planned if one.fate is Fate.KEEP and one.until is not None]
    if held:
        return held[0]
    return max(kept, key=lambda one: str(one.until), default=None)


def _put(step: StepRow, planned: PlanStep | None) -> None:
    step.state, step.entry, step.done_at = StepState.PENDING.value, None, None
    if planned is None:
        return
    step.rule, step.citation, step.in_force = planned.rule, planned.citation, planned.in_force
    step.until, step.first_until = planned.until, planned.first
    step.holds = [UUID(one) for one in planned.holds]
    step.state = (StepState.HELD if planned.fate is Fate.HELD else StepState.KEPT).value
