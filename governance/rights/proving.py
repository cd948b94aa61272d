"""Who asks: by a code to a contact of theirs, by the words of an officer, or not at all where nothing is shown.

What is asked for is begun at once where it may be; the rest waits for an officer.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select

from governance.accounts.portal import operations as portal
from governance.accounts.portal.operations import CodeId, ProvenContact, SentCode
from governance.customers import visiting
from governance.customers.codes import ContactKind
from governance.customers.holders import find_holders, find_known, tie_message
from governance.customers.reach import allow, find_person
from governance.customers.records import NewContact
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.kernel.errors import ConflictError, InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.messages.texts import Template
from governance.messages.times import written
from governance.policies.deadline_rules import RequestKind, Wait
from governance.policies.permissions import Permission
from governance.policies.requests import ENDED, RequestAct, RequestState
from governance.rights.acting import require, step, write_line
from governance.rights.addressing import goes_elsewhere
from governance.rights.carriers import carrier_of
from governance.rights.carrying import BY_ITSELF, ELSEWHERE, WHILE_DECIDED, begin, complete_row, restrict
from governance.rights.codes import About, Asking, Entry, Notice, Proof
from governance.rights.correcting import apply_low_risk, compare, waiting
from governance.rights.errors import NotProvenError
from governance.rights.notices import tell
from governance.rights.records import RequestId, RequestView
from governance.rights.rows import locked, needs_approval, told
from governance.rights.tables import RequestRow
from governance.rights.timing import can_wait, local_day

WAIT_FOR: Final = timedelta(days=21)
"""How long the person is waited for, unless the answer is due before."""
BEFORE_DUE: Final[Mapping[Wait, timedelta]] = {Wait.IDENTITY: timedelta(days=1), Wait.CLARIFICATION: timedelta(days=4)}
"""What is left of the time at least when waiting ends: after silence about a question officers still have to answer."""
_BY_CODE: Final = frozenset({Proof.CODE, Proof.SECOND_CONTACT})


def ask_identity(work: Work, *, request: RequestId) -> RequestView:
    """Ask the requester to prove who they are, by a message to the contact that they gave.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or it is past that.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    ask_identity_of(work, row)
    return told(work, row)


def ask_identity_of(work: Work, row: RequestRow) -> None:
    """Ask the requester of a locked request to prove who they are."""
    step(work, row, RequestAct.ASK_IDENTITY)
    row.waiting_until = last_day(work, row, Wait.IDENTITY)
    work.session.flush()
    tell(work, row, Notice.IDENTITY, until=written(row.waiting_until, row.language))


def last_day(work: Work, row: RequestRow, why: Wait) -> date:
    """The last day on which the person is waited for: so that the request can still be answered in time after it."""
    today = local_day(work.now, row.zone)
    if can_wait(row, why):
        return today + WAIT_FOR
    return max(today, min(today + WAIT_FOR, row.due_on - BEFORE_DUE[why]))


def send_code(work: Work, *, request: RequestId, per_hour: int) -> SentCode:
    """Send a one-time code to the contact of a request, for somebody who is on the phone or at the desk.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or who asks was proved.
        InvalidError: where no code can be sent to its contact.
        TooManyError: codes were asked for too often.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    require(row, RequestAct.PROVE)
    # Other words than those of a code for a page, which is never to be told to anybody.
    return portal.send_code(work, contact=_line(row), address="", per_hour=per_hour, template=Template.SPOKEN_CODE)


def prove_by_code(
    work: Work, *, request: RequestId, code_id: CodeId, typed: str, customer: SubjectId | None = None
) -> RequestView | None:
    """Prove who asks by the code that they read out; None where it is wrong, to be committed all the same.

    Args:
        work: the transaction.
        request: whose contact the code was sent to.
        code_id: of the code.
        typed: as it was read out.
        customer: which holder of the contact it is, where several hold it.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or who asks was proved.
        InvalidError: where the contact does not say who it is; `errors` says what is to be given.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    require(row, RequestAct.PROVE)
    expected = _line(row)
    proven = portal.try_code(work, code_id=code_id, typed=typed)
    if proven is None or (proven.contact.line, proven.contact.value) != (expected.line, expected.value):
        return None
    kind = ContactKind(row.contact_kind or "")
    tie_message(work, message=proven.message, kind=kind, value=proven.contact.value)
    holders = find_holders(work, [NewContact(kind, proven.contact.value)])[0]
    if not holders:
        find_nothing_of(work, row)
        return told(work, row)
    chosen = [one.id for one in holders if customer in (None, one.id)]
    if len(chosen) != 1:
        sentence = "Several people hold this contact; name the one who asks, or find out by a second fact."
        raise InvalidError("It is not clear who asks.", errors={"customer": [sentence]})
    prove_row(work, row, person=chosen[0], proof=Proof.CODE)
    return told(work, row)


