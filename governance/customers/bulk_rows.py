"""Sealing and copying many people, contacts and extra values; entries are written by who calls."""

from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from governance.customers import duty
from governance.customers.codes import ContactKind, Ground, Source
from governance.customers.copying import Copier
from governance.customers.extra_column import extra_index
from governance.customers.extra_types import ExtraField
from governance.customers.records import SEALED_FIELDS, NewContact, NewPerson, Origin
from governance.customers.tables import ContactRow, ExtraValueRow, PersonRow
from governance.kernel.ids import OwnerId, SubjectId, SubjectRef, uuid7
from governance.kernel.work import Work
from governance.policies.ages import age_at_least
from governance.vault.compartments import SealedColumn
from governance.vault.items import SealRow
from governance.vault.kinds import JSON, TEXT
from governance.vault.runtime import vault_of

_CONTACT_VALUE = ContactRow.sealed_fields["value"]
_EXTRA_SLOTS = tuple(ExtraValueRow.sealed_fields)


class PersonIn(NamedTuple):
    """A person on the way in."""

    id: SubjectId
    owner: OwnerId
    ref: SubjectRef
    new: NewPerson


class ContactIn(NamedTuple):
    """A contact on the way in, and whose it is."""

    person: UUID
    owner: UUID
    contact: NewContact


class ExtraIn(NamedTuple):
    """A value of an extra field on the way in, and whose it is."""

    person: UUID
    owner: UUID
    field: ExtraField
    text: str


class Sealer:
    """Collects values of rows, to be sealed together.

    Args:
        places: the columns, in the order in which they stand at the end of a row.
    """

    def __init__(self, places: Sequence[SealedColumn]) -> None:
        self._places = places
        self._rows: list[SealRow] = []

    def add(self, row_id: UUID, owner: UUID, plaintexts: Sequence[bytes | None]) -> None:
        """The values of the next row."""
        self._rows.append(SealRow(row_id, owner, plaintexts))

    def seal(self, work: Work) -> list[list[bytes | None]]:
        """The sealed values by row."""
        return vault_of(work.session).seal_rows(work.session, self._places, self._rows)


def places_of(row: Any, *names: str) -> list[SealedColumn]:  # noqa: ANN401 (a class of SealedRow)
    """Places of the sealed fields *names* of a mapped class."""
    return [row.sealed_fields[name].place for name in names]


def text_of(value: str | None) -> bytes | None:
    """Text on its way into the vault; None where there is none."""
    return TEXT.encode(value) if value else None


def json_of(value: Any) -> bytes | None:  # noqa: ANN401 (any JSON value)
    """A JSON value on its way into the vault; None where it is empty."""
    return JSON.encode(value) if value else None


_NAMES_OF_LISTS = ("tags", "interests")
_NAMES_OF_TEXTS = tuple(name for name in SEALED_FIELDS if name not in _NAMES_OF_LISTS)
_TEXTS = attrgetter(*_NAMES_OF_TEXTS)
_LISTS = attrgetter(*_NAMES_OF_LISTS)
_SEALED = (*_NAMES_OF_TEXTS, *_NAMES_OF_LISTS)
_PERSON_PLACES = places_of(PersonRow, *_SEALED)
_PERSON = Copier(
    PersonRow,
    (
        *("id", "owner_id", "subject_ref", "kind", "language", "country", "source", "ground", "acquired_at"),
        *("customer_since", "inform_by", "not_mailable", "age_at_least", "responsible_id", "batch_id", "version"),
        *("created_at", "updated_at", *(f"{name}_sealed" for name in _SEALED)),
    ),
)


def copy_people(work: Work, people: Sequence[PersonIn], *, origin: Origin) -> None:
    """Keep people; their key owners stand already."""
    sealer = Sealer(_PERSON_PLACES)
    for one in people:
        values: list[bytes | None] = [text_of(value) for value in _TEXTS(one.new)]
        values += [json_of(list(value)) if value else None for value in _LISTS(one.new)]
        sealer.add(one.id, one.owner, values)
    rows = zip(people, sealer.seal(work), strict=True)
    _PERSON.write(work.session, ((*_person_columns(work, one, origin), *sealed) for one, sealed in rows))


def came_by(new: NewPerson, origin: Origin) -> tuple[Source, Ground]:
    """Source and ground of a person of an import."""
    return new.source or origin.source, new.ground or origin.ground


def _person_columns(work: Work, one: PersonIn, origin: Origin) -> tuple[object, ...]:
    new, (source, ground) = one.new, came_by(one.new, origin)
    since = origin.acquired_at
    return (
        *(one.id, one.owner, one.ref, new.kind, new.language, new.country, source, ground, since),
        *(new.customer_since, duty.inform_by(source, acquired_at=since)),
        *(new.not_mailable or duty.obstacle(source, ground), _age(work, new), new.responsible, origin.batch, 1),
        *(work.now, work.now),
    )


