"""Contacts of a person: added, marked primary, verified or bounced, and removed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.codes import ContactKind, ContactLabel
from governance.customers.contact_values import ContactSaid, read_contact
from governance.customers.errors import DuplicateError, LoginTakenError
from governance.customers.event_values import instant
from governance.customers.person_fields import refuse_other_version, touch
from governance.customers.reach import find_person
from governance.customers.records import NewContact
from governance.customers.shown import Lens, refuse_unwritable
from governance.customers.standing import refuse_if_held, refuse_if_restricted
from governance.customers.tables import ContactRow, PersonRow
from governance.customers.texts import Complaints, Wrong
from governance.customers.views import ContactView, contact_view
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.ids import ContactId, SubjectId, SubjectRef
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.classification import Compartment
from governance.policies.permissions import Permission
from governance.reference.operations import find_controller

MOST_CONTACTS = 100
_LOGIN_KINDS = frozenset({ContactKind.EMAIL, ContactKind.PHONE})
_LOGIN_TAKEN = "Somebody else holds this contact, verified, to sign in with; only one person can."


def add_contact(work: Work, *, subject: SubjectId, contact: ContactSaid) -> ContactView:
    """Add a way to reach a person. Several people may share one.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
        RestrictedError: where processing is restricted.
        InvalidError: where it cannot be kept; `errors` says why.
        DuplicateError: where the person has it already.
    """
    person = find_person(work, subject, Permission.CONTACTS_ADD, locked=True)
    refuse_if_restricted(work, person)
    (row,) = put_contacts(work, person, [contact], permission=Permission.CONTACTS_ADD, place="value")
    touch(work, person)
    _tell(work, Action.CONTACT_ADDED, person, row, {"kind": row.kind, "primary": row.is_primary})
    return contact_view(Lens(work, Permission.CONTACTS_ADD, person), row)


def put_contacts(
    work: Work, person: PersonRow, said: Sequence[ContactSaid], *, permission: Permission, place: str = "contacts.{}"
) -> list[ContactRow]:
    """Keep further contacts of *person*; the first of a kind becomes the primary one, unless another says that it is.

    Args:
        work: the transaction.
        person: whose.
        said: what was sent.
        permission: the act that this is part of.
        place: path of a contact in what was sent, for errors.

    Raises:
        InvalidError: where one cannot be kept.
        ForbiddenError: where the actor may not write contacts of this kind.
        DuplicateError: where the person has one already.
    """
    if not said:
        return []
    new = _read(work, person, said, place)
    value = shipped.catalogue().field("contact.value")
    refuse_unwritable(work, permission, [value.variant(one.kind) for one in new], responsible=person.responsible_id)
    held = {row.id: row for row in work.session.scalars(select(ContactRow).where(ContactRow.person_id == person.id))}
    if len(held) + len(new) > MOST_CONTACTS:
        raise InvalidError(f"A person has at most {MOST_CONTACTS} contacts.")
    _refuse_repeats(work, person, new)
    taken = {row.kind for row in held.values() if row.is_primary}
    first: dict[str, NewContact] = {}
    for one in new:
        if one.is_primary or (one.kind not in taken and one.kind not in first):
            first[one.kind] = one
    _no_longer_primary(work, person, taken & first.keys())
    rows = [_row(work, person, one, is_primary=first.get(one.kind) is one) for one in new]
    work.session.add_all(rows)
    work.session.flush()
    return rows


def _read(work: Work, person: PersonRow, said: Sequence[ContactSaid], place: str) -> list[NewContact]:
    home = person.country
    if home is None and any(one.kind == ContactKind.PHONE and not one.region for one in said):
        home = home_region(work, *(one.value for one in said))
    errors = Complaints()
    new: list[NewContact] = []
    for number, one in enumerate(said):
        with errors.at(place.format(number)):
            if one.opt_out_offered_at is not None and one.opt_out_offered_at > work.now:
                raise Wrong("A way to refuse was offered at some instant that is past.")
            if one.is_primary and any(other.is_primary and other.kind == one.kind for other in said[:number]):
                raise Wrong("An earlier contact of this kind is primary already; only one can be.")
            new.append(read_contact(one, home=home))
    errors.end("Some contacts cannot be kept as they are.")
    return new


def home_region(work: Work, *values: str) -> str | None:
    """Country whose phone numbers are written without a country code: the controller's, where one of *values* asks."""
    if all(value.lstrip().startswith("+") for value in values):
        return None
    controller = find_controller(work)
    return None if controller is None else controller.region


def _refuse_repeats(work: Work, person: PersonRow, new: Sequence[NewContact]) -> None:
    indexes = ContactRow.sealed_fields["value"].indexes
    keys = [(one.kind, indexes[one.kind].normalise(one.value)) for one in new]
    by_kind: dict[ContactKind, list[str]] = {}
    for one in new:
        by_kind.setdefault(one.kind, []).append(one.value)
    same = or_(*(ContactRow.value.of(kind).in_(values) for kind, values in by_kind.items()))
    query = select(ContactRow.id).where(ContactRow.person_id == person.id, same).limit(1)
    if len(set(keys)) < len(keys) or work.session.scalars(query).first() is not None:
        raise DuplicateError("The person has this contact already.")


def _no_longer_primary(work: Work, person: PersonRow, kinds: Iterable[str]) -> None:
    # Before another one becomes primary: the database admits one of a kind.
    listed = list(kinds)
    if listed:
        work.session.execute(
            update(ContactRow)
            .where(ContactRow.person_id == person.id, ContactRow.kind.in_(listed), ContactRow.is_primary)
            .values(is_primary=False)
        )


