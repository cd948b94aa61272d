"""The one way in which a request moves: by an act that is lawful where it stands, with its line and its log entry."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from sqlalchemy import func, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.kernel.ids import OwnerId, SubjectRef, uuid7
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies.requests import ENDED, RequestAct, RequestState, acts_in, after
from governance.rights.codes import Entry, Outcome
from governance.rights.errors import WrongActError
from governance.rights.tables import RequestEventRow, RequestRow
from governance.rights.timing import local_day, set_duties

SERVICE: Final = Actor(kind=ActorKind.SYSTEM, id=None, permissions=frozenset({"*"}), name="rights")
"""The service carrying out what a request decided."""

_ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        Entry.RECEIVE: Action.REQUEST_RECEIVED,
        Entry.REPEAT: Action.REQUEST_REPEATED,
        Entry.EXTEND: Action.REQUEST_EXTENDED,
        Entry.CONFIRM: Action.REQUEST_CONTACT_CONFIRMED,
        Entry.REMIND: Action.REQUEST_REMINDED,
        Entry.CARRY: Action.REQUEST_CARRIED,
        RequestAct.ASK_IDENTITY: Action.REQUEST_IDENTITY_ASKED,
        RequestAct.PROVE: Action.REQUEST_PROVED,
        RequestAct.ASK: Action.REQUEST_ASKED,
        RequestAct.REPLY: Action.REQUEST_REPLIED,
        RequestAct.SUBMIT: Action.REQUEST_SUBMITTED,
        RequestAct.APPROVE: Action.REQUEST_APPROVED,
        RequestAct.SEND_BACK: Action.REQUEST_SENT_BACK,
        RequestAct.START: Action.REQUEST_STARTED,
        RequestAct.COMPLETE: Action.REQUEST_COMPLETED,
        RequestAct.FIND_NOTHING: Action.REQUEST_COMPLETED,
        RequestAct.REFUSE: Action.REQUEST_REFUSED,
        RequestAct.WITHDRAW: Action.REQUEST_WITHDRAWN,
        RequestAct.EXPIRE: Action.REQUEST_EXPIRED,
        RequestAct.RESUME: Action.REQUEST_RESUMED,
        RequestAct.JOIN: Action.REQUEST_JOINED,
    }
)
_OUTCOMES: Final[Mapping[RequestAct, Outcome]] = MappingProxyType(
    {
        RequestAct.COMPLETE: Outcome.DONE,
        RequestAct.FIND_NOTHING: Outcome.NOTHING_HELD,
        RequestAct.REFUSE: Outcome.REFUSED,
        RequestAct.WITHDRAW: Outcome.WITHDRAWN,
        RequestAct.EXPIRE: Outcome.EXPIRED,
        RequestAct.JOIN: Outcome.JOINED,
    }
)


def require(row: RequestRow, act: RequestAct) -> RequestState:
    """The state that an act leads to.

    Raises:
        WrongActError: where it is not lawful now; the sentence names what is.
    """
    following = after(RequestState(row.state), act)
    if following is None:
        lawful = ", ".join(acts_in(RequestState(row.state))) or "nothing: it has ended"
        raise WrongActError(
            f"The request stands at {row.state}, where {act.value} is not possible. Possible: {lawful}."
        )
    return following


def step(
    work: Work,
    row: RequestRow,
    act: RequestAct,
    *,
    reason: str | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> None:
    """Move a locked request by an act.

    Raises:
        WrongActError: where it is not lawful where the request stands.
    """
    row.state = require(row, act).value
    row.outcome = _OUTCOMES[act].value if act in _OUTCOMES else row.outcome
    if RequestState(row.state) in ENDED:
        row.closed_at, row.waiting_until = work.now, None
    write_line(work, row, act, reason=reason, facts=facts)
    set_duties(row, history(work, row), today=local_day(work.now, row.zone))
    work.session.flush()


def write_line(
    work: Work,
    row: RequestRow,
    entry: RequestAct | Entry,
    *,
    reason: str | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> None:
    """Write a line into the history of a locked request, and tell of it in the log."""
    last = select(func.max(RequestEventRow.sequence)).where(RequestEventRow.request_id == row.id)
    line = RequestEventRow(
        id=uuid7(),
        owner_id=row.owner_id,
        request_id=row.id,
        sequence=(work.session.scalar(last) or 0) + 1,
        act=entry.value,
        state=row.state,
        at=work.now,
        day=row.received_on if entry is Entry.RECEIVE else local_day(work.now, row.zone),
        actor_kind=work.actor.kind.value,
        actor_id=work.actor.id,
        reason=reason,
    )
    work.session.add(line)
    work.session.flush()
    audit.append(
        work,
        _ACTIONS[entry],
        subject=None if row.subject_ref is None else SubjectRef(row.subject_ref),
        object=ObjectRef("request", row.id),
        facts={"kind": row.kind, "state": row.state, **(facts or {})},
        personal={} if reason is None else {"reason": reason},
        owner=None if reason is None else OwnerId(row.owner_id),
    )


def history(work: Work, row: RequestRow) -> list[RequestEventRow]:
    """The lines of a request, oldest first."""
    query = select(RequestEventRow).where(RequestEventRow.request_id == row.id)
    return list(work.session.scalars(query.order_by(RequestEventRow.sequence)))


def version_of(lines: Iterable[RequestEventRow]) -> int:
    """The number of the last line of a history that changed the request: being reminded, or asked again, changes none.

    Else whoever asks a thousand times would keep officers from deciding.
    """
    return max(line.sequence for line in lines if line.act not in (Entry.REMIND.value, Entry.REPEAT.value))


def as_service(work: Work) -> Work:
    """The same transaction, carried out by the service itself."""
    return replace(work, actor=SERVICE)
