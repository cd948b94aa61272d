"""What is known of people: of how many a field is filled, holds what could be recorded today, and was verified.

People are opened in bulk, in memory only. Whoever calls has decided that it may be; nothing but counts leaves here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, exists, func, literal, or_, select

from governance.customers.codes import ContactKind
from governance.customers.normal import normal_forms
from governance.customers.reach import within
from governance.customers.records import SEALED_FIELDS
from governance.customers.tables import ContactRow, PersonRow
from governance.customers.texts import Wrong
from governance.customers.values import FIELDS
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.vault.items import OpenItem
from governance.vault.runtime import vault_of

VERIFIED_FOR: Final = timedelta(days=365)
"""After this long nobody can tell whether a contact is still that person's."""
_READABLE: Final = ("language", "country", "source", "ground", "customer_since", "responsible_id")
_TABLE = PersonRow.__table__.columns
_CONTACT = ContactRow.__table__.columns


@dataclass(slots=True)
class FieldCount:
    """Of how many people a field is filled, valid, verified; *verified* is None where nobody could verify it."""

    filled: int = 0
    valid: int = 0
    verified: int | None = None


class Quality(dict[str, FieldCount]):
    """Counts by field; contacts as `contacts.KIND`."""

    def __init__(self) -> None:
        super().__init__({name: FieldCount() for name in (*SEALED_FIELDS, *_READABLE)})
        self.update({f"contacts.{kind.value}": FieldCount(verified=0) for kind in ContactKind})

    def add(self, work: Work, *, people: Sequence[SubjectId]) -> None:
        """Count *people* in; four statements, however many they are."""
        self._fields(work, people)
        self._contacts(work, people)

    def _fields(self, work: Work, people: Sequence[SubjectId]) -> None:
        columns = [_TABLE[f"{name}_sealed"] for name in SEALED_FIELDS]
        survivor = func.coalesce(_TABLE["merged_into"], _TABLE["id"])
        asked = or_(_TABLE["id"] == _any(people), _TABLE["merged_into"] == _any(people))
        query = select(survivor, _TABLE["id"], _TABLE["owner_id"], *(_TABLE[name] for name in _READABLE), *columns)
        query = query.where(asked).order_by(_TABLE["merged_into"].is_not(None), _TABLE["created_at"], _TABLE["id"])
        sealed = [PersonRow.sealed_fields[name] for name in SEALED_FIELDS]
        items: list[OpenItem] = []
        names: list[str] = []
        told_of: set[tuple[UUID, str]] = set()  # as shown: the survivor says it, else the first merged in
        for stands_for, person, owner, *values in work.session.execute(query):
            for name, value in zip(_READABLE, values, strict=False):
                if value is not None and person == stands_for:
                    self[name].filled += 1
                    self[name].valid += 1  # nothing else can be kept in such a column
            for name, field, value in zip(SEALED_FIELDS, sealed, values[len(_READABLE) :], strict=True):
                if value is not None and (stands_for, name) not in told_of:
                    told_of.add((stands_for, name))
                    items.append(OpenItem(field.place, person, owner, value))
                    names.append(name)
        today = work.now.date()
        opened = vault_of(work.session).open_many(work.session, items, pass_over=True)
        for name, told in zip(names, opened, strict=True):
            if told is None:  # shredded, or damaged where it is kept
                continue
            self[name].filled += 1
            try:
                FIELDS[name].read(PersonRow.sealed_fields[name].kind.decode(told), today)
            except Wrong:
                continue
            self[name].valid += 1

    def _contacts(self, work: Work, people: Sequence[SubjectId]) -> None:
        names = ("id", "owner_id", "person_id", "kind", "verified_at", "bounced_at", "value_sealed")
        rows = work.session.execute(
            select(*(_CONTACT[name] for name in names)).where(_CONTACT["person_id"] == _any(people))
        ).all()
        field = ContactRow.sealed_fields["value"]
        items = [OpenItem(field.place, row.id, row.owner_id, row.value_sealed) for row in rows]
        opened = vault_of(work.session).open_many(work.session, items, pass_over=True)
        by_kind: dict[ContactKind, list[tuple[Any, str]]] = defaultdict(list)
        for row, told in zip(rows, opened, strict=True):
            if told is not None:
                by_kind[ContactKind(row.kind)].append((row, field.kind.decode(told)))
        for kind, held in by_kind.items():
            count = self[f"contacts.{kind.value}"]
            forms = normal_forms(kind, [value for _, value in held], home=None)
            works = {
                row.person_id
                for (row, _), form in zip(held, forms, strict=True)
                if form is not None and row.bounced_at is None
            }
            count.filled += len({row.person_id for row, _ in held})
            count.valid += len(works)
            count.verified = (count.verified or 0) + len(_verified(held))


def _verified(held: Iterable[tuple[Any, str]]) -> set[UUID]:
    return {row.person_id for row, _ in held if row.verified_at is not None}


def count_unverified(work: Work) -> int:
    """Of how many people no contact was verified for a year, and who have been here as long."""
    return int(work.session.scalar(select(func.count()).select_from(PersonRow).where(*_unverified(work))) or 0)


def unverified(work: Work, *, permission: Permission, after: SubjectId | None, limit: int) -> list[SubjectId]:
    """Ids of such people in the order of ids, within reach of the actor.

    Raises:
        ForbiddenError: where the actor may not do it at all.
    """
    query = select(PersonRow.id).where(*_unverified(work), within(work, permission))
    if after is not None:
        query = query.where(PersonRow.id > after)
    return [SubjectId(one) for one in work.session.scalars(query.order_by(PersonRow.id).limit(limit))]


def _unverified(work: Work) -> tuple[ColumnElement[bool], ...]:
    since = work.now - VERIFIED_FOR
    return (
        PersonRow.merged_into.is_(None),
        PersonRow.acquired_at < since,
        ~exists().where(ContactRow.person_id == PersonRow.id, ContactRow.verified_at >= since),
    )


def _any(people: Sequence[SubjectId]) -> ColumnElement[Any]:
    return any_(literal(list(people), ARRAY(Uuid)))
