"""What time does to requests: officers are reminded, silence ends them, restrictions are lifted, proposals come back.

Everything may be done as often as one likes, and by several hosts at once.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, cast, or_, select, update

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertKind, ProposalId, ProposalState
from governance.accounts.proposals import states_of as proposal_states
from governance.customers.references import identities
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.messages.operations import Template
from governance.messages.times import moment
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import ENDED, RequestAct, RequestState
from governance.reference import operations as reference
from governance.rights.acting import as_service, history, step, write_line
from governance.rights.approving import send_back_row
from governance.rights.carriers import carrier_of
from governance.rights.carrying import PLACED_FOR, complete_row, is_decided_elsewhere, lift_later, lift_now
from governance.rights.codes import Entry, Notice, Reminder
from governance.rights.notices import LASTS, tell
from governance.rights.tables import RequestRow
from governance.rights.timing import local_day, set_duties

AT_ONCE: Final = 200
AGAIN_AFTER: Final = timedelta(days=7)
"""An overdue request is told of again and again."""
MOST_REMINDED: Final = 1000
NAMED: Final = 20
"""Requests that one alert names; the rest is counted."""
_ALERTS: Final = {
    Reminder.HALF: AlertKind.REQUESTS_HALF_TIME,
    Reminder.NEARLY: AlertKind.REQUESTS_NEARLY_DUE,
    Reminder.OVERDUE: AlertKind.REQUESTS_OVERDUE,
}
_OPEN: Final = [one.value for one in RequestState if one not in ENDED]
_PENDING: Final = [ProposalState.REFUSED.value, ProposalState.EXPIRED.value, ProposalState.FAILED.value]


def remind(work: Work) -> int:
    """Remind officers at half of the time, at four fifths, and when it is over; answers of how many requests.

    Requests of a reminder make one alert together, so that a flood of them makes no flood of mail.
    """
    today = _today(work)
    half_over = RequestRow.received_on + cast(RequestRow.due_on - RequestRow.received_on, Integer) // 2
    query = select(RequestRow).where(
        RequestRow.state.in_(_OPEN),
        half_over <= today,
        or_(RequestRow.reminded_on.is_(None), RequestRow.reminded_on < today),
    )
    query = query.order_by(RequestRow.due_on, RequestRow.id).limit(MOST_REMINDED)
    late: dict[Reminder, list[RequestRow]] = defaultdict(list)
    for row in work.session.scalars(query.with_for_update(skip_locked=True)):
        if row.waiting_until is not None:  # the clock may stand still
            set_duties(row, history(work, row), today=today)
        level = how_late(row.received_on, row.due_on, today=today)
        if level is not None and _is_news(row, level, today):
            late[level].append(row)
    work.session.flush()
    for level, found in late.items():
        for row in found:
            row.reminded, row.reminded_on = level.value, today
            write_line(work, row, Entry.REMIND, facts={"reminder": level.value})
        named: list[UUID] = [row.id for row in found[:NAMED]]
        alert = accounts.raise_alert(work, kind=_ALERTS[level], facts={"count": len(found), "requests": named})
        if level is Reminder.OVERDUE:
            _escalate(work, alert)
    work.session.flush()
    return sum(map(len, late.values()))


def _escalate(work: Work, alert: UUID) -> None:
    """Tell the data protection officer of the controller's record as well: those who were reminded did not answer."""
    controller = reference.find_controller(work)
    address = None if controller is None or controller.officer is None else controller.officer.email
    if controller is None or address is None:
        return
    language, zone = controller.language, controller.zone
    messages.enqueue(
        work,
        template=Template.ALERT_RAISED,
        language=language,
        recipient=address,
        values={
            "kind": AlertKind.REQUESTS_OVERDUE.value,
            "alert": str(alert),
            "at": moment(work.now, language=language, zone=zone),
        },
        expires_at=work.now + LASTS,
    )


