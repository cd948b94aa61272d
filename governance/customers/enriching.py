"""Adding what a file knows to people who are there already: empty fields are filled, nothing is overwritten."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, func, literal, select
from sqlalchemy.orm import aliased

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry
from governance.customers.bulk import extras_in
from governance.customers.bulk_rows import ContactIn, ExtraIn, contact_digests, copy_contacts, copy_extras
from governance.customers.codes import ContactKind
from governance.customers.loading import opened, warm
from governance.customers.records import SEALED_FIELDS, Json, NewPerson, Origin
from governance.customers.standing import restricted
from governance.customers.tables import ContactRow, EnrichmentRow, ExtraValueRow, PersonRow
from governance.customers.texts import noted
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work, tell_instant
from governance.policies.ages import age_at_least
from governance.policies.classification import Compartment

LISTS = ("tags", "interests")
NOTE = "note"
_FILLED = tuple(
    name for name in (*SEALED_FIELDS, "language", "country", "customer_since") if name not in {*LISTS, NOTE}
)


@frozen
class _Change:
    """What is added to a person.

    Attributes:
        fields: new values by name.
        before: old values of those that were not empty.
    """

    person: PersonRow
    fields: Mapping[str, object]
    before: Mapping[str, Json]
    contacts: Sequence[ContactIn]
    extras: Sequence[ExtraIn]


def enrich_people(work: Work, known: Mapping[SubjectId, NewPerson], *, origin: Origin) -> frozenset[SubjectId]:
    """Add what a file tells of people who are in the store.

    Empty fields are filled, tags, interests, notes, contacts and extra fields added. What was there before is kept
    sealed, so that `undo` can restore it. People under restriction are left as they are (GDPR Art. 18(2)).

    Args:
        work: the transaction; the people are locked until it ends.
        known: by person, what the file tells; in normal form.
        origin: the import.

    Returns:
        Those to whom something was added.

    Raises:
        InvalidError: where an extra field is not defined, or retired.
    """
    people = _locked(work, known)
    tell_instant(work)
    changes = _changes(work, {asked: (row, known[asked]) for asked, row in people.items()})
    for change in changes:
        for name, value in change.fields.items():
            setattr(change.person, name, value)
        if isinstance(born := change.fields.get("birth_date"), str):
            change.person.age_at_least = age_at_least(born, at=work.now)
        change.person.version += 1
        change.person.updated_at = work.now
    _remember(work, changes, origin)
    contacts = [contact for change in changes for contact in change.contacts]
    copy_contacts(work, contacts, batch=origin.batch, taken=_primary(work, changes))
    copy_extras(work, [value for change in changes for value in change.extras], batch=origin.batch)
    audit.append_many(work, [_edited(change, origin) for change in changes])
    changed = {change.person.id for change in changes}
    return frozenset(asked for asked, row in people.items() if row.id in changed)


def _locked(work: Work, known: Mapping[SubjectId, NewPerson]) -> dict[SubjectId, PersonRow]:
    """People by the id asked for, without those who are restricted."""
    if not known:
        return {}
    asked = aliased(PersonRow)
    query = (
        select(asked.id, PersonRow)
        .join(PersonRow, PersonRow.id == func.coalesce(asked.merged_into, asked.id))
        .where(asked.id == any_(literal(list(known), ARRAY(Uuid))))
        .order_by(PersonRow.id)
        .with_for_update(of=PersonRow)
    )
    found = {SubjectId(each): row for each, row in work.session.execute(query)}
    closed = restricted(work, [row.id for row in found.values()])
    people = {each: row for each, row in found.items() if row.id not in closed}
    warm(work, people.values(), Compartment.PROFILE)
    return people


def _changes(work: Work, told: Mapping[SubjectId, tuple[PersonRow, NewPerson]]) -> list[_Change]:
    contacts = _new_contacts(work, told)
    extras = _new_extras(work, told)
    changes: list[_Change] = []
    for row, new in told.values():
        fields: dict[str, object] = {
            name: value for name in _FILLED if (value := getattr(new, name)) and opened(row, name) is None
        }
        before: dict[str, Json] = {}
        for name in LISTS:
            held: list[Json] = opened(row, name) or []
            added = [item for item in getattr(new, name) if item not in held]
            if added:
                fields[name] = [*held, *added]
                if held:
                    before[name] = held
        note: str | None = opened(row, NOTE)
        whole = noted(note, new.note)
        if whole != note:
            fields[NOTE] = whole
            if note:
                before[NOTE] = note
        if fields or contacts[row.id] or extras[row.id]:
            changes.append(_Change(row, fields, before, contacts[row.id], extras[row.id]))
    return changes


def _new_contacts(work: Work, told: Mapping[SubjectId, tuple[PersonRow, NewPerson]]) -> dict[UUID, list[ContactIn]]:
    columns = ContactRow.__table__.columns
    people = literal([row.id for row, _ in told.values()], ARRAY(Uuid))
    query = select(columns["person_id"], columns["value_index"], columns["value_index_next"])
    held: set[tuple[UUID, bytes]] = set()
    for person, digest, beside in work.session.execute(query.where(columns["person_id"] == any_(people))):
        held |= {(person, digest), (person, beside)}
    offered = [(row, contact) for row, new in told.values() for contact in new.contacts]
    added: dict[UUID, list[ContactIn]] = defaultdict(list)
    for (row, contact), digests in zip(
        offered, contact_digests(work, [contact for _, contact in offered]), strict=True
    ):
        if all((row.id, digest) not in held for digest in digests if digest is not None):
            added[row.id].append(ContactIn(row.id, row.owner_id, contact))
    return added


def _new_extras(work: Work, told: Mapping[SubjectId, tuple[PersonRow, NewPerson]]) -> dict[UUID, list[ExtraIn]]:
    values = extras_in(work, [(row.id, row.owner_id, new.extras) for row, new in told.values()])
    added: dict[UUID, list[ExtraIn]] = defaultdict(list)
    if values:
        query = select(ExtraValueRow.person_id, ExtraValueRow.field_id).where(
            ExtraValueRow.person_id.in_([row.id for row, _ in told.values()])
        )
        held = set(work.session.execute(query))
        for value in values:
            if (value.person, value.field.id) not in held:
                added[value.person].append(value)
    return added


def _primary(work: Work, changes: Sequence[_Change]) -> frozenset[tuple[UUID, ContactKind]]:
    people = [change.person.id for change in changes if change.contacts]
    query = select(ContactRow.person_id, ContactRow.kind).where(ContactRow.person_id.in_(people), ContactRow.is_primary)
    return (
        frozenset((person, ContactKind(kind)) for person, kind in work.session.execute(query))
        if people
        else frozenset()
    )


def _remember(work: Work, changes: Sequence[_Change], origin: Origin) -> None:
    """Note what was there before; a person whom the same import meets again keeps the first note."""
    query = select(EnrichmentRow).where(
        EnrichmentRow.batch_id == origin.batch, EnrichmentRow.person_id.in_([change.person.id for change in changes])
    )
    noted = {row.person_id: row for row in work.session.scalars(query)} if changes else {}
    for change in changes:
        person, note = change.person, noted.get(change.person.id)
        if note is None:
            work.session.add(
                EnrichmentRow(
                    owner_id=person.owner_id,
                    batch_id=origin.batch,
                    person_id=person.id,
                    fields=sorted(change.fields),
                    version_after=person.version,
                    created_at=work.now,
                    before=dict(change.before) or None,
                )
            )
            continue
        # What the import itself had set is nothing of before.
        further = {name: value for name, value in change.before.items() if name not in note.fields}
        note.before = {**further, **(opened(note, "before") or {})} or None
        note.fields = sorted({*note.fields, *change.fields})
        if note.version_after == person.version - 1:  # else somebody edited in between, and undoing must see that
            note.version_after = person.version
    work.session.flush()


def _edited(change: _Change, origin: Origin) -> NewEntry:
    facts: dict[str, Fact] = {
        "batch": origin.batch,
        "contacts": len(change.contacts),
        "extras": sorted(value.field.key for value in change.extras),
        "fields": sorted(change.fields),
        "version": change.person.version,
    }
    return NewEntry(Action.PERSON_EDITED, subject=SubjectRef(change.person.subject_ref), facts=facts)
