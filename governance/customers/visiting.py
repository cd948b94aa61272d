"""Customers who come by a proven contact: who that is, how sure it is, and what they may do, over their own data alone.

`visitor_facts` singles a person out where the contact alone does not.
"""

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from governance.accounts.portal import operations as portal
from governance.accounts.portal.operations import CodeId, NewVisit, ProvenContact, SentCode, Visit
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.contacts import home_region
from governance.customers.holders import Known, find_holders, tie_message
from governance.customers.loading import contacts_of, opened
from governance.customers.records import NewContact
from governance.customers.tables import ContactRow, PersonRow
from governance.customers.texts import Complaints, Wrong
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import ContactId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind, Work
from governance.messages.operations import Line
from governance.policies import shipped, visiting
from governance.policies.classification import Visibility
from governance.policies.visiting import Proof, StepUp

ROLE: Final = "customer"
"""The role whose field rules speak for what a proof opens."""
SETTLED: Final = timedelta(days=7)
"""How long a contact that did not come with the record of its person is there before it proves anything more.

Whoever got in by one contact could have had another entered, or talked somebody into entering it.
"""
LINES: Final = {ContactKind.EMAIL: Line.EMAIL, ContactKind.PHONE: Line.SMS}
_KINDS: Final = {line: kind for kind, line in LINES.items()}


@frozen
class SecondContact:
    """Another contact of the visitor, which a code can be sent to.

    Attributes:
        masked: enough to recognise it by.
    """

    id: ContactId
    kind: ContactKind
    masked: str


@frozen
class Visitor:
    """Whoever holds a session.

    Attributes:
        held: how many people hold the contact; none of it tells who.
        is_sure: whether it is sure which of them this is.
        person: that one; None where it is not sure.
        step_up: how a second contact stands.
        second_contacts: those that can be proven, where it is sure who this is.
        actor: with what the proof opens, over this person's data.
        shown: the proven contact, masked.
        deceased: whether the one that the contact tells, or a second fact, has died, as far as is known.
        token: a new one, where the session has just begun or opens more from now on.
    """

    visit: Visit
    held: int
    is_sure: bool
    person: SubjectId | None
    step_up: StepUp
    second_contacts: Sequence[SecondContact]
    actor: Actor
    shown: str
    deceased: bool = False
    token: str | None = field(default=None, repr=False)

    @property
    def kind(self) -> ContactKind:
        """Kind of the contact that was proven."""
        return _KINDS[self.visit.contact.line]

    @property
    def powers(self) -> list[str]:
        """What the proof opens."""
        return sorted(self.actor.permissions)

    @property
    def expires_at(self) -> datetime:
        """Over from this instant on."""
        return self.visit.expires_at


def ask_for_code(
    work: Work,
    *,
    kind: ContactKind,
    value: str,
    region: str | None,
    language: str | None,
    address: str,
    per_hour: int,
) -> SentCode:
    """Send a code to whatever contact was typed. Nothing is looked up: known or unknown, the same is done.

    Args:
        work: the unit of work.
        kind: e-mail or phone.
        value: as typed.
        region: country of a phone number without a country code; the controller's by default.
        language: ISO 639, of the message.
        address: where the request comes from.
        per_hour: codes that may be sent in an hour, all together.

    Raises:
        InvalidError: it is no such contact.
        TooManyError: codes were asked for too often.
    """
    errors = Complaints()
    found = NewContact(kind, "")
    with errors.at(kind.value):
        if kind not in LINES:
            raise Wrong("A code goes to an e-mail address or a phone.")
        home = home_region(work, value) if kind is ContactKind.PHONE and region is None else None
        found = read_contact(ContactSaid(kind=kind, value=value, region=region), home=home)
    errors.end("No code can be sent to this.")
    contact = ProvenContact(LINES[kind], found.value, language or "")
    return portal.send_code(work, contact=contact, address=address, per_hour=per_hour)


def begin(work: Work, *, code_id: CodeId, typed: str) -> Visitor | None:
    """Begin a session by a code; None where the code is wrong, spent or too old, to be committed all the same."""
    proven = portal.try_code(work, code_id=code_id, typed=typed)
    if proven is None:
        return None
    visitor = _visitor(work, portal.begin_visit(work, proven=proven))
    tie_message(work, message=proven.message, kind=visitor.kind, value=proven.contact.value)
    facts = {"kind": visitor.kind.value, "held": visitor.held, "sure": visitor.is_sure}
    audit.append(replace(work, actor=visitor.actor), Action.VISIT_BEGUN, subject=_ref(visitor), facts=facts)
    return visitor


def find_visitor(work: Work, *, presented: str) -> Visitor:
    """Whoever presents the token of a session; who that is and what it opens is looked at anew each time.

    Raises:
        UnauthenticatedError: where there is no such session, or it is over.
    """
    return _of_visit(work, portal.authenticate_visit(work, presented=presented))


def leave_portal(work: Work, *, visitor: Visitor) -> None:
    """End the session from this instant on."""
    portal.end_visit(work, visit=visitor.visit.id)
    audit.append(work, Action.VISIT_ENDED, subject=_ref(visitor))


def ask_to_step_up(work: Work, *, visitor: Visitor, contact: ContactId, address: str, per_hour: int) -> SentCode:
    """Send a code to a second contact of the visitor.

    Raises:
        NotFoundError: where it is none of theirs that a code can be sent to.
        TooManyError: codes were asked for too often.
    """
    found = _second_contact(work, visitor, contact)
    return portal.send_code(
        work,
        contact=ProvenContact(LINES[ContactKind(found.kind)], found.value or "", visitor.visit.contact.language),
        address=address,
        per_hour=per_hour,
        visit=visitor.visit.id,
        subject=_ref(visitor),
    )


