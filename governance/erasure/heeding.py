"""Holds that were placed since an erasure was begun: they keep what is still there."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from governance.erasure.records import COMPARTMENT_OF, Step, StepState
from governance.erasure.tables import StepRow
from governance.erasure.targets import Target
from governance.kernel.db import driver_connection, id_list
from governance.kernel.work import Work

ASKED_BEFORE: Final = frozenset({*COMPARTMENT_OF, Step.RECORD})
"""Before these steps it is asked anew; the others take nothing away that a hold could cover."""
_MAY_BE_HELD: Final = frozenset({StepState.PENDING.value, StepState.KEPT.value})

# Whoever places a hold locks the person as well: it is seen here, or waits, and finds what is left.
_LOCK: Final[LiteralString] = "SELECT id FROM person WHERE id = ANY(%(records)s) ORDER BY id FOR UPDATE"
_STANDING: Final[LiteralString] = """
SELECT compartment, array_agg(id ORDER BY id) FROM person_hold, unnest(compartments) AS compartment
WHERE person_id = ANY(%(records)s) AND released_at IS NULL GROUP BY compartment
"""


def heed_holds(work: Work, targets: Sequence[Target], made: Sequence[StepRow]) -> bool:
    """Let steps wait for holds that stand by now; answers whether one does so from here on."""
    cursor = driver_connection(work.session)
    named = {"records": id_list(record for one in targets for record in one.records)}
    cursor.execute(_LOCK, named)
    standing: dict[str, list[UUID]] = dict(cursor.execute(_STANDING, named).fetchall())
    held = [
        step
        for step in made
        if Step(step.step) in COMPARTMENT_OF
        and step.state in _MAY_BE_HELD
        and COMPARTMENT_OF[Step(step.step)].value in standing
    ]
    for step in held:
        step.state, step.holds = StepState.HELD.value, standing[COMPARTMENT_OF[Step(step.step)].value]
        step.rule, step.citation, step.until, step.first_until = "hold", "GDPR Art. 17(3)(e)", None, None
    for step in made:
        if held and step.step == Step.RECORD.value:
            step.state = StepState.HELD.value
            step.holds = sorted({hold for one in held for hold in one.holds} | set(step.holds))
    work.session.flush()
    return bool(held)