def prove(work: Work, *, request: RequestId, customer: SubjectId, checked: str) -> RequestView:
    """Take who asks as proved, by an officer who writes what was checked; no copies of papers are kept.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or who asks was proved.
        NotFoundError: where there is no such customer within reach.
        InvalidError: where it is not said what was checked.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    require(row, RequestAct.PROVE)
    errors = Complaints()
    with errors.at("checked"):
        checked = words(checked, longest=LONG_TEXT, lines=True)
    errors.end("It has to be said what was checked.")
    person = find_person(work, customer, Permission.REQUESTS_WORK)
    prove_row(work, row, person=SubjectId(person.id), proof=Proof.OFFICER, checked=checked)
    return told(work, row)


def confirm_contact(work: Work, *, request: RequestId, reason: str) -> RequestView:
    """Take it upon oneself that the answer goes to a contact that the person is not on record with.

    Args:
        work: the transaction.
        request: which; it was proved who asks.
        reason: how it is known that the contact is theirs, or of whoever acts for them; kept sealed.

    Raises:
        ForbiddenError: without `requests:decide`.
        NoSuchRequestError: where there is no such request.
        NotProvenError: where it was not proved who asks.
        ConflictError: where the contact is the person's own, or was confirmed, or the request has ended.
        InvalidError: where no reason is given.
    """
    allow(work, Permission.REQUESTS_DECIDE)
    row = locked(work, request)
    errors = Complaints()
    with errors.at("reason"):
        reason = words(reason, longest=LONG_TEXT, lines=True)
    errors.end("It has to be said how the contact is known to be theirs.")
    if row.proof in (None, Proof.NOT_NEEDED.value):
        raise NotProvenError("It has not been proved who asks; prove it first.")
    if not goes_elsewhere(work, row):
        raise ConflictError("There is no contact of somebody else to be confirmed.")
    write_line(work, row, Entry.CONFIRM, reason=reason)
    return told(work, row)


def find_nothing(work: Work, *, request: RequestId) -> RequestView:
    """Answer that nothing is held under the contact: an answer like any other (GDPR Art. 15(1)).

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or it is past that.
        InvalidError: where something is held, after all.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    require(row, RequestAct.FIND_NOTHING)
    if row.contact is not None and row.contact_kind is not None:
        holders = find_holders(work, [NewContact(ContactKind(row.contact_kind), row.contact)])[0]
        if holders:
            raise InvalidError("Somebody holds the contact of this request.", errors={"contact": ["It is held."]})
    find_nothing_of(work, row)
    return told(work, row)


def find_nothing_of(work: Work, row: RequestRow) -> None:
    """Answer a locked request with that nothing is held."""
    step(work, row, RequestAct.FIND_NOTHING)
    tell(work, row, Notice.NOTHING_HELD)


def prove_row(work: Work, row: RequestRow, *, person: SubjectId, proof: Proof, checked: str | None = None) -> None:
    """Take who asks as proved; the same person's request that stands already takes this one in."""
    known = find_known(work, [person])[person]
    row.person_id, row.subject_ref = known.id, known.ref
    row.checked = checked if checked is not None else row.checked
    first = _standing_of(work, row)
    if first is not None:
        row.proof, row.joined_to = proof.value, first.id
        first.repeats += 1
        step(work, row, RequestAct.JOIN)
        return
    advance(work, row, proof=proof)


def advance(work: Work, row: RequestRow, *, proof: Proof) -> None:
    """Open a request, and begin at once what may be begun without an officer."""
    row.proof = proof.value
    row.waiting_until = None
    step(work, row, RequestAct.PROVE, facts={"proof": proof.value})
    kind, person = RequestKind(row.kind), None if row.person_id is None else SubjectId(row.person_id)
    if person is not None and kind is RequestKind.RECTIFICATION:
        compare(work, row, person)
    if person is None or proof is Proof.NOT_NEEDED:
        step(work, row, RequestAct.START)
        complete_row(work, row)
        return
    if row.asking == Asking.SELF.value and kind is RequestKind.RECTIFICATION:
        _rectify(work, row, person)
    elif kind in BY_ITSELF or row.about in (About.ADVERTISING.value, About.PLACE.value, About.LIFT.value):
        step(work, row, RequestAct.START)
        begin(work, row, by_code=proof in _BY_CODE)
    elif kind is RequestKind.OBJECTION:
        restrict(work, row, WHILE_DECIDED[kind])
    elif kind in ELSEWHERE and _goes_by_itself(work, row, proof):
        step(work, row, RequestAct.START)
        begin(work, row, by_code=True)


def _goes_by_itself(work: Work, row: RequestRow, proof: Proof) -> bool:
    by_themselves = row.asking == Asking.SELF.value and proof in _BY_CODE
    has_carrier = carrier_of(work, RequestKind(row.kind)) is not None
    return by_themselves and has_carrier and not needs_approval(work, row)


def _rectify(work: Work, row: RequestRow, person: SubjectId) -> None:
    apply_low_risk(work, row, person)
    if waiting(row):
        restrict(work, row, WHILE_DECIDED[RequestKind.RECTIFICATION])
        return
    step(work, row, RequestAct.START)
    complete_row(work, row)


def _standing_of(work: Work, row: RequestRow) -> RequestRow | None:
    """An older request of the same person for the same that stands."""
    open_states = [one.value for one in RequestState if one not in ENDED]
    query = select(RequestRow).where(
        RequestRow.person_id == row.person_id,
        RequestRow.kind == row.kind,
        RequestRow.about.is_not_distinct_from(row.about),
        RequestRow.state.in_(open_states),
        RequestRow.proof.is_not(None),
        RequestRow.id < row.id,
    )
    if row.kind == RequestKind.RECTIFICATION.value:
        return None
    return work.session.scalars(query.order_by(RequestRow.id).limit(1).with_for_update()).first()


def _line(row: RequestRow) -> ProvenContact:
    kind = None if row.contact_kind is None else ContactKind(row.contact_kind)
    if kind is None or kind not in visiting.LINES or row.contact is None:
        sentence = "A code goes to an e-mail address or a phone; this request has neither."
        raise InvalidError("No code can be sent.", errors={"contact": [sentence]})
    return ProvenContact(visiting.LINES[kind], row.contact, row.language)
