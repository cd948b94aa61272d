"""Opening named fields of a person in the clear: with a reason, and each time with an entry of its own."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from governance.accounts import operations as accounts
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.customers.extra_types import read
from governance.customers.extras import known
from governance.customers.loading import contacts_of, opened
from governance.customers.merged import merged_into, speaking
from governance.customers.pages import EventRow
from governance.customers.reach import find_person
from governance.customers.records import SEALED_FIELDS, Json
from governance.customers.shown import catalogued
from governance.customers.tables import ActivityRow, ContactRow, ExtraValueRow, InteractionRow, PersonRow, PurchaseRow
from governance.customers.texts import Complaints, Wrong, words
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import OwnerId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.access import Row, allows
from governance.policies.classification import Field
from governance.policies.permissions import Permission
from governance.vault.errors import UnreadableError
from governance.vault.orm import SealedRow

MOST_FIELDS = 50
_LISTS = ("tags", "interests")
_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,63}")


@frozen
class Revealed:
    """Fields in the clear.

    Attributes:
        values: by the name that was asked for; contacts and events as objects of their fields. A field that is empty is
            None.
    """

    values: Mapping[str, Json]


class _Opening(NamedTuple):
    """A value to be opened: what it is, and how it is read once it may be."""

    field: Field
    read: Callable[[], Json]


def reveal(
    work: Work, *, subject: SubjectId, fields: Sequence[str], reason: str, purpose: str | None = None
) -> Revealed:
    """Open named fields of a person.

    All of them or none: a field that the actor may not see in the clear refuses the whole.

    Args:
        work: the transaction.
        subject: whom.
        fields: names of fields (`family_name`); `contacts` for all contacts; `extra.KEY`; `contacts.ID`,
            `purchases.ID`, `interactions.ID` or `activity.ID` for all that is sealed of one.
        reason: why they are needed; kept sealed beside the entry.
        purpose: key of the purpose that they are needed for, where some roles see more for some purposes.

    Raises:
        ForbiddenError: where the actor may not do this, or not with one of these fields.
        NotFoundError: as `reach.find_person` does.
        InvalidError: where a field does not exist, or the reason is none.
        QuotaExceededError: where the actor has seen as many people today as allowed.
        UnreadableError: where one of them was changed or damaged where it is kept; `errors` names them.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_REVEAL)
    errors = Complaints()
    with errors.at("reason"):
        reason = words(reason, longest=500)
    if purpose is not None and not _PURPOSE.fullmatch(purpose):
        errors.add("purpose", "Give the key of a purpose.")
    if not fields or len(fields) > MOST_FIELDS:
        errors.add("fields", f"Name 1 to {MOST_FIELDS} fields.")
    errors.end("Say which fields, and why.")
    openings = _find(work, person, list(dict.fromkeys(fields)))
    row = Row(person.responsible_id)
    closed = {
        name: ["You may not see this field in the clear."]
        for name, found in openings.items()
        for one in found.values()
        if not allows(work.actor, Permission.CUSTOMERS_REVEAL, field=one.field, row=row, purpose=purpose).allowed
    }
    if closed:
        raise ForbiddenError("Some of these fields are not yours to see in the clear.", errors=closed)
    accounts.count_reading(work, people=[SubjectRef(person.subject_ref)])
    values = _told_all(openings)
    audit.append(
        work,
        Action.PERSON_REVEALED,
        subject=SubjectRef(person.subject_ref),
        facts={"fields": list(openings), "purpose": purpose},
        personal={"reason": reason},
        owner=OwnerId(person.owner_id),
    )
    return Revealed(values)


def _told_all(openings: Mapping[str, Mapping[str, _Opening]]) -> dict[str, Json]:
    values: dict[str, Json] = {}
    unreadable: dict[str, UnreadableError] = {}
    for name, found in openings.items():
        try:
            values[name] = _told(found)
        except UnreadableError as error:
            unreadable[name] = error
    for first in unreadable.values():
        raise UnreadableError(first.place, errors={name: [error.detail] for name, error in unreadable.items()})
    return values