def step_up(work: Work, *, visitor: Visitor, code_id: CodeId, typed: str) -> Visitor | None:
    """Open what needs a second contact, under a new token; None where the code is wrong, as `begin` has it."""
    proven = portal.try_code(work, code_id=code_id, typed=typed, visit=visitor.visit.id)
    if proven is None:
        return None
    widened = _visitor(work, portal.widen_visit(work, visit=visitor.visit.id, stepped_up=True))
    kind = _KINDS[proven.contact.line]
    tie_message(work, message=proven.message, kind=kind, value=proven.contact.value)
    audit.append(work, Action.VISIT_STEPPED_UP, subject=_ref(visitor), facts={"kind": kind.value})
    return widened


def holders_of(work: Work, visit: Visit) -> tuple[Known, ...]:
    """Those who hold the contact of a session."""
    contact = visit.contact
    (holders,) = find_holders(work, [NewContact(_KINDS[contact.line], contact.value)])
    return holders


def proven_rows(work: Work, visit: Visit, person: SubjectId) -> list[ContactRow]:
    """Rows of *person* that hold the contact of a session."""
    kind = _KINDS[visit.contact.line]
    same = ContactRow.value.of(kind) == visit.contact.value
    rows = work.session.scalars(select(ContactRow).where(ContactRow.person_id == person, same))
    return [row for row in rows if opened(row, "value") is not None]


def widened(work: Work, made: NewVisit) -> Visitor:
    """The visitor of a session that opens more from now on."""
    return _visitor(work, made)


def _visitor(work: Work, made: NewVisit) -> Visitor:
    return replace(_of_visit(work, made.visit), token=made.token)


def _of_visit(work: Work, visit: Visit) -> Visitor:
    holders = holders_of(work, visit)
    chosen = _chosen(visit, holders)
    record = None if chosen is None else work.session.get(PersonRow, chosen.id)
    proven = [] if chosen is None else proven_rows(work, visit, chosen.id)
    proof = Proof(
        holders=len(holders),
        verified=any(row.verified_at for row in proven),
        singled_out=chosen is not None and visit.person == chosen.id,
        stepped_up=visit.stepped_up,
        deceased=record is not None and record.deceased_at is not None,
    )
    sure = chosen if proof.is_sure else None
    others = [] if sure is None else _other_rows(work, sure.id, proven)
    seconds = _second_rows(work, record, proven, others)
    proof = replace(proof, second_contact=bool(seconds), other_contact=bool(others))
    return Visitor(
        visit=visit,
        held=len(holders),
        is_sure=proof.is_sure,
        person=None if sure is None else sure.id,
        step_up=visiting.step_up(proof),
        second_contacts=[_shown(row) for row in seconds],
        actor=Actor(
            kind=ActorKind.CUSTOMER,
            id=None if sure is None else sure.ref,
            permissions=frozenset(one.value for one in visiting.powers(proof)),
            roles=(ROLE,),
            name="portal",
        ),
        shown=_masked(_KINDS[visit.contact.line], visit.contact.value),
        deceased=proof.deceased,
    )


def _chosen(visit: Visit, holders: Sequence[Known]) -> Known | None:
    """Whom the session is about: the one whom a second fact singled out, else the only holder."""
    if visit.person is not None:
        return next((one for one in holders if one.id == visit.person), None)
    return holders[0] if len(holders) == 1 else None


def _other_rows(work: Work, person: SubjectId, proven: Sequence[ContactRow]) -> list[ContactRow]:
    """Contacts of the person beside the *proven* one that a code can be sent to."""
    known = {row.id for row in proven}
    return [
        row
        for row in contacts_of(work, [person]).get(person, [])
        if row.kind in LINES and row.id not in known and row.bounced_at is None and opened(row, "value") is not None
    ]


def _second_rows(
    work: Work, record: PersonRow | None, proven: Sequence[ContactRow], others: Sequence[ContactRow]
) -> list[ContactRow]:
    """Those of *others* that prove more than the *proven* one does: neither of the two can come of the other."""
    if record is None or not any(_stands(work, record, row) for row in proven):
        return []
    return [row for row in others if _stands(work, record, row)]


def _stands(work: Work, record: PersonRow, row: ContactRow) -> bool:
    """Whether a contact came with the record itself, by hand or by an import, or has been there for long enough."""
    of_batch = row.batch_id is not None and row.batch_id == record.batch_id
    return of_batch or row.created_at == record.created_at or row.created_at <= work.now - SETTLED


def _second_contact(work: Work, visitor: Visitor, contact: ContactId) -> ContactRow:
    person, visit = visitor.person, visitor.visit
    record = None if person is None else work.session.get(PersonRow, person)
    proven = [] if person is None else proven_rows(work, visit, person)
    others = [] if person is None else _other_rows(work, person, proven)
    found = next((row for row in _second_rows(work, record, proven, others) if row.id == contact), None)
    if found is None:
        raise NotFoundError("You have no such contact that a code can be sent to.")
    return found


def _shown(row: ContactRow) -> SecondContact:
    return SecondContact(ContactId(row.id), ContactKind(row.kind), _masked(ContactKind(row.kind), opened(row, "value")))


def _masked(kind: ContactKind, value: str | None) -> str:
    """As much of a contact as tells its holder which it is."""
    return str(shipped.catalogue().field("contact.value").variant(kind.value).shown(value, Visibility.MASKED))


def _ref(visitor: Visitor) -> SubjectRef | None:
    return None if visitor.actor.id is None else SubjectRef(visitor.actor.id)
