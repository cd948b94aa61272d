"""What is done for each kind of request once it is proved who asks, here or by whom `carriers` names."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.customers.standing import standing_restrictions
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.messages.times import written
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import ENDED, RequestAct, RequestState
from governance.rights.acting import as_service, step, write_line
from governance.rights.carriers import Carried, carrier_of
from governance.rights.codes import About, Entry, Notice
from governance.rights.notices import address_of, tell, where_it_lies
from governance.rights.records import RequestId
from governance.rights.stops import stop_for_person
from governance.rights.tables import RequestRow
from governance.rights.timing import local_day
from governance.rights.told_recipients import RESTRICTION, owe_telling

LIFT_AFTER: Final = timedelta(days=3)
"""Between the notice that a restriction will be lifted and its end (GDPR Art. 18(3))."""
BY_ITSELF: Final = frozenset({RequestKind.OPT_OUT, RequestKind.WITHDRAWAL})
"""Kinds that are carried out as soon as they may be, without an officer."""
ELSEWHERE: Final = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY, RequestKind.ERASURE})
"""Kinds that other packages carry out."""
WHILE_DECIDED: Final = {
    RequestKind.RECTIFICATION: RestrictionReason.ACCURACY_CONTESTED,
    RequestKind.OBJECTION: RestrictionReason.OBJECTION_PENDING,
}
"""Restrictions that stand while a request is decided (GDPR Art. 18(1)(a) and (d); 152-FZ Art. 21)."""
PLACED_FOR: Final = {**WHILE_DECIDED, RequestKind.RESTRICTION: RestrictionReason.ASKED_FOR}
"""Restrictions that requests place: of their end the person is told before."""


def begin(work: Work, row: RequestRow, *, by_code: bool) -> None:
    """Begin what a proved request asks for, after `start`; what can be done now is done and completed."""
    kind, person = RequestKind(row.kind), _person(row)
    carrier = carrier_of(work, kind)
    if carrier is not None:
        if kind is RequestKind.ERASURE and row.contact is None:
            # Once it is done, nothing is left that would tell where the answer goes.
            row.contact_kind, row.contact = address_of(work, row)
        told = Carried(RequestId(row.id), kind, person, row.language, by_code)
        row.carried_as = carrier.begin(work, told)
        work.session.flush()
        if carrier.is_done(work, row.carried_as):
            complete_row(work, row)
    elif kind in BY_ITSELF or (kind is RequestKind.OBJECTION and row.about != About.PROCESSING):
        ended = stop_for_person(work, row, person)
        write_line(work, row, Entry.CARRY, facts={"ended": ended})
        complete_row(work, row)
    elif kind is RequestKind.RESTRICTION:
        if row.about == About.LIFT.value:
            lift_now(work, row, RestrictionReason.ASKED_FOR)
        else:
            restrict(work, row, RestrictionReason.ASKED_FOR)
        complete_row(work, row)


def complete_row(work: Work, row: RequestRow, *, reason: str | None = None, answer: str | None = None) -> None:
    """Complete a request that is being carried out, and tell the person."""
    row.answer = answer if answer is not None else row.answer
    step(work, row, RequestAct.COMPLETE, reason=reason)
    tell(work, row, Notice.COMPLETED, answer=answer or where_it_lies(work, row))
    lift_later(work, row)
    if row.kind == RequestKind.ERASURE.value:
        forget_person(row)
        work.session.flush()


def forget_person(row: RequestRow) -> None:
    """Let a file name nobody any more; what was asked and answered stays, under keys of its own."""
    row.person_id = row.subject_ref = None
    row.contact = None


def restrict(work: Work, row: RequestRow, reason: RestrictionReason) -> None:
    """Restrict processing of the person's data; one that stands for the same reason is left as it is."""
    if reason in standing_restrictions(work, _person(row)):
        return
    customers.restrict(as_service(work), subject=_person(row), reason=reason)
    write_line(work, row, Entry.CARRY, facts={"restricted": reason.value})
    owe_telling(work, row, _person(row), fields={RESTRICTION})


def lift_later(work: Work, row: RequestRow) -> None:
    """Tell the person that the restriction which stood while this was decided will be lifted, and when."""
    reason = WHILE_DECIDED.get(RequestKind(row.kind))
    if reason is None or row.person_id is None or reason not in standing_restrictions(work, _person(row)):
        return
    if not is_decided_elsewhere(work, row):
        announce_lifting(work, row)


def announce_lifting(work: Work, row: RequestRow) -> None:
    """Tell the person of a request when the restriction that it placed ends; it is lifted on that day."""
    row.lift_on = local_day(work.now, row.zone) + LIFT_AFTER
    work.session.flush()
    tell(work, row, Notice.LIFTING, until=written(row.lift_on, row.language))


def is_decided_elsewhere(work: Work, row: RequestRow) -> bool:
    """Whether another request of the person, for which the data are restricted as well, is not decided yet."""
    open_states = [one.value for one in RequestState if one not in ENDED]
    query = select(RequestRow.id).where(
        RequestRow.person_id == row.person_id,
        RequestRow.kind == row.kind,
        RequestRow.about.is_not_distinct_from(row.about),
        RequestRow.state.in_(open_states),
        RequestRow.proof.is_not(None),
        RequestRow.id != row.id,
    )
    return work.session.scalars(query.limit(1)).first() is not None


def lift_now(work: Work, row: RequestRow, reason: RestrictionReason) -> None:
    """Lift a restriction of the person, who has been told, or asked for it."""
    found = standing_restrictions(work, _person(row)).get(reason)
    if found is not None:
        customers.lift_restriction(as_service(work), subject=_person(row), restriction=found)
        write_line(work, row, Entry.CARRY, facts={"lifted": reason.value})
    row.lift_on = None
    work.session.flush()


def _person(row: RequestRow) -> SubjectId:
    if row.person_id is None:
        raise ValueError("a request that is carried out is about somebody")
    return SubjectId(row.person_id)
