"""What officers do with a request: ask, extend, carry out, refuse, join, close; `approving` is for two of them."""

from collections.abc import Sequence
from datetime import date

from governance.customers.reach import allow
from governance.customers.standing import standing_restrictions
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.kernel.errors import ConflictError, InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.messages.times import written
from governance.policies.deadline_rules import RequestKind, Wait
from governance.policies.permissions import Permission
from governance.policies.requests import RequestAct
from governance.rights.acting import history, require, step, write_line
from governance.rights.addressing import goes_elsewhere, refuse_elsewhere
from governance.rights.carrying import (
    WHILE_DECIDED,
    begin,
    complete_row,
    is_decided_elsewhere,
    lift_later,
    lift_now,
    restrict,
)
from governance.rights.codes import About, Entry, Notice, Proof, RefusalGround
from governance.rights.correcting import apply, waiting
from governance.rights.errors import ApprovalNeededError, NotExcessiveError, NotProvenError
from governance.rights.notices import tell
from governance.rights.proving import last_day
from governance.rights.records import RequestId, RequestView
from governance.rights.rows import earlier, locked, needs_approval, told
from governance.rights.stops import stop_interest
from governance.rights.tables import RequestRow
from governance.rights.timing import extendable, local_day, set_duties


def ask(work: Work, *, request: RequestId, question: str, until: date | None = None) -> RequestView:
    """Ask the person something that is needed to answer; told in the notice as it is written.

    Args:
        work: the transaction.
        request: which.
        question: in the language of the request; kept sealed.
        until: the last day on which an answer is waited for; by default three weeks, or four days before the answer is
            due where the law does not stop the clock.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or it stands otherwise.
        InvalidError: where nothing is asked, or the day is past.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    require(row, RequestAct.ASK)
    question = in_words("question", question)
    if until is not None and until < local_day(work.now, row.zone):
        raise InvalidError("The person cannot answer in the past.", errors={"until": ["Give today or a later day."]})
    step(work, row, RequestAct.ASK, reason=question)
    row.waiting_until = until or last_day(work, row, Wait.CLARIFICATION)
    work.session.flush()
    tell(work, row, Notice.QUESTION, question=question, until=written(row.waiting_until, row.language))
    return told(work, row)


def reply(work: Work, *, request: RequestId, words: str) -> RequestView:
    """Take down what the person replied; the clock goes on.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or nothing was asked.
        InvalidError: where nothing is said.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    reply_row(work, row, words)
    return told(work, row)


def reply_row(work: Work, row: RequestRow, said: str) -> None:
    """Take down what the person of a locked request replied."""
    require(row, RequestAct.REPLY)
    said = in_words("words", said)
    row.waiting_until = None
    step(work, row, RequestAct.REPLY, reason=said)


def extend(work: Work, *, request: RequestId, reason: str) -> RequestView:
    """Take more time, once, where a law that applies allows it; the person is told why (GDPR Art. 12(3)).

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError: where there is no such request.
        ConflictError: where it has ended, was extended before, its time is over, or no law allows it.
        InvalidError: where no reason is given.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    reason = in_words("reason", reason)
    today = local_day(work.now, row.zone)
    if row.closed_at is not None:
        raise ConflictError("The request has ended.")
    if row.extended_on is not None:
        raise ConflictError("The time was extended before; that is done once.")
    if not extendable(row):
        raise ConflictError("No law that applies allows more time for this.")
    if today > row.due_on:
        raise ConflictError(f"The person had to be told by {row.due_on}; an extension does not count any more.")
    row.extended_on = today
    set_duties(row, history(work, row), today=today)
    row.reminded = row.reminded_on = None
    write_line(work, row, Entry.EXTEND, reason=reason, facts={"due_on": row.due_on})
    work.session.flush()
    tell(work, row, Notice.EXTENDED, reason=reason)
    return told(work, row)


def start(
    work: Work, *, request: RequestId, fields: Sequence[str] | None = None, purposes: Sequence[str] | None = None
) -> RequestView:
    """Begin to carry a request out; what can be done at once is done and completed.

    Args:
        work: the transaction.
        request: which; its person has to be proved.
        fields: of a rectification, those that are changed; all that wait by default, and it is completed with them.
        purposes: of an objection that is upheld, those that end; all that rest on a legitimate interest by default.
            Where none ends, the officer sees to it by hand, and completes it.

    Raises:
        ForbiddenError: without `requests:work`; or where a field is not the actor's to write.
        NoSuchRequestError, WrongActError: where there is no such request, or it is not open.
        NotProvenError: where it is not known whose data it is about.
        ApprovalNeededError: where a second person has to approve; the sentence says why.
        ForeignContactError: where data would go to a contact that is none of the person's, and nobody confirmed it.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    require(row, RequestAct.START)
    if row.person_id is None:
        raise NotProvenError("It has not been proved whose data this is about; prove it first.")
    why = needs_approval(work, row)
    if why:
        raise ApprovalNeededError(f"A second person has to approve this erasure ({', '.join(why)}); submit it.")
    refuse_elsewhere(work, row)
    step(work, row, RequestAct.START)
    begin_row(work, row, fields=fields, purposes=purposes)
    return told(work, row)


