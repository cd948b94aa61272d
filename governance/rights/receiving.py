"""Receiving requests: read, dated, joined to one that stands already, or put on record with its terms."""

import hashlib
import secrets
from typing import Final

from sqlalchemy import ColumnElement, false, or_, select, text

from governance.audit.entries import Fact
from governance.customers.codes import ContactKind
from governance.customers.holders import find_holders, find_known
from governance.customers.reach import allow, find_person
from governance.customers.records import NewContact
from governance.kernel.errors import TooManyError
from governance.kernel.ids import OwnerId, SubjectId, uuid7
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import ENDED, RequestState
from governance.reference import operations as reference
from governance.reference.record import Controller
from governance.rights.acting import history, write_line
from governance.rights.codes import About, Arrival, Entry, Notice, Proof
from governance.rights.correcting import proposed, wanted
from governance.rights.notices import tell
from governance.rights.proving import advance, ask_identity_of, prove_row
from governance.rights.reading import read
from governance.rights.records import NewRequest, Received
from governance.rights.rows import told
from governance.rights.stops import stop_at_once
from governance.rights.tables import RequestRow
from governance.rights.timing import local_day, set_duties, terms_at_receipt
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

MOST_STANDING: Final = 20
"""Requests of one contact that stand at the same time; kinds are nine, so this is more than anybody needs."""
LINES_OF_REPEATS: Final = 20
"""Repeats that get a line of their own; further ones are counted."""
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
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
    contact, checked = read(work, new, controller)
    person = _person(work, checked.customer, permission)
    _lock(work, checked, contact)
    if proof is None and checked.checked is not None:
        proof = Proof.OFFICER
    standing = _standing(work, contact, person)
    same = next((row for row in standing if _is_same(work, row, checked, contact)), None)
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


def _is_same(work: Work, row: RequestRow, new: NewRequest, contact: NewContact | None) -> bool:
    if (row.kind, row.about, row.asking) != (new.kind.value, new.about, new.asking.value):
        return False
    if wanted(row) != dict(new.changes or {}):
        return False
    if new.customer is not None and row.person_id is not None:
        return _are_one(work, SubjectId(row.person_id), new.customer)
    by_contact = contact is not None and (row.contact_kind, row.contact) == (contact.kind.value, contact.value)
    return by_contact and contact is not None and _may_be_from(work, row, contact)


def _may_be_from(work: Work, row: RequestRow, contact: NewContact) -> bool:
    """Whether whoever writes from *contact* without a name may be taken for the one whose request *row* is.

    Several people may share a contact, and a representative writes for many from one.
    """
    if row.person_id is None or row.proof in (None, Proof.NOT_NEEDED.value):
        return True
    holders = [one.id for one in find_holders(work, [contact])[0]]
    return len(holders) == 1 and _are_one(work, SubjectId(row.person_id), holders[0])


def _are_one(work: Work, one: SubjectId, other: SubjectId) -> bool:
    """Whether two records are of one person, by merges."""
    known = find_known(work, [one, other])
    return one == other or (one in known and other in known and known[one].id == known[other].id)


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
