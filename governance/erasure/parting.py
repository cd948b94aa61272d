"""What a law keeps goes row by row: each purchase on its own day, and not all with the newest of them.

Their keys are one key, and go with the last of them; until then what went before is deleted here, and ends in copies
with the copies.
"""

from datetime import datetime
from typing import Final, LiteralString
from zoneinfo import ZoneInfo

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.erasure.planning import Rules
from governance.erasure.records import Step, StepState
from governance.erasure.steps import Task
from governance.erasure.tables import PartRow, StepRow
from governance.kernel.db import driver_connection
from governance.policies.classification import Compartment
from governance.policies.retention import Clock, RetentionPolicy, minimum_cutoff, minimum_until

_GO: Final[LiteralString] = """
DELETE FROM purchase WHERE (person_id = ANY(%(records)s) OR owner_id = ANY(%(owners)s)) AND paid_at < %(before)s
"""
_OLDEST: Final[LiteralString] = """
SELECT min(paid_at) FROM purchase WHERE person_id = ANY(%(records)s) OR owner_id = ANY(%(owners)s)
"""


def is_parted(step: StepRow, *, at: datetime, zone: str) -> bool:
    """Whether something of what a step keeps may go before the rest."""
    if step.step != Step.FINANCE.value or step.state != StepState.KEPT.value or step.first_until is None:
        return False
    return step.first_until < at.astimezone(ZoneInfo(zone)).date()


def let_part_go(task: Task, step: StepRow, rules: Rules) -> int:
    """Delete the purchases that no law wants any more, with a receipt; answers how many."""
    work, policies = task.work, _about_purchases(rules)
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
    if gone:
        about = ObjectRef("erasure", step.erasure_id)
        facts: dict[str, Fact] = {"step": step.step, "rows": {"purchase": gone}, "part": True}
        alone = task.targets[0].ref if len(task.targets) == 1 else None
        [entry] = audit.append_many(work, [NewEntry(Action.ERASURE_STEP_DONE, alone, about, facts)])
        work.session.add(PartRow(erasure_id=step.erasure_id, entry=entry, step=step.step, at=work.now, rows=gone))
    work.session.flush()
    return gone


def _about_purchases(rules: Rules) -> list[RetentionPolicy]:
    known = rules.by_compartment.get(Compartment.FINANCE, ())
    return [one for one in known if one.clock is Clock.PURCHASE_PAID and one.minimum is not None]