def complete(work: Work, *, request: RequestId, answer: str | None = None) -> RequestView:
    """Complete a request that an officer carried out by hand; the person is told, with the answer.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or it is not being carried out.
        ConflictError: where another part of the service carries it out, and completes it.
        ForeignContactError: where an answer would go to a contact of somebody else, and nobody confirmed it.
        InvalidError: where the answer cannot be kept.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    require(row, RequestAct.COMPLETE)
    if row.carried_as is not None:
        raise ConflictError("The service carries this out and completes it by itself, once every part is done.")
    answer = None if answer is None else in_words("answer", answer)
    refuse_elsewhere(work, row, answer=answer)
    complete_row(work, row, answer=answer)
    return told(work, row)


def refuse(work: Work, *, request: RequestId, ground: RefusalGround, reason: str) -> RequestView:
    """Refuse a request: the person is told the ground, the reason, the authority and the court (GDPR Art. 12(4)).

    Args:
        work: the transaction.
        request: which.
        ground: one of a closed list.
        reason: in the language of the request; it goes into the notice.

    Raises:
        ForbiddenError: without `requests:decide`.
        NoSuchRequestError, WrongActError: where there is no such request, or it stands otherwise.
        NotExcessiveError: where nothing on record says that the person asked before.
        InvalidError: where no reason is given.
    """
    allow(work, Permission.REQUESTS_DECIDE)
    row = locked(work, request)
    require(row, RequestAct.REFUSE)
    reason = in_words("reason", reason)
    if ground is RefusalGround.EXCESSIVE and not (row.repeats or earlier(work, row)):
        raise NotExcessiveError("The person asked for this once only within a year, so it is not excessive.")
    if ground is RefusalGround.NOT_IDENTIFIED and row.proof not in (None, Proof.NOT_NEEDED.value):
        raise InvalidError("Who asks was proved.", errors={"ground": ["Give another ground."]})
    row.ground, row.answer = ground.value, reason
    step(work, row, RequestAct.REFUSE, reason=reason, facts={"ground": ground.value})
    tell(work, row, Notice.REFUSED, ground=ground.value, reason=reason)
    lift_later(work, row)
    return told(work, row)


def join(work: Work, *, request: RequestId, into: RequestId) -> RequestView:
    """Join a request to another one of the same kind that stands, where an officer sees that they are one.

    One that an officer took for somebody else's, by mistake, is joined to the one that was put on record in its place
    from the same contact; it is about that person from then on.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or it is too late for that.
        ConflictError: where the other one has ended, is of another kind, or about somebody else.
    """
    allow(work, Permission.REQUESTS_WORK)
    row, other = locked(work, request), locked(work, into)
    require(row, RequestAct.JOIN)
    about_others = None not in (row.person_id, other.person_id) and row.person_id != other.person_id
    if other.id == row.id or other.closed_at is not None or (row.kind, row.about) != (other.kind, other.about):
        raise ConflictError("A request is joined to another one that stands and asks for the same.")
    if about_others and not _was_mistaken(work, row, other):
        raise ConflictError("These requests are about two people.")
    if about_others:
        row.person_id, row.subject_ref = other.person_id, other.subject_ref
    row.joined_to = other.id
    other.repeats += 1
    step(work, row, RequestAct.JOIN)
    return told(work, row)


def _was_mistaken(work: Work, row: RequestRow, other: RequestRow) -> bool:
    """Whether an officer tied a request to somebody who has nothing to do with the contact that both came from."""
    one_contact = (row.contact_kind, row.contact) == (other.contact_kind, other.contact)
    return one_contact and row.proof == Proof.OFFICER.value and goes_elsewhere(work, row)


def withdraw(work: Work, *, request: RequestId, reason: str | None = None) -> RequestView:
    """Note that the person does not want it any more.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or it is being carried out, or has ended.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    withdraw_row(work, row, None if reason is None else in_words("reason", reason))
    return told(work, row)


def withdraw_row(work: Work, row: RequestRow, reason: str | None = None) -> None:
    """End a locked request that the person does not want any more."""
    step(work, row, RequestAct.WITHDRAW, reason=reason)
    lift_later(work, row)


def begin_row(
    work: Work, row: RequestRow, *, fields: Sequence[str] | None = None, purposes: Sequence[str] | None = None
) -> None:
    """Begin to carry a locked request out."""
    kind, person = RequestKind(row.kind), SubjectId(row.person_id) if row.person_id else None
    if kind is RequestKind.RECTIFICATION and person is not None:
        _rectify(work, row, person, fields)
        return
    if kind is RequestKind.OBJECTION and row.about == About.PROCESSING.value and person is not None:
        ended = stop_interest(work, row, person, purposes)
        if ended:
            write_line(work, row, Entry.CARRY, facts={"purposes": list(ended)})
            complete_row(work, row)
        return  # where nothing here ended, the officer sees to what it is about, and completes it by hand
    begin(work, row, by_code=row.proof in (Proof.CODE.value, Proof.SECOND_CONTACT.value))


def _rectify(work: Work, row: RequestRow, person: SubjectId, fields: Sequence[str] | None) -> None:
    chosen = waiting(row) if fields is None else [one for one in waiting(row) if one in set(fields)]
    reason = WHILE_DECIDED[RequestKind.RECTIFICATION]
    contested = is_decided_elsewhere(work, row)
    if reason in standing_restrictions(work, person):
        if not contested:
            tell(work, row, Notice.LIFTING, until=written(local_day(work.now, row.zone), row.language))
        lift_now(work, row, reason)
    apply(work, row, person, chosen)
    if contested:
        restrict(work, row, reason)
    complete_row(work, row)


def in_words(name: str, value: str) -> str:
    """Words that may be kept.

    Raises:
        InvalidError: where they may not; `errors` names the field.
    """
    errors = Complaints()
    with errors.at(name):
        value = words(value, longest=LONG_TEXT, lines=True)
    errors.end("This has to be said in words that can be kept.")
    return value