def _row(work: Work, person: PersonRow, new: NewContact, *, is_primary: bool) -> ContactRow:
    return ContactRow(
        owner_id=person.owner_id,
        person_id=person.id,
        kind=new.kind.value,
        value=new.value,
        extension=new.extension,
        region=new.region,
        label=None if new.label is None else new.label.value,
        is_primary=is_primary,
        is_login=False,
        opt_out_offered_at=new.opt_out_offered_at,
        created_at=work.now,
    )


def edit_contact(
    work: Work,
    *,
    subject: SubjectId,
    contact: ContactId,
    patch: Mapping[str, object],
    if_version: int | None = None,
) -> ContactView:
    """Change the marks of a contact by a merge patch: `label`, `is_primary`, `is_login`, and the instants.

    The instants are `verified_at`, `bounced_at` and `opt_out_offered_at`. Its value never changes: remove it and add
    another. An instant may not lie in the future; null takes it back.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where there is no such contact.
        RestrictedError: where processing is restricted.
        InvalidError: where a mark cannot be set so; `errors` says why.
        LoginTakenError: where somebody else holds it, verified, to sign in with.
        PreconditionError: where the person has another version than *if_version* by now.
    """
    person, row = _find(work, subject, contact, Permission.CONTACTS_EDIT, if_version)
    refuse_if_restricted(work, person)
    told = _read_marks(work, row, patch)
    changed = sorted(name for name, value in told.items() if getattr(row, name) != value)
    if not changed:
        return contact_view(Lens(work, Permission.CONTACTS_EDIT, person), row)
    if "is_primary" in changed and told["is_primary"]:
        _no_longer_primary(work, person, [row.kind])
    try:
        with work.session.begin_nested():
            for name in changed:
                setattr(row, name, told[name])
            work.session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise LoginTakenError(_LOGIN_TAKEN) from None
        raise
    touch(work, person)
    verified = "verified_at" in changed and row.verified_at is not None
    action = Action.CONTACT_VERIFIED if verified else Action.CONTACT_EDITED
    _tell(work, action, person, row, {"changed": changed, "kind": row.kind, "login": row.is_login})
    return contact_view(Lens(work, Permission.CONTACTS_EDIT, person), row)


def _read_marks(work: Work, row: ContactRow, patch: Mapping[str, object]) -> dict[str, Any]:
    errors = Complaints()
    told: dict[str, Any] = {}
    for name, value in patch.items():
        reader = _MARKS.get(name)
        if reader is None:
            errors.add(name, "This is no mark of a contact; to change its value, remove it and add another.")
            continue
        with errors.at(name):
            told[name] = reader(value)
            if isinstance(told[name], datetime) and told[name] > work.now:
                raise Wrong("This instant lies in the future.")
    if told.get("is_login") and row.kind not in _LOGIN_KINDS:
        errors.add("is_login", "Only an e-mail address or a phone is used to sign in.")
    errors.end("The contact cannot be marked so.")
    return told


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("Give true or false.")
    return value


def _label(value: object) -> str | None:
    if value is not None and value not in set(ContactLabel):
        raise Wrong("The label is one of " + ", ".join(label.value for label in ContactLabel) + ".")
    return None if value is None else str(value)


def _instant(value: object) -> datetime | None:
    return None if value is None else instant(value)


_MARKS: Mapping[str, Callable[[object], object]] = {
    "label": _label,
    "is_primary": _flag,
    "is_login": _flag,
    "verified_at": _instant,
    "bounced_at": _instant,
    "opt_out_offered_at": _instant,
}


def remove_contact(work: Work, *, subject: SubjectId, contact: ContactId, if_version: int | None = None) -> int:
    """Remove a contact; the oldest other one of its kind becomes the primary one, where it was that.

    Returns:
        The version that the person has now.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where there is no such contact.
        RestrictedError: where processing is restricted.
        LegalHoldError: where a hold keeps contacts.
        PreconditionError: where the person has another version than *if_version* by now.
    """
    person, row = _find(work, subject, contact, Permission.CONTACTS_REMOVE, if_version)
    refuse_if_restricted(work, person)
    refuse_if_held(work, person, [Compartment.CONTACT])
    work.session.delete(row)
    work.session.flush()
    if row.is_primary:
        others = select(ContactRow).where(ContactRow.person_id == person.id, ContactRow.kind == row.kind)
        following = work.session.scalars(others.order_by(ContactRow.id).limit(1)).first()
        if following is not None:
            following.is_primary = True
    touch(work, person)
    _tell(work, Action.CONTACT_REMOVED, person, row, {"kind": row.kind})
    return person.version


def _find(
    work: Work, subject: SubjectId, contact: ContactId, permission: Permission, if_version: int | None
) -> tuple[PersonRow, ContactRow]:
    person = find_person(work, subject, permission, locked=True)
    query = select(ContactRow).where(ContactRow.id == contact, ContactRow.person_id == person.id)
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFoundError("The person has no such contact.")
    refuse_other_version(person, if_version)
    return person, row


def _tell(work: Work, action: Action, person: PersonRow, row: ContactRow, facts: dict[str, Fact]) -> None:
    audit.append(
        work,
        action,
        subject=SubjectRef(person.subject_ref),
        object=ObjectRef("contact", row.id),
        facts={**facts, "version": person.version},
    )