def _told(found: Mapping[str, _Opening]) -> Json:
    values = {part: one.read() for part, one in found.items()}
    return values.get("", values)


def _find(work: Work, person: PersonRow, names: Sequence[str]) -> dict[str, dict[str, _Opening]]:
    """What is to be opened, by the name asked for and by part; the part is empty where the name means one value."""
    finder = _Finder(work, person)
    errors = Complaints()
    found: dict[str, dict[str, _Opening]] = {}
    for place, name in enumerate(names):
        with errors.at(f"fields.{place}"):
            found[name] = dict(finder.find(name))
    errors.end("Some of these fields do not exist.")
    return found


class _Finder:
    """Finds what the names of fields stand for; what several of them share is loaded once."""

    def __init__(self, work: Work, person: PersonRow) -> None:
        self._work = work
        self._person = person

    def find(self, name: str) -> Iterator[tuple[str, _Opening]]:
        """What *name* stands for, by part.

        Raises:
            Wrong: where it stands for nothing.
        """
        if name in SEALED_FIELDS:
            others = merged_into(self._work, [self._person.id]).get(self._person.id, ())
            rows = [self._person, *others] if name in _LISTS else [speaking(self._person, others, name)]
            yield "", _Opening(catalogued(self._person, name), partial(_together, rows, name))
            return
        group, _, rest = name.partition(".")
        if group == "contacts":
            yield from self._contacts(rest)
        elif group == "extra":
            yield "", self._extra(rest)
        elif group in _EVENTS:
            yield from self._event(group, rest)
        else:
            raise Wrong("There is no such sealed field of a person.")

    def _contacts(self, rest: str) -> Iterator[tuple[str, _Opening]]:
        rows = contacts_of(self._work, [self._person.id]).get(self._person.id, [])
        wanted = [row for row in rows if not rest or str(row.id) == rest]
        if rest and not wanted:
            raise Wrong("The person has no such contact.")
        for row in wanted:
            opening = _Opening(catalogued(row, "value"), partial(_contact, row))
            yield ("" if rest else str(row.id)), opening

    def _extra(self, key: str) -> _Opening:
        definition = known(self._work).get(key)
        if definition is None:
            raise Wrong("No extra field of this key is defined.")
        query = select(ExtraValueRow).where(
            ExtraValueRow.person_id == self._person.id, ExtraValueRow.field_id == definition.id
        )
        row = self._work.session.scalars(query).one_or_none()

        def value() -> Json:
            text = None if row is None else opened(row, definition.compartment.value)
            return None if text is None else read(definition.type, text)

        return _Opening(definition.field, value)

    def _event(self, group: str, rest: str) -> Iterator[tuple[str, _Opening]]:
        try:
            event = UUID(rest)
        except ValueError:
            raise Wrong("Name one by its id.") from None
        row = _EVENTS[group](self._work, self._person, event)
        if row is None:
            raise Wrong("The person has no such record.")
        for name in row.sealed_fields:
            yield name, _sealed(row, name)


def _event_row(table: type[EventRow]) -> Callable[[Work, PersonRow, UUID], SealedRow | None]:
    def find(work: Work, person: PersonRow, event: UUID) -> SealedRow | None:
        query = select(table).where(table.id == event, table.person_id == person.id)
        return work.session.scalars(query).one_or_none()

    return find


_EVENTS = {
    "purchases": _event_row(PurchaseRow),
    "interactions": _event_row(InteractionRow),
    "activity": _event_row(ActivityRow),
}


def _sealed(row: SealedRow, name: str) -> _Opening:
    return _Opening(catalogued(row, name), partial(opened, row, name))


def _together(rows: Sequence[PersonRow], name: str) -> Json:
    """The value of a field; of lists, what any of the rows has."""
    if name not in _LISTS:
        value: Json = opened(rows[0], name)
        return value
    found = list(dict.fromkeys(item for row in rows for item in opened(row, name) or ()))
    return found or None


def _contact(row: ContactRow) -> Json:
    return {"kind": row.kind, "value": opened(row, "value"), "extension": opened(row, "extension")}
