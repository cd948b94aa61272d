"""Requests that people make by themselves in the portal, as far as what they have proved carries."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import or_, select

from governance.customers.visiting import Visitor
from governance.kernel.errors import ForbiddenError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import RequestAct, RequestState, after
from governance.policies.visiting import StepUp
from governance.rights.codes import About, Arrival, Outcome, Proof, RefusalGround
from governance.rights.deciding import reply_row, withdraw_row
from governance.rights.errors import NoSuchRequestError
from governance.rights.proving import find_nothing_of, prove_row
from governance.rights.receiving import admit
from governance.rights.records import NewRequest, RequestId
from governance.rights.rows import locked
from governance.rights.tables import RequestRow

MOST_LISTED: Final = 100
_NEEDED: Final[Mapping[RequestKind, Permission]] = {
    RequestKind.ACCESS: Permission.PORTAL_DOWNLOAD,
    RequestKind.PORTABILITY: Permission.PORTAL_DOWNLOAD,
    RequestKind.RECTIFICATION: Permission.PORTAL_CORRECT,
    RequestKind.ERASURE: Permission.PORTAL_ERASE,
    RequestKind.RESTRICTION: Permission.PORTAL_CORRECT,
    RequestKind.OBJECTION: Permission.PORTAL_CORRECT,
    RequestKind.OPT_OUT: Permission.PORTAL_OPT_OUT,
    RequestKind.WITHDRAWAL: Permission.PORTAL_OPT_OUT,
    RequestKind.COMPLAINT: Permission.PORTAL_READ,
}
"""What a session must open before the request counts as proved."""
_NEEDS: Final[Mapping[StepUp, str]] = {StepUp.NEEDED: "step_up", StepUp.TOO_YOUNG: "settled_contact"}


@frozen(kw_only=True)
class OwnRequest:
    """A request as whoever made it sees it.

    Attributes:
        answer: what was said when it ended; None where it is not sure who looks.
        needs: what is still to be proved: `second_fact`, `step_up`, or nothing; `settled_contact` where the only other
            contact is too young to prove anything.
        joined: whether the same stood already.
    """

    id: RequestId
    number: str
    kind: RequestKind
    about: About | None
    state: RequestState
    received_on: date
    due_on: date
    waiting_until: date | None
    outcome: Outcome | None
    ground: RefusalGround | None
    answer: str | None
    needs: str | None
    joined: bool = False


def make_request(
    work: Work,
    *,
    visitor: Visitor,
    kind: RequestKind,
    about: About | None = None,
    said: str | None = None,
    changes: Mapping[str, Any] | None = None,
    country: str | None = None,
) -> OwnRequest:
    """Make a request in the portal. Where the session proves enough it goes on at once, else it waits for more proof.

    Args:
        work: the transaction.
        visitor: whose session it is.
        kind: what is asked for.
        about: advertising or processing, place or lift.
        said: in words.
        changes: of a rectification.
        country: where the visitor lives.

    Raises:
        InvalidError: `errors` says by field what is wrong.
        TooManyError: where too many requests of this contact stand.
    """
    new = NewRequest(
        kind=kind,
        arrival=Arrival.PORTAL,
        about=about,
        contact_kind=visitor.kind.value,
        contact=visitor.visit.contact.value,
        customer=visitor.person if _proves(visitor, kind) else None,
        language=visitor.visit.contact.language or None,
        country=country,
        said=said,
        changes=changes,
    )
    made = admit(work, new=new, permission=None, proof=_proof(visitor) if _proves(visitor, kind) else None)
    row = locked(work, RequestId(made.request.id))
    if not visitor.held and after(RequestState(row.state), RequestAct.FIND_NOTHING) is not None:
        find_nothing_of(work, row)
    return shown_to(row, visitor, joined=made.joined)


def own_requests(work: Work, *, visitor: Visitor) -> list[OwnRequest]:
    """Requests of the visitor, and by the contact that they proved, newest first."""
    mine = [_by_contact(visitor)]
    if visitor.person is not None:
        mine.append(RequestRow.person_id == visitor.person)
    query = select(RequestRow).where(or_(*mine)).order_by(RequestRow.id.desc()).limit(MOST_LISTED)
    rows = [row for row in work.session.scalars(query) if _is_own(row, visitor)]
    return [shown_to(row, visitor) for row in rows]


def prove_own(work: Work, *, visitor: Visitor, request: RequestId) -> OwnRequest:
    """Let what the session proves by now count for a request that waits for it.

    Raises:
        NoSuchRequestError: where the visitor has no such request.
        ForbiddenError: where the session does not prove enough; the sentence says what is missing.
        WrongActError: where the request waits for no proof.
    """
    row = own_row(work, visitor, request)
    kind = RequestKind(row.kind)
    if visitor.person is None or not _proves(visitor, kind):
        raise ForbiddenError(f"This needs more proof first: {_needs(visitor, kind)}.")
    prove_row(work, row, person=visitor.person, proof=_proof(visitor))
    return shown_to(row, visitor)


def reply_own(work: Work, *, visitor: Visitor, request: RequestId, words: str) -> OwnRequest:
    """Reply to what was asked.

    Raises:
        NoSuchRequestError, WrongActError: where the visitor has no such request, or nothing was asked.
        InvalidError: where nothing is said.
    """
    row = own_row(work, visitor, request)
    reply_row(work, row, words)
    return shown_to(row, visitor)


def withdraw_own(work: Work, *, visitor: Visitor, request: RequestId) -> OwnRequest:
    """Take a request back.

    Raises:
        NoSuchRequestError, WrongActError: where the visitor has no such request, or it is being carried out.
    """
    row = own_row(work, visitor, request)
    withdraw_row(work, row)
    return shown_to(row, visitor)


def own_row(work: Work, visitor: Visitor, request: RequestId) -> RequestRow:
    """The row of a request of the visitor, locked until the transaction ends.

    Raises:
        NoSuchRequestError: where the visitor has no such request.
    """
    row = locked(work, request)
    if not _is_own(row, visitor):
        raise NoSuchRequestError("You have no such request.")
    return row


def _is_own(row: RequestRow, visitor: Visitor) -> bool:
    if visitor.person is not None and row.person_id == visitor.person:
        return True
    same = (row.contact_kind, row.contact) == (visitor.kind.value, visitor.visit.contact.value)
    # Somebody else who reads the mailbox sees nothing of a request that was proved to be another's.
    return same and (row.person_id is None or row.proof in (None, Proof.NOT_NEEDED.value))


def _by_contact(visitor: Visitor) -> Any:  # noqa: ANN401 (a clause)
    return RequestRow.contact == visitor.visit.contact.value


def _proves(visitor: Visitor, kind: RequestKind) -> bool:
    return visitor.person is not None and _NEEDED[kind].value in visitor.actor.permissions


def _proof(visitor: Visitor) -> Proof:
    return Proof.SECOND_CONTACT if visitor.visit.stepped_up else Proof.CODE


def _needs(visitor: Visitor, kind: RequestKind) -> str | None:
    if _proves(visitor, kind):
        return None
    return _NEEDS.get(visitor.step_up, "second_fact")


def shown_to(row: RequestRow, visitor: Visitor, *, joined: bool = False) -> OwnRequest:
    """A request as the visitor sees it."""
    waits = RequestState(row.state) in (RequestState.RECEIVED, RequestState.IDENTITY_CHECK)
    kind = RequestKind(row.kind)
    return OwnRequest(
        id=RequestId(row.id),
        number=row.number,
        kind=kind,
        about=None if row.about is None else About(row.about),
        state=RequestState(row.state),
        received_on=row.received_on,
        due_on=row.due_on,
        waiting_until=row.waiting_until,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        ground=None if row.ground is None else RefusalGround(row.ground),
        answer=row.answer if visitor.is_sure else None,
        needs=_needs(visitor, kind) if waits else None,
        joined=joined,
    )
