"""People who prove by a confirmed mail that an address is theirs: recorded, or known better from now on.

For callers that have decided that it may be; what is done here is what follows from the proof and no more.
"""

import contextlib
from collections.abc import Mapping

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact
from governance.customers.codes import ContactKind, Ground, NotMailable, Source
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.contacts import edit_contact
from governance.customers.errors import LoginTakenError
from governance.customers.holders import HeldContact
from governance.customers.loading import opened
from governance.customers.people import create
from governance.customers.person_fields import change_fields, touch
from governance.customers.reach import find_person
from governance.customers.records import NewContact
from governance.customers.standing import restricted
from governance.customers.tables import ContactRow, PersonRow
from governance.customers.texts import Complaints
from governance.customers.values import read_fields
from governance.kernel.ids import ContactId, SubjectId, SubjectRef
from governance.kernel.work import Work
from governance.policies.permissions import Permission

_CLEARED = frozenset({NotMailable.NOT_FROM_THE_PERSON.value, NotMailable.NO_GROUND.value})
"""What stands against mail only as long as the person has not dealt with us themselves."""


def normal_email(value: str) -> str:
    """An e-mail address in the form in which it is kept.

    Raises:
        InvalidError: where it is none; `errors` names the field `email`.
    """
    errors, found = Complaints(), ""
    with errors.at("email"):
        found = read_contact(ContactSaid(kind=ContactKind.EMAIL, value=value), home=None).value
    errors.end("This is no e-mail address.")
    return found


def check_fields(work: Work, fields: Mapping[str, object]) -> None:
    """Make sure that values of fields could be kept.

    Raises:
        InvalidError: `errors` says by field what is wrong.
    """
    read_fields(fields, today=work.now.date())


def record_from_form(work: Work, *, email: str, fields: Mapping[str, object], language: str) -> SubjectId:
    """Record a person who confirmed a form of ours and was not known before, with the address as theirs.

    Args:
        work: the transaction.
        email: in normal form.
        fields: what they entered besides, by name.
        language: ISO 639, of the form.
    """
    said = {"language": language, "source": Source.OWN_FORM.value, "ground": Ground.CONSENT.value, **fields}
    made = create(work, fields=said, contacts=[ContactSaid(kind=ContactKind.EMAIL, value=email)])
    _verify(work, made.id, made.contacts[0].id)
    return made.id


def confirm_from_form(work: Work, *, subject: SubjectId, email: str) -> None:
    """Note that a person who was known proved an address of theirs on a form that told them of the processing.

    What kept mail from them, because they had not been told of it or nothing was known to keep them on, is over
    (GDPR Art. 14 asks no more of whoever has the information, Art. 14(5)(a)). What else stands against it stays.

    Args:
        work: the transaction.
        subject: whom.
        email: in normal form.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_EDIT, locked=True)
    if restricted(work, [person.id]):  # then the data are stored and nothing else (GDPR Art. 18(2))
        return
    contact = _contact_of(work, person, email)
    if contact is not None and contact.verified_at is None:
        _verify(work, SubjectId(person.id), ContactId(contact.id))
    if person.not_mailable in _CLEARED:
        told: dict[str, object] = {"informed_at": person.informed_at or work.now}
        if person.ground is None:
            told["ground"] = Ground.CONSENT
        changed = change_fields(work, person, told, permission=Permission.CUSTOMERS_EDIT)
        touch(work, person)
        facts: dict[str, Fact] = {"extras": [], "fields": changed, "version": person.version}
        audit.append(work, Action.PERSON_EDITED, subject=SubjectRef(person.subject_ref), facts=facts)


def contact_in_clear(work: Work, *, contact: ContactId) -> HeldContact | None:
    """A contact by its id; None where it is gone, or erased. A personal value."""
    row = work.session.get(ContactRow, contact)
    value = None if row is None else opened(row, "value")
    return None if row is None or value is None else HeldContact(contact, ContactKind(row.kind), value)


def as_new(kind: ContactKind, value: str) -> NewContact:
    """A contact in normal form, to be asked for by it."""
    return NewContact(kind, value)


def _contact_of(work: Work, person: PersonRow, email: str) -> ContactRow | None:
    query = select(ContactRow).where(ContactRow.person_id == person.id, ContactRow.value.of(ContactKind.EMAIL) == email)
    return next((row for row in work.session.scalars(query) if opened(row, "value") is not None), None)


def _verify(work: Work, subject: SubjectId, contact: ContactId) -> None:
    with contextlib.suppress(LoginTakenError):  # proven all the same; only to sign in with it is somebody else's
        edit_contact(work, subject=subject, contact=contact, patch={"verified_at": work.now.isoformat()})
