"""People as they are shown: assembled with contacts, extra fields and marks by a fixed number of statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from governance.customers.extra_types import ExtraField, read
from governance.customers.extras import known
from governance.customers.loading import contacts_of, opened, warm
from governance.customers.merged import merged_into, speaking
from governance.customers.records import SEALED_FIELDS, Json
from governance.customers.shown import Lens, catalogued
from governance.customers.standing import held, restricted
from governance.customers.tables import ContactRow, ExtraValueRow, PersonRow
from governance.kernel.ids import ContactId, StaffId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment, Visibility
from governance.policies.masking import UNREADABLE
from governance.policies.permissions import Permission
from governance.vault.errors import UnreadableError

_LISTS = ("tags", "interests")


@frozen(kw_only=True)
class ContactView:
    """A contact as it may be seen.

    Attributes:
        value, extension: masked where the actor may not see them in full; None where they may not be seen.
        region: ISO 3166 country of a phone number.
        label: what it is to its holder, or the service that it is on.
        is_login: whether its holder may sign in with it, once it is verified.
        verified_at: when its holder proved to hold it. bounced_at: when a message last came back.
        opt_out_offered_at: when it was collected with a sale, and a way to refuse advertising was offered.
        person_version: number of changes of the person, contacts included, for ETag.
    """

    id: ContactId
    kind: str
    value: str | None
    extension: str | None
    region: str | None
    label: str | None
    is_primary: bool
    is_login: bool
    verified_at: datetime | None
    bounced_at: datetime | None
    opt_out_offered_at: datetime | None
    created_at: datetime
    person_version: int


@frozen
class MergedView:
    """Somebody who was merged into a person.

    Attributes:
        said: what their record says otherwise than what is shown of the person, by name, as it may be seen.
        differs: names of all fields in which the two differ, those included whose masks look alike.
    """

    id: SubjectId
    said: Mapping[str, Json]
    differs: tuple[str, ...]


@frozen(kw_only=True)
class PersonView:
    """A person as they may be seen.

    Attributes:
        ref: random name of the person in the audit log.
        birth_date, deceased_on: ISO 8601, possibly of reduced precision, or masked.
        acquired_at: when the data were obtained; inform_by: when the person must have been told (GDPR Art. 14).
        not_mailable: why nothing may be sent; None where nothing stands against it by itself.
        restricted: whether processing is restricted. held: compartments under a legal hold.
        extra: extra fields by key.
        masked, hidden: names of fields that are there, and are shown in part or not at all.
        unreadable: names of fields that are there and do not open; `masking.UNREADABLE` stands in their place.
        version: number of changes, for ETag.
        merged: who was merged into them; what the person does not say is shown of the first of these who does.
        merged_into: set where the id of one of these was asked for: the id of the person.
    """

    id: SubjectId
    ref: SubjectRef
    kind: str
    family_name: str | None
    given_name: str | None
    patronymic: str | None
    birth_date: str | None
    sex: str | None
    marital_status: str | None
    profession: str | None
    organisation: str | None
    region: str | None
    city: str | None
    street: str | None
    postcode: str | None
    source_note: str | None
    note: str | None
    tags: tuple[str, ...]
    interests: tuple[str, ...]
    preferred_payment: str | None
    deceased: bool
    deceased_on: str | None
    language: str | None
    country: str | None
    source: str | None
    ground: str | None
    acquired_at: datetime
    customer_since: date | None
    inform_by: datetime | None
    informed_at: datetime | None
    not_mailable: str | None
    responsible: StaffId | None
    restricted: bool
    held: tuple[str, ...]
    contacts: tuple[ContactView, ...]
    extra: Mapping[str, Json]
    masked: tuple[str, ...]
    hidden: tuple[str, ...]
    unreadable: tuple[str, ...]
    version: int
    created_at: datetime
    updated_at: datetime
    merged: tuple[MergedView, ...] = ()
    merged_into: SubjectId | None = None


@frozen
class _Around:
    """What belongs to some people besides their own rows, by person."""

    contacts: Mapping[UUID, Sequence[ContactRow]]
    extras: Mapping[UUID, Sequence[ExtraValueRow]]
    definitions: Mapping[UUID, ExtraField]
    restricted: frozenset[UUID]
    held: Mapping[UUID, frozenset[str]]
    merged: Mapping[UUID, Sequence[PersonRow]]


def view(work: Work, permission: Permission, person: PersonRow) -> PersonView:
    """One person as the act of *permission* shows them."""
    return views(work, permission, [person])[0]


def views(work: Work, permission: Permission, people: Sequence[PersonRow]) -> list[PersonView]:
    """People as the act of *permission* shows them; the number of statements does not grow with them."""
    if not people:
        return []
    warm(work, people, Compartment.PROFILE)
    around = _around(work, [person.id for person in people])
    return [_view(Lens(work, permission, person), person, around) for person in people]


def _around(work: Work, people: Sequence[UUID]) -> _Around:
    merged = merged_into(work, people)
    everybody = [*people, *(row.id for rows in merged.values() for row in rows)]
    extras: dict[UUID, list[ExtraValueRow]] = defaultdict(list)
    for row in work.session.scalars(select(ExtraValueRow).where(ExtraValueRow.person_id.in_(everybody))):
        extras[row.person_id].append(row)
    definitions = {one.id: one for one in known(work).values()} if extras else {}
    for compartment in {definitions[row.field_id].compartment for rows in extras.values() for row in rows}:
        owned = [row for rows in extras.values() for row in rows]
        warm(work, owned, compartment)
    return _Around(
        contacts=contacts_of(work, people),
        extras=extras,
        definitions=definitions,
        restricted=restricted(work, people),
        held=held(work, people),
        merged=merged,
    )


def _view(lens: Lens, person: PersonRow, around: _Around) -> PersonView:
    others = around.merged.get(person.id, ())
    told = {name: lens.show(speaking(person, others, name), name) for name in SEALED_FIELDS if name not in _LISTS}
    tags, interests = (_list(lens, (person, *others), name) for name in _LISTS)
    extra = _extras(lens, person, around)
    contacts = tuple(contact_view(lens, row) for row in around.contacts.get(person.id, ()))
    return PersonView(
        **told,
        id=SubjectId(person.id),
        ref=SubjectRef(person.subject_ref),
        kind=person.kind,
        tags=tags,
        interests=interests,
        deceased=person.deceased_at is not None,
        language=person.language,
        country=person.country,
        source=person.source,
        ground=person.ground,
        acquired_at=person.acquired_at,
        customer_since=person.customer_since,
        inform_by=person.inform_by,
        informed_at=person.informed_at,
        not_mailable=person.not_mailable,
        responsible=None if person.responsible_id is None else StaffId(person.responsible_id),
        restricted=person.id in around.restricted,
        held=tuple(sorted(around.held.get(person.id, ()))),
        contacts=contacts,
        extra=extra,
        masked=tuple(dict.fromkeys(lens.masked)),
        hidden=tuple(dict.fromkeys(lens.hidden)),
        unreadable=tuple(dict.fromkeys(lens.unreadable)),
        version=person.version,
        created_at=person.created_at,
        updated_at=person.updated_at,
        merged=tuple(
            _merged(lens, row, told, around, {name: speaking(person, others, name) for name in told}) for row in others
        ),
    )


def _merged(
    lens: Lens, row: PersonRow, told: Mapping[str, Json], around: _Around, spoken: Mapping[str, PersonRow]
) -> MergedView:
    said = _otherwise(lens, row, told, around)
    behind = [name for name, who in spoken.items() if name not in said and _differs(lens, row, who, name)]
    return MergedView(SubjectId(row.id), said, tuple(sorted({*said, *behind})))


def _differs(lens: Lens, row: PersonRow, spoken: PersonRow, name: str) -> bool:
    """Whether two records say different things where the actor may know that both say something."""
    if spoken is row or getattr(row, f"{name}_sealed") is None:
        return False
    if lens.visibility(catalogued(row, name)) is Visibility.HIDDEN:
        return False
    try:
        return bool(opened(row, name) != opened(spoken, name))
    except UnreadableError:
        return True


def _list(lens: Lens, rows: Sequence[PersonRow], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for row in rows for item in lens.show_list(row, name)))


def _extras(lens: Lens, person: PersonRow, around: _Around) -> dict[str, Json]:
    return {
        key: seen
        for row in around.extras.get(person.id, ())
        for key, seen in [_extra(lens, row, around.definitions[row.field_id])]
        if seen is not None
    }


def _otherwise(lens: Lens, row: PersonRow, told: Mapping[str, Json], around: _Around) -> dict[str, Json]:
    """What a merged record says otherwise; extra values that are still theirs are those that the survivor has too."""
    said = {name: lens.show(row, name) for name in told}
    differing = {name: value for name, value in said.items() if value is not None and value != told[name]}
    return differing | {f"extra.{key}": value for key, value in _extras(lens, row, around).items()}


def contact_view(lens: Lens, row: ContactRow) -> ContactView:
    """One contact as the lens shows it."""
    return ContactView(
        id=ContactId(row.id),
        kind=row.kind,
        value=lens.show(row, "value", as_name="contacts"),
        extension=lens.show(row, "extension", as_name="contacts"),
        region=row.region,
        label=row.label,
        is_primary=row.is_primary,
        is_login=row.is_login,
        verified_at=row.verified_at,
        bounced_at=row.bounced_at,
        opt_out_offered_at=row.opt_out_offered_at,
        created_at=row.created_at,
        person_version=lens.person.version,
    )


def _extra(lens: Lens, row: ExtraValueRow, definition: ExtraField) -> tuple[str, Json]:
    slot, said = definition.compartment.value, definition.field
    if lens.visibility(said) is not Visibility.CLEAR:
        return definition.key, lens.show(row, slot, as_name=f"extra.{definition.key}", said=said)
    try:
        text = opened(row, slot)
    except UnreadableError:
        lens.unreadable.append(f"extra.{definition.key}")
        return definition.key, UNREADABLE
    return definition.key, None if text is None else read(definition.type, text)
