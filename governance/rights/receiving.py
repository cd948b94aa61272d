"""Receiving requests: read, dated, joined to one that stands already, or put on record with its terms."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, false, or_, select, text

from governance.audit.entries import Fact
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.contacts import home_region
from governance.customers.reach import allow, find_person
from governance.customers.records import NewContact
from governance.customers.texts import LONG_TEXT, Complaints, Wrong, words
from governance.customers.values import country as read_country
from governance.kernel.errors import TooManyError
from governance.kernel.ids import OwnerId, SubjectId, uuid7
from governance.kernel.work import Work
from governance.messages.texts import language_of
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import ENDED, RequestState
from governance.reference import operations as reference
from governance.reference.record import Controller
from governance.rights.acting import history, write_line
from governance.rights.codes import About, Arrival, Asking, Entry, Notice, Proof
from governance.rights.correcting import proposed, wanted
from governance.rights.corrections import wrong_changes
from governance.rights.notices import tell
from governance.rights.proving import advance, ask_identity_of, prove_row
from governance.rights.records import NewRequest, Received
from governance.rights.rows import told
from governance.rights.stops import stop_at_once
from governance.rights.tables import RequestRow
from governance.rights.timing import local_day, set_duties, terms_at_receipt
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

OLDEST: Final = timedelta(days=3 * 365)
"""A letter that lay longer is entered with a later date, and a word about it."""
MOST_STANDING: Final = 20
"""Requests of one contact that stand at the same time; kinds are nine, so this is more than anybody needs."""
LINES_OF_REPEATS: Final = 20
"""Repeats that get a line of their own; further ones are counted."""
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_ABOUT: Final = {
    RequestKind.OBJECTION: (About.ADVERTISING, About.PROCESSING),
    RequestKind.RESTRICTION: (About.PLACE, About.LIFT),
}
"""The first of each is meant where nothing is said."""
_ASKED_BY_MAIL: Final = frozenset({Arrival.API, Arrival.EMAIL, Arrival.PORTAL})
"""Nobody is on the line, so who asks is asked for by message."""


def receive(work: Work, *, new: NewRequest) -> Received:
    """Put a request on record; what it ends is stopped at once.

    The same request of the same contact or person, made again while the first one stands, is counted with it.

    Raises:
        ForbiddenError: without `requests:receive`.
        InvalidError: `errors` says by field what is wrong.
        NotFoundError: where there is no such customer within reach.
        TooManyError: where too many requests of this contact stand.
    """
    allow(work, Permission.REQUESTS_RECEIVE)
    if new.checked is not None:
        allow(work, Permission.REQUESTS_WORK)
    return admit(work, new=new, permission=Permission.REQUESTS_RECEIVE)


def admit(work: Work, *, new: NewRequest, permission: Permission | None, proof: Proof | None = None) -> Received:
    """Put a request on record, for whoever has decided that it may be.

    Args:
        work: the transaction.
        new: the request.
        permission: within whose reach the customer is looked for; None where the customer is known to be the actor.
        proof: how identity was proved already, if it was.
    """
    controller = reference.controller(work)
    contact, checked = _read(work, new, controller)
    person = _person(work, checked.customer, permission)
    _lock(work, checked, contact)
    if proof is None and checked.checked is not None:
        proof = Proof.OFFICER
    standing = _standing(work, contact, person)
    same = next((row for row in standing if _is_same(row, checked, contact)), None)
    if same is not None:
        return _repeat(work, same, checked, person, proof)
    if len(standing) >= MOST_STANDING:
        sentence = f"{MOST_STANDING} requests of this contact stand already; they are answered first."
        raise TooManyError(sentence, retry_after_seconds=86_400)
    row = _record(work, checked, contact, controller)
    stopped = stop_at_once(work, row)
    if proof is not None and person is not None:
        row.person_id, row.proof = person, proof.value  # so that the notice finds where to go
    tell(work, row, Notice.RECEIVED)
    if proof is not None and person is not None:
        prove_row(work, row, person=person, proof=proof, checked=checked.checked)
    else:
        row.person_id = person
        _go_on(work, row)
    return Received(told(work, row), joined=False, stopped=stopped)


def _go_on(work: Work, row: RequestRow) -> None:
    """What follows where it has not been proved who asks."""
    if row.about != About.PROCESSING and RequestKind(row.kind) in (
        RequestKind.OBJECTION,
        RequestKind.OPT_OUT,
        RequestKind.WITHDRAWAL,
    ):
        if row.contact is not None:
            advance(work, row, proof=Proof.NOT_NEEDED)
    elif Arrival(row.arrival) in _ASKED_BY_MAIL and row.contact_kind in (ContactKind.EMAIL, ContactKind.PHONE):
        ask_identity_of(work, row)
    work.session.flush()


def _person(work: Work, customer: SubjectId | None, permission: Permission | None) -> SubjectId | None:
    if customer is None or permission is None:
        return customer
    return SubjectId(find_person(work, customer, permission).id)


def _lock(work: Work, new: NewRequest, contact: NewContact | None) -> None:
    """Let two that are the same come one after the other, so that the second sees the first."""
    name = f"{new.kind.value} {new.customer}" if contact is None else _index_text(contact)
    key = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], signed=True)
    work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _standing(work: Work, contact: NewContact | None, person: SubjectId | None) -> list[RequestRow]:
    alike: list[ColumnElement[bool]] = [false()]
    if contact is not None:
        alike.append(RequestRow.contact == contact.value)
    if person is not None:
        alike.append(RequestRow.person_id == person)
    open_states = [one.value for one in RequestState if one not in ENDED]
    query = select(RequestRow).where(RequestRow.state.in_(open_states), or_(*alike)).order_by(RequestRow.id)
    return list(work.session.scalars(query.limit(MOST_STANDING)))


def _is_same(row: RequestRow, new: NewRequest, contact: NewContact | None) -> bool:
    if (row.kind, row.about, row.asking) != (new.kind.value, new.about, new.asking.value):
        return False
    by_contact = contact is not None and (row.contact_kind, row.contact) == (contact.kind.value, contact.value)
    by_person = new.customer is not None and row.person_id == new.customer
    if not (by_contact or by_person):
        return False
    return wanted(row) == dict(new.changes or {})


def _repeat(work: Work, row: RequestRow, new: NewRequest, person: SubjectId | None, proof: Proof | None) -> Received:
    work.session.refresh(row, with_for_update=True)
    row.repeats += 1
    _date_back(work, row, new)
    if row.repeats <= LINES_OF_REPEATS or row.repeats % 100 == 0:
        write_line(work, row, Entry.REPEAT, reason=new.said, facts={"repeats": row.repeats})
    stopped = stop_at_once(work, row)
    if proof is not None and person is not None and row.proof is None:
        prove_row(work, row, person=person, proof=proof, checked=new.checked)
    work.session.flush()
    return Received(told(work, row), joined=True, stopped=stopped)


def _date_back(work: Work, row: RequestRow, new: NewRequest) -> None:
    """Let the earliest receipt rule, where a letter that came before is entered after."""
    if new.received_on is None or new.received_on >= row.received_on:
        return
    row.received_on = new.received_on
    row.terms = terms_at_receipt(
        work,
        controller=reference.controller(work),
        country=row.country,
        kind=new.kind,
        received=new.received_on,
    )
    row.laws = list(row.terms)
    set_duties(row, history(work, row), today=local_day(work.now, row.zone))
    row.first_due_on = row.due_on


def _record(work: Work, new: NewRequest, contact: NewContact | None, controller: Controller) -> RequestRow:
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.REQUEST, [owner])
    received = new.received_on or local_day(work.now, controller.zone)
    terms = terms_at_receipt(work, controller=controller, country=new.country, kind=new.kind, received=received)
    row = RequestRow(
        id=uuid7(),
        owner_id=owner,
        number=_number(),
        kind=new.kind.value,
        about=None if new.about is None else new.about.value,
        state=RequestState.RECEIVED.value,
        arrival=new.arrival.value,
        asking=new.asking.value,
        received_on=received,
        recorded_at=work.now,
        recorded_by_kind=work.actor.kind.value,
        recorded_by=work.actor.id,
        language=new.language,
        country=new.country,
        zone=controller.zone,
        laws=list(terms),
        terms=terms,
        duties=[],
        repeats=0,
        contact_kind=None if contact is None else contact.kind.value,
        contact=None if contact is None else contact.value,
        said=new.said,
        asker=new.asker,
        changes=None if new.changes is None else proposed(work, new.changes),
    )
    set_duties(row, [], today=received)
    row.first_due_on = row.due_on
    work.session.add(row)
    work.session.flush()
    facts: dict[str, Fact] = {"arrival": row.arrival, "asking": row.asking, "received_on": received}
    write_line(work, row, Entry.RECEIVE, facts={**facts, "due_on": row.due_on, "laws": list(terms)})
    return row


def _number() -> str:
    return "R-" + "".join(secrets.choice(_ALPHABET) for _ in range(8))


def _index_text(contact: NewContact) -> str:
    return f"{contact.kind.value} {contact.value}"


def _read(work: Work, new: NewRequest, controller: Controller) -> tuple[NewContact | None, NewRequest]:
    """The contact in its normal form, and the request with what is meant where nothing is said.

    Raises:
        InvalidError: `errors` says by field what is wrong.
    """
    errors = Complaints()
    today = local_day(work.now, controller.zone)
    if new.received_on is not None and not today - OLDEST <= new.received_on <= today:
        errors.add("received_on", "A request comes today, or came within the last three years.")
    about = _about(new, errors)
    said, asker, checked = (_words(errors, name, getattr(new, name), longest) for name, longest in _TEXTS)
    if new.asking is not Asking.SELF and asker is None:
        errors.add("asker", "Say who asks for the person, and by what authority.")
    if checked is not None and new.customer is None:
        errors.add("customer", "Name the customer whose identity was checked.")
    country = new.country
    with errors.at("country"):
        country = None if new.country is None else read_country(new.country)
    contact = _contact(work, new, errors)
    if contact is None and new.customer is None and not errors.errors:
        errors.add("contact", "Say where the answer goes, or which customer it is about.")
    _look_at_changes(work, new, errors)
    errors.end("The request cannot be put on record as it is.")
    language = language_of(new.language or controller.language)
    return contact, NewRequest(
        kind=new.kind,
        arrival=new.arrival,
        about=about,
        asking=new.asking,
        asker=asker,
        customer=new.customer,
        received_on=new.received_on,
        language=language,
        country=country,
        said=said,
        changes=new.changes,
        checked=checked,
    )


_TEXTS: Final = (("said", LONG_TEXT), ("asker", LONG_TEXT), ("checked", LONG_TEXT))


def _words(errors: Complaints, name: str, value: str | None, longest: int) -> str | None:
    kept = value
    if value is not None:
        with errors.at(name):
            kept = words(value, longest=longest, lines=True)
    return kept


def _about(new: NewRequest, errors: Complaints) -> About | None:
    lawful = _ABOUT.get(new.kind, ())
    if new.about is not None and new.about not in lawful:
        errors.add("about", "This goes with an objection or a restriction: " + (", ".join(lawful) or "leave it out."))
    return new.about or next(iter(lawful), None)


def _contact(work: Work, new: NewRequest, errors: Complaints) -> NewContact | None:
    found: NewContact | None = None
    if new.contact is not None or new.contact_kind is not None:
        with errors.at("contact"):
            found = _normal(work, new)
    return found


def _normal(work: Work, new: NewRequest) -> NewContact:
    if new.contact is None or new.contact_kind is None:
        raise Wrong("Give the contact and its kind, both or neither.")
    home = None
    if new.contact_kind == ContactKind.PHONE and new.region is None:
        home = home_region(work, new.contact)
    return read_contact(ContactSaid(kind=new.contact_kind, value=new.contact, region=new.region), home=home)


def _look_at_changes(work: Work, new: NewRequest, errors: Complaints) -> None:
    if (new.kind is RequestKind.RECTIFICATION) != bool(new.changes):
        errors.add("changes", "A rectification, and nothing else, says which fields are to have which values.")
        return
    for name, sentences in wrong_changes(work, new.changes or {}).items():
        for sentence in sentences:
            errors.add(f"changes.{name}", sentence)
