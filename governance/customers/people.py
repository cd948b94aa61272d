"""People: recorded, read, edited and listed. What is shown is masked; the clear is in `reveal`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ARRAY, Uuid, any_, func, literal, select
from sqlalchemy.orm import aliased

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry
from governance.customers.contact_values import ContactSaid
from governance.customers.contacts import put_contacts
from governance.customers.extra_values import change_extras
from governance.customers.person_fields import change_fields, refuse_other_version, touch
from governance.customers.reach import allow, find_person, within
from governance.customers.standing import refuse_if_restricted
from governance.customers.tables import PersonRow
from governance.customers.values import read_fields
from governance.customers.views import PersonView, view, views
from governance.kernel.errors import InvalidError
from governance.kernel.ids import OwnerId, StaffId, SubjectId, SubjectRef, uuid4, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

MOST_LISTED = 200
_EXTRA = "extra"
_asked = aliased(PersonRow)


@frozen
class People:
    """A page of people.

    Attributes:
        items: in the order in which they were recorded.
        next_after: the id after which the next page begins; None on the last one.
    """

    items: tuple[PersonView, ...]
    next_after: SubjectId | None


def create(
    work: Work,
    *,
    fields: Mapping[str, object],
    contacts: Sequence[ContactSaid] = (),
    extra: Mapping[str, object] | None = None,
    acquired_at: datetime | None = None,
) -> PersonView:
    """Record a person.

    Args:
        work: a staff member who sees own clients only becomes responsible for the person.
        fields: values by name, see `values.FIELDS`.
        contacts: the first of a kind is the primary one, unless another says that it is.
        extra: values of extra fields by key.
        acquired_at: when the data were obtained; now by default.

    Raises:
        ForbiddenError: where the actor may not record people, or not with these fields.
        InvalidError: where something cannot be kept; `errors` says by field what is wrong.
    """
    scope = allow(work, Permission.CUSTOMERS_CREATE)
    if acquired_at is not None and acquired_at > work.now:
        raise InvalidError("Some fields cannot be kept.", errors={"acquired_at": ["This instant lies in the future."]})
    told = read_fields(fields, today=work.now.date())
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.PERSON, [owner])
    person = PersonRow(
        id=SubjectId(uuid7()),
        owner_id=owner,
        subject_ref=SubjectRef(uuid4()),
        kind="private",
        acquired_at=acquired_at or work.now,
        responsible_id=work.actor.id if scope is RowScope.OWN else None,
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    change_fields(work, person, told, permission=Permission.CUSTOMERS_CREATE)
    work.session.add(person)
    work.session.flush()
    put_contacts(work, person, contacts, permission=Permission.CUSTOMERS_CREATE)
    change_extras(work, person, extra or {}, permission=Permission.CUSTOMERS_CREATE)
    facts: dict[str, Fact] = {"contacts": len(contacts), "ground": person.ground, "source": person.source}
    audit.append(work, Action.PERSON_CREATED, subject=SubjectRef(person.subject_ref), facts=facts)
    return view(work, Permission.CUSTOMERS_CREATE, person)


def read(work: Work, *, subject: SubjectId) -> PersonView:
    """A person, masked; told in the log. One who was merged into another answers by the survivor.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_READ)
    seen = view(work, Permission.CUSTOMERS_READ, person)
    audit.append(work, Action.PERSON_READ, subject=seen.ref, facts={"contacts": len(seen.contacts)})
    return seen if person.id == subject else replace(seen, merged_into=seen.id)


def read_several(work: Work, *, subjects: Collection[SubjectId]) -> dict[SubjectId, PersonView]:
    """People by id, as `read` shows and tells each; the number of statements does not grow with them.

    Whoever is not there, or not within reach, is left out.

    Raises:
        ForbiddenError: where the actor may not read people.
    """
    query = (
        select(_asked.id, PersonRow)
        .join(PersonRow, PersonRow.id == func.coalesce(_asked.merged_into, _asked.id))
        .where(_asked.id == any_(literal(list(subjects), ARRAY(Uuid))), within(work, Permission.CUSTOMERS_READ))
    )
    rows = {SubjectId(one): person for one, person in work.session.execute(query)}
    people = list({person.id: person for person in rows.values()}.values())
    seen = {one.id: one for one in views(work, Permission.CUSTOMERS_READ, people)}
    entries = [NewEntry(Action.PERSON_READ, one.ref, facts={"contacts": len(one.contacts)}) for one in seen.values()]
    audit.append_many(work, entries)
    found = {one: seen[SubjectId(person.id)] for one, person in rows.items()}
    return {one: shown if shown.id == one else replace(shown, merged_into=shown.id) for one, shown in found.items()}


def edit(work: Work, *, subject: SubjectId, patch: Mapping[str, object], if_version: int | None = None) -> PersonView:
    """Change some fields of a person by a merge patch (RFC 7396); null empties a field, `extra` is merged key by key.

    A patch that changes nothing leaves the version as it is and is not told.

    Args:
        work: the transaction; the person is locked until it ends.
        subject: whom.
        patch: values by name; fields that are not named stay.
        if_version: the version that the caller read.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where a field may not be written.
        PreconditionError: where the person has another version by now.
        RestrictedError: where processing is restricted.
        LegalHoldError: where a hold keeps what would be lost.
        InvalidError: where something cannot be kept; `errors` says by field what is wrong.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_EDIT, locked=True)
    refuse_other_version(person, if_version)
    refuse_if_restricted(work, person)
    told = read_fields({name: value for name, value in patch.items() if name != _EXTRA}, today=work.now.date())
    changed = change_fields(work, person, told, permission=Permission.CUSTOMERS_EDIT)
    extras = change_extras(work, person, _extra_patch(patch), permission=Permission.CUSTOMERS_EDIT)
    if changed or extras:
        touch(work, person)
        facts: dict[str, Fact] = {"extras": extras, "fields": changed, "version": person.version}
        audit.append(work, Action.PERSON_EDITED, subject=SubjectRef(person.subject_ref), facts=facts)
    return view(work, Permission.CUSTOMERS_EDIT, person)


def _extra_patch(patch: Mapping[str, object]) -> Mapping[str, object]:
    said = patch.get(_EXTRA, {})
    if not isinstance(said, Mapping):
        raise InvalidError("Some fields cannot be kept.", errors={_EXTRA: ["Give an object of values by key."]})
    return said


def list_people(
    work: Work, *, after: SubjectId | None = None, limit: int = 50, responsible: StaffId | None = None
) -> People:
    """A page of the people within reach, masked, in the order in which they were recorded; told in the log.

    Args:
        work: the transaction.
        after: the last one of the page before.
        limit: people on the page, at most 200.
        responsible: only those whom this staff member looks after.

    Raises:
        ForbiddenError: where the actor may not list people.
    """
    limit = max(1, min(limit, MOST_LISTED))
    query = select(PersonRow).where(within(work, Permission.CUSTOMERS_LIST), PersonRow.merged_into.is_(None))
    if after is not None:
        query = query.where(PersonRow.id > after)
    if responsible is not None:
        query = query.where(PersonRow.responsible_id == responsible)
    rows = work.session.scalars(query.order_by(PersonRow.id).limit(limit + 1)).all()
    items = views(work, Permission.CUSTOMERS_LIST, rows[:limit])
    facts: dict[str, Fact] = {"count": len(items), "people": [one.ref for one in items]}
    audit.append(work, Action.PEOPLE_LISTED, facts=facts)
    return People(tuple(items), items[-1].id if len(rows) > limit else None)