def how_late(received: date, due: date, *, today: date) -> Reminder | None:
    """How late it is: overdue after the last day, nearly from four fifths of the time on, half from half of it on."""
    if today > due:
        return Reminder.OVERDUE
    whole, gone = (due - received).days, (today - received).days
    if gone * 5 >= whole * 4:
        return Reminder.NEARLY
    return Reminder.HALF if gone * 2 >= whole else None


def _is_news(row: RequestRow, level: Reminder, today: date) -> bool:
    if row.reminded != level.value:
        return True
    return level is Reminder.OVERDUE and row.reminded_on is not None and row.reminded_on + AGAIN_AFTER <= today


def expire(work: Work) -> int:
    """End requests whose person did not prove who they are in time; answers how many nobody waits for any more.

    The person is told, known or unknown alike; a new request may follow at any time. Whoever proved who they are and
    only left a question open is owed an answer all the same: that request goes on with what is known.
    """
    query = select(RequestRow).where(RequestRow.waiting_until < _today(work))
    rows = work.session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    for row in rows:
        if row.state == RequestState.AWAITING_REQUESTER.value:
            _resume(work, row)
            continue
        step(work, row, RequestAct.EXPIRE)
        tell(work, row, Notice.EXPIRED)
        lift_later(work, row)
    return len(rows)


def _resume(work: Work, row: RequestRow) -> None:
    """Hand a request back to the officers, who are reminded of it anew."""
    row.waiting_until = row.reminded = row.reminded_on = None
    step(work, row, RequestAct.RESUME)


def lift_due(work: Work) -> int:
    """Lift restrictions of which the person was told that they end; answers how many."""
    query = select(RequestRow).where(RequestRow.lift_on <= _today(work))
    rows = work.session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    for row in rows:
        if is_decided_elsewhere(work, row):
            row.lift_on = None  # the other one lifts it once it is decided
        else:
            lift_now(work, row, PLACED_FOR[RequestKind(row.kind)])
    work.session.flush()
    return len(rows)


def forget_erased(work: Work) -> int:
    """Let files of ended requests name nobody whom an erasure took away meanwhile; answers how many."""
    person, table = identities().subquery(), RequestRow.__table__.columns
    standing = select(person.c.id).where(person.c.id == table.person_id, person.c.subject_ref == table.subject_ref)
    gone = (table.closed_at.is_not(None), table.person_id.is_not(None), ~standing.exists())
    columns = ("person_id", "subject_ref", "contact_sealed", "contact_index", "contact_index_next")
    done = work.session.execute(
        update(RequestRow).where(*gone).values(dict.fromkeys(columns)).returning(table.id),
        execution_options={"synchronize_session": False},
    )
    return len(done.all())


def follow_up(work: Work) -> int:
    """Complete what another part of the service has done, and take back what a second person refused."""
    return _complete_done(work, RequestRow.carried_as.is_not(None)) + _take_back(work)


def follow_up_on(work: Work, *, carried: UUID) -> int:
    """Complete the request that an erasure or a package was for, as soon as that is done; answers how many."""
    return _complete_done(work, RequestRow.carried_as == carried)


def _complete_done(work: Work, which: ColumnElement[bool]) -> int:
    query = select(RequestRow).where(RequestRow.state == RequestState.IN_PROGRESS.value, which)
    rows = work.session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    done = 0
    for row in rows:
        carrier = carrier_of(work, RequestKind(row.kind))
        if carrier is not None and row.carried_as is not None and carrier.is_done(work, row.carried_as):
            complete_row(work, row)
            done += 1
    return done


def _take_back(work: Work) -> int:
    query = select(RequestRow).where(
        RequestRow.state == RequestState.AWAITING_APPROVAL.value, RequestRow.proposal_id.is_not(None)
    )
    rows = work.session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    states = proposal_states(work, [ProposalId(row.proposal_id) for row in rows if row.proposal_id is not None])
    refused = [row for row in rows if row.proposal_id is not None and states.get(row.proposal_id) in _PENDING]
    for row in refused:
        send_back_row(as_service(work), row, None)
    return len(refused)


def _today(work: Work) -> date:
    controller = reference.find_controller(work)
    return local_day(work.now, "UTC" if controller is None else controller.zone)
