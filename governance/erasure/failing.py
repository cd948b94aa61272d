"""Steps of erasures that failed and will be tried again, and trying one again at once."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.reach import allow
from governance.erasure.beginning import RUN
from governance.erasure.errors import NoSuchErasureError
from governance.erasure.records import ErasureId, OriginKind, Step, StepState
from governance.erasure.rows import locked, steps_of
from governance.erasure.tables import ErasureRow, StepRow
from governance.kernel import jobs
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission

MOST: Final = 20


@frozen
class FailingStep:
    """A step that failed.

    Attributes:
        request: the request that it is of, where one asked for it.
        failure: slug of what refused it.
        next_at: when it is tried again.
    """

    erasure: ErasureId
    request: UUID | None
    step: Step
    attempts: int
    failure: str
    next_at: datetime | None


def failing(work: Work) -> list[FailingStep]:
    """Steps that failed, those tried most often first.

    Raises:
        ForbiddenError: without `erasure:read`.
    """
    allow(work, Permission.ERASURE_READ)
    query = (
        select(StepRow, ErasureRow.origin, ErasureRow.origin_id)
        .join(ErasureRow, ErasureRow.id == StepRow.erasure_id)
        .where(ErasureRow.state != "closed", StepRow.state == StepState.PENDING.value, StepRow.failure.is_not(None))
        .order_by(StepRow.attempts.desc(), StepRow.erasure_id)
        .limit(MOST)
    )
    return [
        FailingStep(
            erasure=ErasureId(row.erasure_id),
            request=of if origin == OriginKind.REQUEST.value else None,
            step=Step(row.step),
            attempts=row.attempts,
            failure=row.failure or "",
            next_at=row.next_at,
        )
        for row, origin, of in work.session.execute(query)
    ]


def try_again(work: Work, *, erasure: ErasureId) -> None:
    """Try a failed step now instead of when its pause is over; where none has failed, nothing is done.

    Raises:
        ForbiddenError: without `erasure:begin`.
        NoSuchErasureError: where there is none.
    """
    allow(work, Permission.ERASURE_BEGIN)
    row = locked(work, erasure)
    if row is None:
        raise NoSuchErasureError("There is no such erasure.")
    failed = [one for one in steps_of(work, erasure) if one.state == StepState.PENDING.value and one.failure]
    if not failed:
        return
    for step in failed:
        step.next_at = None
    work.session.flush()
    audit.append(work, Action.ERASURE_RETRIED, object=ObjectRef("erasure", erasure), facts={"steps": len(failed)})
    jobs.defer(work, RUN, erasure=erasure)