def _age(work: Work, new: NewPerson) -> int | None:
    return None if new.birth_date is None else age_at_least(new.birth_date, at=work.now)


_CONTACT_PLACES = places_of(ContactRow, "value", "extension")
_CONTACT = Copier(
    ContactRow,
    (
        *("id", "owner_id", "person_id", "kind", "region", "label", "is_primary", "is_login", "opt_out_offered_at"),
        *("batch_id", "created_at"),
        *("value_index", "value_index_next", "value_sealed", "extension_sealed"),
    ),
)


def copy_contacts(
    work: Work, contacts: Sequence[ContactIn], *, batch: UUID | None, taken: frozenset[tuple[UUID, ContactKind]]
) -> dict[UUID, int]:
    """Keep contacts that their people do not have yet; the first of a kind becomes the primary one.

    Args:
        work: the transaction.
        contacts: one that stands twice on a person is kept once.
        batch: the import.
        taken: people and kinds that have a primary contact already.

    Returns:
        How many were kept, by person.
    """
    sealer = Sealer(_CONTACT_PLACES)
    columns: list[tuple[object, ...]] = []
    counts: dict[UUID, int] = defaultdict(int)
    primary = {(one.person, one.contact.kind) for one in contacts if one.contact.is_primary} | taken
    seen: set[tuple[UUID, bytes]] = set()
    for one, digests in zip(contacts, contact_digests(work, [one.contact for one in contacts]), strict=True):
        person, owner, contact = one
        if (person, digests[0]) in seen:
            continue
        seen.add((person, digests[0]))
        first = contact.is_primary or (person, contact.kind) not in primary
        primary.add((person, contact.kind))
        counts[person] += 1
        row_id = uuid7()
        sealer.add(row_id, owner, (text_of(contact.value), text_of(contact.extension)))
        shown = (row_id, owner, person, contact.kind, contact.region, contact.label, first, False)
        columns.append((*shown, contact.opt_out_offered_at, batch, work.now, *digests))
    sealed = sealer.seal(work)
    _CONTACT.write(work.session, ((*shown, *values) for shown, values in zip(columns, sealed, strict=True)))
    return counts


def contact_digests(work: Work, contacts: Sequence[NewContact]) -> list[tuple[bytes, bytes | None]]:
    """Digests of *contacts* in order: for the index column, and for the one beside it."""
    by_kind: dict[ContactKind, list[int]] = defaultdict(list)
    for place, contact in enumerate(contacts):
        by_kind[contact.kind].append(place)
    found: list[tuple[bytes, bytes | None]] = [(b"", None)] * len(contacts)
    for kind, places in by_kind.items():
        index = _CONTACT_VALUE.indexes[kind.value]
        pairs = vault_of(work.session).digests(work.session, index, [contacts[place].value for place in places])
        for place, pair in zip(places, pairs, strict=True):
            found[place] = pair
    return found


_EXTRA = Copier(
    ExtraValueRow,
    (
        *("id", "owner_id", "person_id", "field_id", "indexed", "batch_id", "created_at", "updated_at"),
        *(f"{slot}_index{suffix}" for slot in _EXTRA_SLOTS for suffix in ("", "_next")),
        *(f"{slot}_sealed" for slot in _EXTRA_SLOTS),
    ),
)


def copy_extras(work: Work, values: Sequence[ExtraIn], *, batch: UUID | None) -> None:
    """Keep values of extra fields that their people do not have yet."""
    sealer = Sealer(places_of(ExtraValueRow, *_EXTRA_SLOTS))
    columns: list[tuple[object, ...]] = []
    for one in values:
        row_id, slot = uuid7(), one.field.compartment.value
        sealer.add(row_id, one.owner, [text_of(one.text) if name == slot else None for name in _EXTRA_SLOTS])
        pair: tuple[bytes | None, bytes | None] = (None, None)
        if one.field.indexed:
            pair = vault_of(work.session).digests(work.session, extra_index(one.field.id), [one.text])[0]
        digests = [pair if name == slot else (None, None) for name in _EXTRA_SLOTS]
        shown = (row_id, one.owner, one.person, one.field.id, one.field.indexed, batch, work.now, work.now)
        columns.append((*shown, *(digest for both in digests for digest in both)))
    sealed = sealer.seal(work)
    _EXTRA.write(work.session, ((*shown, *ended) for shown, ended in zip(columns, sealed, strict=True)))
