"""Taking an import back, part by part: what nobody has touched since goes or is restored, the rest is named.

What stays is cut loose from the import, so that a part is never met again: the next call goes on behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, delete, exists, literal, or_, select, update
from sqlalchemy.orm import QueryableAttribute, aliased
from sqlalchemy.sql.elements import CollectionAggregate

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.custody.shredding import Reason, shred
from governance.customers.loading import opened, warm
from governance.customers.standing import held, restricted
from governance.customers.tables import (
    ActivityRow,
    ContactRow,
    EnrichmentRow,
    ExtraValueRow,
    HoldRow,
    InteractionRow,
    PersonLinkRow,
    PersonRow,
    PurchaseRow,
    RestrictionRow,
)
from governance.kernel.ids import BatchId, OwnerId, SubjectId, SubjectRef
from governance.kernel.work import Work, tell_instant
from governance.policies.classification import Compartment

PART = 500
Used = Callable[[QueryableAttribute[UUID]], ColumnElement[bool]]
BeforeRemoval = Callable[[Work, Sequence[SubjectId]], None]


@dataclass(slots=True)
class UndonePart:
    """What one part of an undoing did.

    Attributes:
        purchases, interactions, people: how many were removed.
        restored: how many people got their values of before back.
        kept: people left as they are, since they were edited or used since, or are held or restricted.
        done: whether nothing is left.
    """

    purchases: int = 0
    interactions: int = 0
    people: int = 0
    restored: int = 0
    kept: list[SubjectId] = field(default_factory=list)
    done: bool = False


def undo_part(
    work: Work,
    *,
    batch: BatchId,
    limit: int = PART,
    used: Used | None = None,
    before_removal: BeforeRemoval | None = None,
) -> UndonePart:
    """Undo up to *limit* rows of an import; to be called until `done`, each time in a transaction of its own.

    Purchases and interactions go first, then people who came with the import, then what it added to others.

    Args:
        work: the transaction.
        batch: the import.
        limit: rows.
        used: clause, of a person's id, for those of whom another package has recorded something since; they are kept.
        before_removal: told of people who are about to be removed, while what is kept of them can still be read.
    """
    part = UndonePart()
    tell_instant(work)
    for phase in (_purchases, _interactions, partial(_people, used=used, before_removal=before_removal), _restorations):
        if phase(work, batch, limit, part):
            return part
    part.done = True
    return part


def _purchases(work: Work, batch: BatchId, limit: int, part: UndonePart) -> bool:
    met, removed = _events(work, PurchaseRow, Compartment.FINANCE, Action.PURCHASE_REMOVED, batch, limit, part)
    part.purchases += removed
    return met


def _interactions(work: Work, batch: BatchId, limit: int, part: UndonePart) -> bool:
    met, removed = _events(work, InteractionRow, Compartment.BEHAVIOUR, Action.INTERACTION_REMOVED, batch, limit, part)
    part.interactions += removed
    return met


def _events(
    work: Work,
    table: type[PurchaseRow | InteractionRow],
    compartment: Compartment,
    action: Action,
    batch: BatchId,
    limit: int,
    part: UndonePart,
) -> tuple[bool, int]:
    query = (
        select(table.id, table.person_id, PersonRow.subject_ref)
        .join(PersonRow, PersonRow.id == table.person_id)
        .where(table.batch_id == batch)
        .order_by(table.id)
        .limit(limit)
        .with_for_update(of=table)
    )
    found = work.session.execute(query).all()
    kept = held(work, {person for _, person, _ in found})
    fixed = {person for person, compartments in kept.items() if compartment in compartments}
    gone = [(row, ref) for row, person, ref in found if person not in fixed]
    part.kept += sorted(SubjectId(person) for person in fixed)
    work.session.execute(delete(table).where(table.id == _any([row for row, _ in gone])))
    work.session.execute(
        update(table)
        .where(table.id == _any([row for row, person, _ in found if person in fixed]))
        .values(batch_id=None)
    )
    kind = table.__tablename__
    facts = {"batch": batch}
    audit.append_many(
        work, [NewEntry(action, subject=SubjectRef(ref), object=ObjectRef(kind, row), facts=facts) for row, ref in gone]
    )
    return bool(found), len(gone)


def _people(
    work: Work,
    batch: BatchId,
    limit: int,
    part: UndonePart,
    *,
    used: Used | None,
    before_removal: BeforeRemoval | None,
) -> bool:
    query = (
        select(PersonRow.id, PersonRow.owner_id, PersonRow.subject_ref)
        .where(PersonRow.batch_id == batch)
        .order_by(PersonRow.id)
        .limit(limit)
        .with_for_update()
    )
    found = work.session.execute(query).all()
    touched = set(work.session.scalars(_touched([person for person, _, _ in found], batch, used)))
    part.kept += [SubjectId(person) for person, _, _ in found if person in touched]
    gone = [one for one in found if one[0] not in touched]
    if before_removal is not None:
        before_removal(work, [SubjectId(person) for person, _, _ in gone])
    ids = _any([person for person, _, _ in gone])
    for table in (ContactRow, ExtraValueRow, EnrichmentRow):
        work.session.execute(delete(table).where(table.person_id == ids))
    work.session.execute(delete(PersonRow).where(PersonRow.id == ids))
    stay = _any(sorted(touched))
    work.session.execute(delete(EnrichmentRow).where(EnrichmentRow.batch_id == batch, EnrichmentRow.person_id == stay))
    work.session.execute(update(PersonRow).where(PersonRow.id == stay).values(batch_id=None))
    facts = {"batch": batch}
    audit.append_many(
        work, [NewEntry(Action.PERSON_REMOVED, subject=SubjectRef(ref), facts=facts) for _, _, ref in gone]
    )
    shred(work, owners=[OwnerId(owner) for _, owner, _ in gone], reason=Reason.IMPORT_UNDONE)
    part.people += len(gone)
    return bool(found)


def _touched(people: Sequence[UUID], batch: BatchId, used: Used | None) -> Select[UUID]:
    """Those of *people* to whom something happened after the import made them."""
    other = aliased(PersonRow)
    later = exists().where(
        EnrichmentRow.person_id == PersonRow.id,
        EnrichmentRow.batch_id == batch,
        EnrichmentRow.version_after == PersonRow.version,
    )
    return select(PersonRow.id).where(
        PersonRow.id == _any(people),
        or_(
            (PersonRow.version > 1) & ~later,
            PersonRow.merged_into.is_not(None),
            exists().where(other.merged_into == PersonRow.id),
            exists().where(EnrichmentRow.person_id == PersonRow.id, EnrichmentRow.batch_id != batch),
            *(
                exists().where(table.person_id == PersonRow.id)
                for table in (PurchaseRow, InteractionRow, ActivityRow, PersonLinkRow, HoldRow, RestrictionRow)
            ),
            exists().where(PersonLinkRow.other_id == PersonRow.id),
            *([] if used is None else [used(PersonRow.id)]),
        ),
    )


def _restorations(work: Work, batch: BatchId, limit: int, part: UndonePart) -> bool:
    query = select(EnrichmentRow).where(EnrichmentRow.batch_id == batch).order_by(EnrichmentRow.person_id).limit(limit)
    notes = work.session.scalars(query.with_for_update()).all()
    people = {
        row.id: row
        for row in work.session.scalars(
            select(PersonRow)
            .where(PersonRow.id == _any([note.person_id for note in notes]))
            .order_by(PersonRow.id)
            .with_for_update()
        )
    }
    warm(work, people.values(), Compartment.PROFILE)
    kept = held(work, people)
    losing = {Compartment.PROFILE.value, Compartment.CONTACT.value}
    fixed = restricted(work, people) | {person for person, compartments in kept.items() if losing & compartments}
    restored: list[tuple[PersonRow, EnrichmentRow]] = []
    for note in notes:
        person = people[note.person_id]
        if person.version != note.version_after or person.merged_into is not None or person.id in fixed:
            part.kept.append(SubjectId(person.id))
        else:
            restored.append((person, note))
    _restore(work, batch, restored)
    for note in notes:
        work.session.delete(note)
    work.session.flush()
    part.restored += len(restored)
    return bool(notes)


def _restore(work: Work, batch: BatchId, restored: Sequence[tuple[PersonRow, EnrichmentRow]]) -> None:
    for person, note in restored:
        before = opened(note, "before") or {}
        for name in note.fields:
            setattr(person, name, before.get(name))
        if "birth_date" in note.fields:  # it was empty before, or the import would not have filled it
            person.age_at_least = None
        person.version += 1
        person.updated_at = work.now
    ids = _any([person.id for person, _ in restored])
    for table in (ContactRow, ExtraValueRow):
        work.session.execute(delete(table).where(table.batch_id == batch, table.person_id == ids))
    entries = [
        NewEntry(
            Action.PERSON_EDITED,
            subject=SubjectRef(person.subject_ref),
            facts={"batch": batch, "fields": list(note.fields), "undone": True, "version": person.version},
        )
        for person, note in restored
    ]
    audit.append_many(work, entries)


def _any(ids: Sequence[UUID]) -> CollectionAggregate[bool]:
    return any_(literal(list(ids), ARRAY(Uuid)))
