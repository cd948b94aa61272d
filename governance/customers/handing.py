"""What of many people is to be handed out: named fields in the clear, for callers that have decided that it may be.

Few statements however many people they are: their rows, their contacts, their extra values, and the keys of each.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from governance.customers.codes import ContactKind
from governance.customers.extra_types import ExtraField, read
from governance.customers.extras import known
from governance.customers.loading import contacts_of, opened, people_of, warm
from governance.customers.merged import merged_into, speaking
from governance.customers.records import SEALED_FIELDS, Json
from governance.customers.tables import ExtraValueRow, PersonRow
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment, Field
from governance.policies.disclosing import catalogued

READABLE = ("country", "language", "customer_since")
"""Fields of a person in the clear that can be handed out."""
_PERSON, _CONTACT, _EXTRA = "person.", "contact.", "extra."


@frozen
class Column:
    """A field that can be handed out.

    Attributes:
        name: `person.family_name`, `contact.email`, `extra.KEY`.
        category: key of its data category.
        field: its classification; None where it is readable.
        kind: of a contact.
        extra: definition of an extra field.
    """

    name: str
    category: str
    field: Field | None = None
    kind: ContactKind | None = None
    extra: ExtraField | None = None

    @property
    def attribute(self) -> str:
        """The name without what it is a field of."""
        return self.name.partition(".")[2]


class Handed(NamedTuple):
    """A person with the values of columns in their order; None where there is none. Personal values."""

    id: SubjectId
    ref: SubjectRef
    version: int
    values: tuple[Json, ...]


def columns_of(work: Work, names: Collection[str]) -> dict[str, Column]:
    """The columns called *names*; those that cannot be handed out person by person are left out."""
    extras = known(work) if any(name.startswith(_EXTRA) for name in names) else {}
    found = {name: _column(name, extras.get(name.removeprefix(_EXTRA))) for name in names}
    return {name: column for name, column in found.items() if column is not None}


def handed(
    work: Work,
    *,
    people: Sequence[SubjectId],
    columns: Sequence[Column],
    contacts: Collection[tuple[UUID, ContactKind]],
) -> list[Handed]:
    """Values of *people*, in the order of ids; whoever was merged or is gone is left out.

    Where a survivor says nothing of a field, what those who were merged into them had said stands there, as it does
    where the record is shown.

    Args:
        work: the transaction.
        people: whom.
        columns: what of them.
        contacts: by person and kind, whose contacts may be handed out; the one that a message would go to.
    """
    rows = people_of(work, people)
    ids = [row.id for row in rows]
    reached = _contacts(work, ids, contacts) if any(one.kind for one in columns) else {}
    extras = _extras(work, ids, [one.extra for one in columns if one.extra is not None])
    merged = merged_into(work, ids) if any(one.field is not None and one.kind is None for one in columns) else {}
    return [
        Handed(
            SubjectId(row.id),
            SubjectRef(row.subject_ref),
            row.version,
            tuple(_value(row, merged.get(row.id, ()), column, reached, extras) for column in columns),
        )
        for row in rows
    ]


def _column(name: str, extra: ExtraField | None) -> Column | None:
    if extra is not None:
        return Column(name, extra.category, extra.field, extra=extra)
    said = catalogued(name)
    attribute = name.partition(".")[2]
    if name.startswith(_CONTACT) and isinstance(said, Field):
        return Column(name, said.category, said, kind=ContactKind(attribute))
    if not name.startswith(_PERSON) or said is None or said.category is None:
        return None
    if isinstance(said, Field):
        return Column(name, said.category, said) if attribute in SEALED_FIELDS else None
    return Column(name, said.category) if attribute in READABLE else None


def _contacts(
    work: Work, people: Sequence[UUID], wanted: Collection[tuple[UUID, ContactKind]]
) -> dict[tuple[UUID, ContactKind], str]:
    found: dict[tuple[UUID, ContactKind], str] = {}
    for person, rows in contacts_of(work, people).items():
        for row in rows:  # primary ones first, then the oldest: as a message would go
            place = (person, ContactKind(row.kind))
            if place in wanted and place not in found:
                found[place] = opened(row, "value") or ""
    return found


def _extras(work: Work, people: Sequence[UUID], fields: Sequence[ExtraField]) -> dict[tuple[UUID, UUID], Json]:
    if not fields:
        return {}
    by_id = {one.id: one for one in fields}
    query = select(ExtraValueRow).where(ExtraValueRow.person_id.in_(people), ExtraValueRow.field_id.in_(by_id))
    rows = list(work.session.scalars(query))
    grouped: dict[Compartment, list[ExtraValueRow]] = defaultdict(list)
    for row in rows:
        grouped[by_id[row.field_id].compartment].append(row)
    for compartment, several in grouped.items():
        warm(work, several, compartment)
    found: dict[tuple[UUID, UUID], Json] = {}
    for row in rows:
        definition = by_id[row.field_id]
        text = opened(row, definition.compartment.value)
        found[row.person_id, row.field_id] = None if text is None else read(definition.type, text)
    return found


def _value(
    row: PersonRow,
    others: Sequence[PersonRow],
    column: Column,
    contacts: dict[tuple[UUID, ContactKind], str],
    extras: dict[tuple[UUID, UUID], Json],
) -> Json:
    if column.kind is not None:
        return contacts.get((row.id, column.kind)) or None
    if column.extra is not None:
        return extras.get((row.id, column.extra.id))
    if column.field is not None:
        told: Json = opened(speaking(row, others, column.attribute), column.attribute)
        return told
    plain = getattr(row, column.attribute)
    return plain.isoformat() if isinstance(plain, date) else plain
