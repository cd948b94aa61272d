"""What a law keeps goes piece by piece: each purchase, and each history of consents, on its own day.

What seals them is one key, which goes with the last of them; until then what went before is deleted here, and ends in
copies with the copies.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, LiteralString
from zoneinfo import ZoneInfo

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.erasure.histories import History, histories_of, kept_until
from governance.erasure.planning import Rules
from governance.erasure.records import Step, StepState
from governance.erasure.steps import Task
from governance.erasure.tables import PartRow, StepRow
from governance.kernel.db import driver_connection
from governance.policies.classification import Compartment
from governance.policies.retention import RetentionPolicy, minimum_cutoff, minimum_until

_GO: Final[LiteralString] = """
DELETE FROM purchase WHERE (person_id = ANY(%(records)s) OR owner_id = ANY(%(owners)s)) AND paid_at < %(before)s
"""
_OLDEST: Final[LiteralString] = """
SELECT min(paid_at) FROM purchase WHERE person_id = ANY(%(records)s) OR owner_id = ANY(%(owners)s)
"""

_FORGET: Final[LiteralString] = """
SELECT erasure_part_evidence(%(erasure)s, %(whose)s, %(purposes)s::text[], %(channels)s::text[])
"""
PARTED: Final = {Step.FINANCE: "purchase", Step.EVIDENCE: "consent_event"}
"""Steps whose rows go one before the other, and the table that is counted."""


def is_parted(step: StepRow, *, at: datetime, zone: str) -> bool:
    """Whether something of what a step keeps may go before the rest."""
    if Step(step.step) not in PARTED or step.state != StepState.KEPT.value or step.first_until is None:
        return False
    return step.first_until < at.astimezone(ZoneInfo(zone)).date()


def set_free(made: Sequence[StepRow], *, at: datetime, zone: str) -> bool:
    """Let steps be done whose last day has passed; answers whether any was."""
    today = at.astimezone(ZoneInfo(zone)).date()
    over = [one for one in made if one.state == StepState.KEPT.value and one.until is not None and one.until < today]
    for one in over:
        one.state = StepState.PENDING.value
    return bool(over)


def reopen_keys(made: Sequence[StepRow]) -> None:
    """Have keys shredded once more: what is let go only now had to keep its own."""
    for step in made:
        if step.step == Step.KEYS.value and step.state == StepState.DONE.value:
            step.state, step.entry, step.done_at = StepState.PENDING.value, None, None


def let_part_go(task: Task, step: StepRow, rules: Rules, *, on: date) -> int:
    """Delete what no law wants any more of a step that is kept, with a receipt; answers how many rows went.

    Args:
        task: the erasure, whose people no hold stands against any more.
        step: of finance or evidence.
        rules: in force.
        on: the day on which the erasure began, which ends what stood.
    """
    gone = (
        _part_proofs(task, step, rules, on) if step.step == Step.EVIDENCE.value else _part_purchases(task, step, rules)
    )
    if gone:
        work, about = task.work, ObjectRef("erasure", step.erasure_id)
        facts: dict[str, Fact] = {"step": step.step, "rows": {PARTED[Step(step.step)]: gone}, "part": True}
        alone = task.targets[0].ref if len(task.targets) == 1 else None
        [entry] = audit.append_many(work, [NewEntry(Action.ERASURE_STEP_DONE, alone, about, facts)])
        work.session.add(PartRow(erasure_id=step.erasure_id, entry=entry, step=step.step, at=work.now, rows=gone))
    task.work.session.flush()
    return gone


def _part_purchases(task: Task, step: StepRow, rules: Rules) -> int:
    work, policies = task.work, rules.by_compartment.get(Compartment.FINANCE, ())
    if not policies or step.until is None:  # what it was kept by is not in force any more; the day that was told holds
        step.first_until = step.until
        return 0
    # Of several laws the one that lets it go last counts.
    before = min(minimum_cutoff(one, at=work.now, zone=rules.zone, fiscal=rules.fiscal) for one in policies)
    cursor = driver_connection(work.session)
    work.session.flush()
    gone = cursor.execute(_GO, {**task.named, "before": before}).rowcount
    [(oldest,)] = cursor.execute(_OLDEST, task.named).fetchall()
    step.first_until = step.until
    if oldest is not None:
        day = oldest.astimezone(rules.zone).date()
        days = [minimum_until(one, day, fiscal=rules.fiscal) or step.until for one in policies]
        step.first_until = min(step.until, max(days))
    return gone


def _part_proofs(task: Task, step: StepRow, rules: Rules, on: date) -> int:
    """Delete histories of consents whose own day has passed, each as a whole; the last goes with the step itself."""
    work, policies = task.work, rules.by_compartment.get(Compartment.EVIDENCE, ())
    today = work.now.astimezone(rules.zone).date()
    told = step.until or today
    days = [(one, _last_day(one, policies, rules, on, told)) for one in histories_of(work, task.targets)]
    due = [one for one, day in days if day < today]
    left = [day for _, day in days if day >= today]
    if not left:  # all is over before the day that was told: nothing waits for that any more
        step.first_until = step.until = min(told, today - timedelta(days=1))
        return 0
    step.first_until = min(left)
    if not due:
        return 0
    work.session.flush()
    keys = [(record, one.purpose, one.channel) for one in due for record in one.records]
    whose, purposes, channels = (list(each) for each in zip(*keys, strict=True))
    asked = {**task.named, "whose": whose, "purposes": purposes, "channels": channels}
    [(gone,)] = driver_connection(work.session).execute(_FORGET, asked).fetchall()
    return int(gone)


def _last_day(one: History, policies: Sequence[RetentionPolicy], rules: Rules, on: date, told: date) -> date:
    """The last day of a history; never after the day that was told, which holds where no policy says anything."""
    known = kept_until(one, policies, zone=rules.zone, fiscal=rules.fiscal, on=on)
    return min(told, max((day for _, day in known), default=told))
