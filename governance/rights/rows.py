"""Requests as they stand: found, locked, shown, listed."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, tuple_

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.codes import ContactKind
from governance.customers.loading import opened
from governance.customers.peculiar import Peculiarity, peculiarities
from governance.customers.reach import allow
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.work import ActorKind, Work
from governance.messages.fates import states_of
from governance.policies import shipped
from governance.policies.access import allows
from governance.policies.classification import Visibility
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import ENDED, RequestState, acts_in
from governance.rights.acting import history, version_of
from governance.rights.addressing import FOREIGN_CONTACT, goes_elsewhere
from governance.rights.codes import About, Arrival, Asking, Carrier, Notice, Outcome, Proof, RefusalGround, Reminder
from governance.rights.errors import NoSuchRequestError
from governance.rights.records import EventView, NoticeView, RequestId, RequestLine, RequestView
from governance.rights.tables import RequestEventRow, RequestNoticeRow, RequestRow
from governance.rights.timing import duty_view
from governance.rights.told_recipients import has_untold, to_tell
from governance.vault.orm import SealedRow

YEAR: Final = timedelta(days=365)
GONE: Final = "gone"
"""Of a message that was forgotten after it had ended long ago."""
_BY_CODE: Final = frozenset({Proof.CODE.value, Proof.SECOND_CONTACT.value})
_UNUSUAL: Final = (Peculiarity.MINOR, Peculiarity.DECEASED, Peculiarity.HELD, Peculiarity.MERGED)
_MISSING: Final = "There is no such request."


class QueueAfter(NamedTuple):
    """Where a page of the queue ended."""

    due_on: date
    id: UUID

    @classmethod
    def of(cls, ordinal: int, request: UUID) -> "QueueAfter":
        """By the number of the day (`date.toordinal`), as cursors hold it.

        Raises:
            InvalidError: where there is no such day.
        """
        if not 1 <= ordinal <= date.max.toordinal():
            raise InvalidError("Not a cursor of this listing; take the one that its last page gave.")
        return cls(date.fromordinal(ordinal), request)


def locked(work: Work, request: RequestId) -> RequestRow:
    """The row of a request, locked until the transaction ends.

    Raises:
        NoSuchRequestError: where there is none.
    """
    query = select(RequestRow).where(RequestRow.id == request).with_for_update()
    row = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NoSuchRequestError(_MISSING)
    return row


def find(work: Work, *, request: RequestId) -> RequestView:
    """A request with its history; told in the log.

    Raises:
        ForbiddenError: without `requests:read`.
        NoSuchRequestError: where there is none.
    """
    allow(work, Permission.REQUESTS_READ)
    row = work.session.get(RequestRow, request)
    if row is None:
        raise NoSuchRequestError(_MISSING)
    subject = None if row.subject_ref is None else SubjectRef(row.subject_ref)
    audit.append(work, Action.REQUEST_READ, subject=subject, object=ObjectRef("request", row.id))
    return told(work, row)


def find_by_number(work: Work, *, number: str) -> RequestView:
    """A request by the number that people know it by.

    Raises:
        ForbiddenError, NoSuchRequestError: as `find` does.
    """
    allow(work, Permission.REQUESTS_READ)
    found = work.session.scalar(select(RequestRow.id).where(RequestRow.number == number.strip().upper()))
    if found is None:
        raise NoSuchRequestError(_MISSING)
    return find(work, request=RequestId(found))


def queue(
    work: Work,
    *,
    states: Collection[RequestState] = (),
    kinds: Collection[RequestKind] = (),
    customer: SubjectId | None = None,
    due_before: date | None = None,
    untold: bool = False,
    after: QueueAfter | None = None,
    limit: int = 50,
) -> list[RequestLine]:
    """Requests, the one to be answered first at the top; those that stand, where no states are named.

    With *untold*, those whose recipients were not all told of a correction yet, whatever state they are in.

    Raises:
        ForbiddenError: without `requests:read`.
    """
    allow(work, Permission.REQUESTS_READ)
    standing = [one.value for one in RequestState if untold or one not in ENDED]
    query = select(RequestRow).where(RequestRow.state.in_([one.value for one in states] or standing))
    if untold:
        query = query.where(has_untold())
    if kinds:
        query = query.where(RequestRow.kind.in_([one.value for one in kinds]))
    if customer is not None:
        query = query.where(RequestRow.person_id == customer)
    if due_before is not None:
        query = query.where(RequestRow.due_on < due_before)
    if after is not None:
        query = query.where(tuple_(RequestRow.due_on, RequestRow.id) > (after.due_on, after.id))
    rows = work.session.scalars(query.order_by(RequestRow.due_on, RequestRow.id).limit(limit)).all()
    audit.append(work, Action.REQUESTS_LISTED, facts={"count": len(rows)})
    return [line_of(row) for row in rows]


def line_of(row: RequestRow) -> RequestLine:
    """A request as a queue shows it."""
    return RequestLine(
        id=RequestId(row.id),
        number=row.number,
        kind=RequestKind(row.kind),
        state=RequestState(row.state),
        arrival=Arrival(row.arrival),
        received_on=row.received_on,
        due_on=row.due_on,
        reminded=None if row.reminded is None else Reminder(row.reminded),
        repeats=row.repeats,
        outcome=None if row.outcome is None else Outcome(row.outcome),
    )


def earlier(work: Work, row: RequestRow) -> int:
    """How many requests of its kind the person made in the year before a request."""
    if row.person_id is None:
        return 0
    query = select(func.count()).where(
        RequestRow.person_id == row.person_id,
        RequestRow.kind == row.kind,
        RequestRow.id != row.id,
        RequestRow.state != RequestState.DUPLICATE.value,
        RequestRow.received_on.between(row.received_on - YEAR, row.received_on),
    )
    return work.session.scalar(query) or 0


def flags_of(work: Work, row: RequestRow) -> tuple[Peculiarity, ...]:
    """What is unusual about the person whom a request is about."""
    return () if row.person_id is None else peculiarities(work, SubjectId(row.person_id))


def needs_approval(work: Work, row: RequestRow, *, flags: Collection[Peculiarity] | None = None) -> tuple[str, ...]:
    """Why a second person has to approve an erasure; empty where it needs nobody.

    Args:
        work: the transaction.
        row: the request.
        flags: of its person, where they are known already.
    """
    if row.kind != RequestKind.ERASURE.value or row.person_id is None:
        return ()
    flags = flags_of(work, row) if flags is None else flags
    unusual = [one.value for one in _UNUSUAL if one in flags]
    if row.asking != Asking.SELF.value:
        unusual.append("asked_by_another")
    if row.proof not in _BY_CODE:
        unusual.append("not_by_code")
    if _access_stands(work, row):
        unusual.append("access_stands")
    return tuple(unusual)


def _access_stands(work: Work, row: RequestRow) -> bool:
    """Whether the person of a request asked for their data and has no answer yet, which an erasure would leave none."""
    standing = select(RequestRow.id).where(
        RequestRow.person_id == row.person_id,
        RequestRow.kind.in_([RequestKind.ACCESS.value, RequestKind.PORTABILITY.value]),
        RequestRow.state.not_in([one.value for one in ENDED]),
        RequestRow.proof.is_not(None),
    )
    return work.session.scalar(standing.limit(1)) is not None


def told(work: Work, row: RequestRow) -> RequestView:
    """A request as the actor may see it."""
    lines = history(work, row)
    proven = row.proof is not None and row.proof != Proof.NOT_NEEDED.value
    named = row.person_id is not None and (proven or work.actor.kind is not ActorKind.CLIENT)
    line, flags = line_of(row), flags_of(work, row) if named else ()
    return RequestView(
        id=line.id,
        number=line.number,
        version=version_of(lines),
        kind=line.kind,
        about=None if row.about is None else About(row.about),
        state=line.state,
        arrival=line.arrival,
        asking=Asking(row.asking),
        received_on=row.received_on,
        recorded_at=row.recorded_at,
        language=row.language,
        country=row.country,
        zone=row.zone,
        laws=tuple(row.laws),
        due_on=row.due_on,
        first_due_on=row.first_due_on,
        extended_on=row.extended_on,
        waiting_until=row.waiting_until,
        reminded=line.reminded,
        duties=tuple(duty_view(one) for one in row.duties),
        customer=SubjectId(row.person_id) if named and row.person_id is not None else None,
        proof=None if row.proof is None else Proof(row.proof),
        contact_kind=None if row.contact_kind is None else ContactKind(row.contact_kind),
        contact=_seen(work, row, "contact"),
        said=_seen(work, row, "said"),
        asker=_seen(work, row, "asker"),
        checked=_seen(work, row, "checked"),
        changes=_seen(work, row, "changes"),
        answer=_seen(work, row, "answer"),
        repeats=row.repeats,
        earlier=earlier(work, row),
        joined_to=None if row.joined_to is None else RequestId(row.joined_to),
        proposal=row.proposal_id,
        carried_as=row.carried_as,
        outcome=line.outcome,
        ground=None if row.ground is None else RefusalGround(row.ground),
        closed_at=row.closed_at,
        flags=(*(one.value for one in flags), *([FOREIGN_CONTACT] if named and goes_elsewhere(work, row) else [])),
        needs_approval=needs_approval(work, row, flags=flags) if named else (),
        acts=acts_in(line.state),
        events=tuple(_event(work, one) for one in lines),
        notices=_notices(work, row),
        recipients=to_tell(work, row),
    )


def _event(work: Work, row: RequestEventRow) -> EventView:
    return EventView(
        sequence=row.sequence,
        act=row.act,
        state=RequestState(row.state),
        at=row.at,
        actor_kind=ActorKind(row.actor_kind),
        actor_id=row.actor_id,
        reason=_seen(work, row, "reason"),
    )


def _notices(work: Work, row: RequestRow) -> Sequence[NoticeView]:
    query = select(RequestNoticeRow).where(RequestNoticeRow.request_id == row.id).order_by(RequestNoticeRow.id)
    rows = work.session.scalars(query).all()
    states = states_of(work, [one.message_id for one in rows if one.message_id is not None])
    return tuple(
        NoticeView(
            id=one.id,
            notice=Notice(one.notice),
            carrier=Carrier(one.carrier),
            language=one.language,
            at=one.at,
            told_at=one.told_at,
            message=None if one.message_id is None else states.get(one.message_id, GONE),
        )
        for one in rows
    )


def _seen(work: Work, row: SealedRow, name: str) -> Any:  # noqa: ANN401 (text or JSON, as the field's kind says)
    """A sealed value as the actor may see it; None where there is none, or it may not be seen."""
    if getattr(row, f"{name}_sealed") is None:
        return None
    said = shipped.catalogue().field(f"{row.sealed_table}.{name}")
    visibility = allows(work.actor, Permission.REQUESTS_READ, field=said).visibility
    if visibility is Visibility.HIDDEN:
        return None
    value = opened(row, name)
    if visibility is Visibility.CLEAR or value is None:
        return value
    return said.shown(value, visibility) if isinstance(value, str) else None
