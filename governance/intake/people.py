"""Rows of customers as people to be kept, and rows of one person brought together before anything is written."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Protocol

from governance.customers.codes import ContactKind, ContactLabel, PersonKind
from governance.customers.moments import kept
from governance.customers.records import NewContact, NewPerson
from governance.customers.texts import noted
from governance.intake.dates import PartialDate
from governance.intake.duplicates_names import known_names
from governance.intake.folding import fold_name, fold_person
from governance.intake.phones import region_of
from governance.intake.records import ContactValue, CustomerRow
from governance.vault.blind import normal_email

ContactKey = tuple[str, str]
"""Kind and normal form: what two spellings of a contact have in common."""


def contact_key(kind: str, value: str) -> ContactKey:
    """The key by which contacts are compared; phones are in their normal form already."""
    return kind, normal_email(value) if kind == ContactKind.EMAIL else value


def keys_of(contacts: tuple[ContactValue, ...] | tuple[NewContact, ...]) -> list[ContactKey]:
    """Keys of the e-mails and phones among *contacts*."""
    reaching = (ContactKind.EMAIL, ContactKind.PHONE)
    return [contact_key(one.kind, one.value) for one in contacts if one.kind in reaching]


def new_person(row: CustomerRow) -> NewPerson:
    """The person that a row tells of."""
    since = None if row.first_purchase is None else row.first_purchase.exact
    offered = _instant(row.opt_out_offered_at)
    named = row.family_name or row.given_name
    return NewPerson(
        kind=PersonKind.ORGANISATION_CONTACT if row.organisation and not named else PersonKind.PRIVATE,
        family_name=row.family_name,
        given_name=row.given_name,
        patronymic=row.patronymic,
        birth_date=None if row.birth_date is None else str(row.birth_date),
        sex=row.sex,
        marital_status=row.marital_status,
        profession=row.profession,
        organisation=row.organisation,
        region=row.region,
        city=row.city,
        street=row.street,
        postcode=row.postcode,
        source_note=row.source_told,
        note=row.note,
        tags=row.tags,
        interests=row.interests,
        preferred_payment=row.preferred_payment,
        language=row.language,
        country=row.country,
        source=row.source,
        customer_since=since,
        contacts=tuple([new_contact(contact, opt_out_offered_at=offered) for contact in row.contacts]),
        extras=dict(row.extras),
    )


def _instant(read: datetime | PartialDate | None) -> datetime | None:
    """An instant, or the beginning of a day (UTC), as days are kept."""
    if isinstance(read, datetime) or read is None:
        return read
    return None if read.exact is None else kept(read.exact)[0]


def new_contact(contact: ContactValue, *, opt_out_offered_at: datetime | None = None) -> NewContact:
    """A contact of a row."""
    kind = ContactKind(contact.kind)
    return NewContact(
        kind=kind,
        value=contact.value,
        extension=contact.extension or None,
        region=region_of(contact.value) if kind is ContactKind.PHONE else None,
        label=ContactLabel(contact.label) if contact.label else None,
        opt_out_offered_at=opt_out_offered_at,
    )


_SINGLE = tuple(
    one.name
    for one in fields(NewPerson)
    if one.name not in {"kind", "contacts", "extras", "tags", "interests", "source", "note"}
)


def joined(first: NewPerson, second: NewPerson) -> NewPerson:
    """*first*, with what only *second* knows: empty fields filled, contacts, tags, interests and notes added."""
    filled: dict[str, Any] = {
        name: getattr(second, name) for name in _SINGLE if getattr(first, name) is None and getattr(second, name)
    }
    held = {contact_key(one.kind, one.value) for one in first.contacts}
    added = tuple(one for one in second.contacts if contact_key(one.kind, one.value) not in held)
    return replace(
        first,
        **filled,
        note=noted(first.note, second.note),
        contacts=(*first.contacts, *added),
        tags=tuple(dict.fromkeys((*first.tags, *second.tags))),
        interests=tuple(dict.fromkeys((*first.interests, *second.interests))),
        extras={**second.extras, **first.extras},
    )


class Told(Protocol):
    """What tells people of one contact apart."""

    @property
    def family_name(self) -> str | None:
        """Family name."""

    @property
    def given_name(self) -> str | None:
        """Given name."""

    @property
    def patronymic(self) -> str | None:
        """Patronymic."""

    @property
    def organisation(self) -> str | None:
        """The firm, which is all that is told of some."""

    @property
    def birth_date(self) -> str | None:
        """ISO 8601, possibly of reduced precision."""


def same_person(one: Told, other: Told) -> bool:
    """Whether two who share a contact are one person: the folded names agree, and nothing contradicts.

    Father and son, who share telephone and first name, differ by patronymic or birth date; two firms of one
    bookkeeper by what they are called.
    """
    if not _is_named(one) and not _is_named(other) and one.organisation and other.organisation:
        return fold_name(one.organisation) == fold_name(other.organisation)
    if fold_person(one.family_name, one.given_name) != fold_person(other.family_name, other.given_name):
        return False
    # Sisters called Яна and Анна have one skeleton.
    named = (known_names(one.given_name or ""), known_names(other.given_name or ""))
    if all(named) and not named[0] & named[1]:
        return False
    if one.patronymic and other.patronymic and not _agree(fold_name(one.patronymic), fold_name(other.patronymic)):
        return False
    if not one.birth_date or not other.birth_date:
        return True
    return one.birth_date.startswith(other.birth_date) or other.birth_date.startswith(one.birth_date)


def _is_named(told: Told) -> bool:
    return bool(told.family_name or told.given_name)


def _agree(one: str, other: str) -> bool:
    """Whether one patronymic is the other or its initial."""
    return one == other or (min(len(one), len(other)) == 1 and one[:1] == other[:1])
