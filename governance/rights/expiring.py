"""Files of ended requests, which go as a whole on their day: their rows, and the keys that sealed them.

A retention policy with the clock `request.closed_at` says when. What an erasure proved stays provable: its certificate
lies with the erasure.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import InstrumentedAttribute

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.custody.shredding import Reason, shred
from governance.customers.expiring import Stock, of_rows
from governance.kernel.ids import OwnerId, SubjectRef
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.retention import Clock
from governance.rights.tables import RequestEventRow, RequestNoticeRow, RequestRow

_QUIETLY: Final = {"synchronize_session": False}


def destroy_closed(work: Work, ids: Sequence[UUID]) -> int:
    """Destroy files of requests that have ended, with their keys; each is told in the log. Answers how many.

    Whoever calls has decided that they are to go. One that has not ended is left as it is.
    """
    ended = select(RequestRow).where(RequestRow.id == of_rows(ids), RequestRow.closed_at.is_not(None))
    rows = work.session.scalars(ended.order_by(RequestRow.id).with_for_update()).all()
    if not rows:
        return 0
    going = [row.id for row in rows]
    told = [
        NewEntry(
            Action.REQUEST_FILE_DESTROYED,
            subject=None if row.subject_ref is None else SubjectRef(row.subject_ref),
            object=ObjectRef("request", row.id),
            facts={"kind": row.kind, "outcome": row.outcome, "closed_at": row.closed_at, "owner": row.owner_id},
        )
        for row in rows
    ]
    owners = [OwnerId(row.owner_id) for row in rows]
    session = work.session
    # One that was joined to a file outlives it where something keeps it.
    loose = update(RequestRow).where(RequestRow.joined_to == of_rows(going)).values(joined_to=None)
    session.execute(loose, execution_options=_QUIETLY)
    parts: list[tuple[type[RequestEventRow | RequestNoticeRow | RequestRow], InstrumentedAttribute[UUID]]] = [
        (RequestNoticeRow, RequestNoticeRow.request_id),
        (RequestEventRow, RequestEventRow.request_id),
        (RequestRow, RequestRow.id),
    ]
    for table, column in parts:
        session.execute(delete(table).where(column == of_rows(going)), execution_options=_QUIETLY)
    shred(work, owners=owners, reason=Reason.RETENTION_ENDED)
    audit.append_many(work, told)
    session.expire_all()
    return len(going)


STOCKS: Final = (
    Stock(
        "request",
        Clock.REQUEST_CLOSED,
        select(
            RequestRow.id.label("id"),
            RequestRow.person_id.label("person_id"),
            RequestRow.closed_at.label("at"),
            RequestRow.kind.label("code"),
        ).where(RequestRow.closed_at.is_not(None)),
        Compartment.EVIDENCE,
        (RequestRow,),
        destroy_closed,
    ),
)
"""What retention policies may take away here, by table and clock."""
