"""Which erasures wait for which holds, for whoever has to decide whether a hold is still needed."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, func, literal, select

from governance.customers.reach import allow
from governance.erasure.records import StepState
from governance.erasure.tables import StepRow
from governance.kernel.work import Work
from governance.policies.permissions import Permission


def waiting_for(work: Work, *, holds: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many erasures wait for each of *holds*; those that nothing waits for are left out.

    Raises:
        ForbiddenError: without `erasure:read`.
    """
    allow(work, Permission.ERASURE_READ)
    asked = literal(list(holds), ARRAY(Uuid))
    waiting = (
        select(StepRow.erasure_id, func.unnest(StepRow.holds).label("hold"))
        .where(StepRow.state == StepState.HELD.value, StepRow.holds.op("&&")(asked))
        .subquery()
    )
    query = (
        select(waiting.c.hold, func.count(waiting.c.erasure_id.distinct()))
        .where(waiting.c.hold == func.any(asked))
        .group_by(waiting.c.hold)
    )
    return {hold: int(count) for hold, count in work.session.execute(query)}
