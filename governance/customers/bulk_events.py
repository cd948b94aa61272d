"""Many purchases and interactions at once, for files: as `bulk` does for people."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Uuid, any_, func, literal, select, tuple_

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.customers.bulk_rows import Sealer, json_of, places_of, text_of
from governance.customers.copying import Copier
from governance.customers.loading import people_of, snapshots
from governance.customers.moments import kept
from governance.customers.records import InteractionOf, NewInteraction, NewPurchase, PurchaseOf
from governance.customers.tables import InteractionRow, PersonRow, PurchaseRow
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import BatchId, SubjectRef, uuid7
from governance.kernel.work import Work
from governance.vault.blind import BlindIndex
from governance.vault.runtime import vault_of


class PurchaseIn(NamedTuple):
    """A purchase on the way in, with the buyer's snapshot."""

    id: UUID
    person: UUID
    owner: UUID
    new: NewPurchase
    buyer: Mapping[str, Any] | None


class InteractionIn(NamedTuple):
    """An interaction on the way in."""

    id: UUID
    person: UUID
    owner: UUID
    new: NewInteraction


def record_purchases(work: Work, purchases: Sequence[PurchaseOf], *, batch: BatchId) -> list[UUID | None]:
    """Keep many purchases, each with an entry of its own.

    Returns:
        Their ids in order; None where the person has a purchase of this number already.

    Raises:
        NotFoundError: where somebody is no person.
    """
    people = _survivors(work, {one.person for one in purchases})
    told = snapshots(work, list({row.id: row for row in people.values()}.values()))
    known = _known_numbers(work, {row.id for row in people.values()}, [one.purchase.number for one in purchases])
    ids: list[UUID | None] = []
    made: list[PurchaseIn] = []
    for one in purchases:
        person, number = people[one.person], one.purchase.number
        if number is not None and (person.id, number) in known:
            ids.append(None)
            continue
        if number is not None:
            known.add((person.id, number))
        buyer = {**told[person.id], **(one.purchase.buyer or {})}
        made.append(PurchaseIn(uuid7(), person.id, person.owner_id, one.purchase, buyer))
        ids.append(made[-1].id)
    copy_purchases(work, made, batch=batch)
    _tell(work, Action.PURCHASE_RECORDED, "purchase", people.values(), made, batch)
    return ids


def record_interactions(work: Work, interactions: Sequence[InteractionOf], *, batch: BatchId) -> list[UUID | None]:
    """Keep many interactions, each with an entry of its own.

    Returns:
        Their ids in order; None where the person has an interaction of this kind at this instant already.

    Raises:
        NotFoundError: where somebody is no person.
    """
    people = _survivors(work, {one.person for one in interactions})
    slots = [(people[one.person].id, one.interaction.kind.value, kept(one.interaction.at)[0]) for one in interactions]
    known = _known_moments(work, slots)
    ids: list[UUID | None] = []
    made: list[InteractionIn] = []
    for one, slot in zip(interactions, slots, strict=True):
        if slot in known:
            ids.append(None)
            continue
        known.add(slot)
        made.append(InteractionIn(uuid7(), slot[0], people[one.person].owner_id, one.interaction))
        ids.append(made[-1].id)
    copy_interactions(work, made, batch=batch)
    _tell(work, Action.INTERACTION_RECORDED, "interaction", people.values(), made, batch)
    return ids


_PURCHASE_PLACES = places_of(PurchaseRow, "number", "items", "buyer", "note")
_PURCHASE = Copier(
    PurchaseRow,
    (
        *("id", "owner_id", "person_id", "paid_at", "whole_day", "total", "currency", "batch_id", "created_at"),
        *("number_index", "number_index_next", "number_sealed", "items_sealed", "buyer_sealed", "note_sealed"),
    ),
)


def purchase_digests(work: Work, numbers: Sequence[str | None]) -> list[tuple[bytes | None, bytes | None]]:
    """Digests of the numbers of purchases, in order."""
    pairs = iter(
        vault_of(work.session).digests(work.session, _number_index(), [number for number in numbers if number])
    )
    return [next(pairs) if number else (None, None) for number in numbers]


def _number_index() -> BlindIndex:
    index = PurchaseRow.sealed_fields["number"].index
    if index is None:
        raise TypeError("Numbers of purchases are indexed.")
    return index


def copy_purchases(work: Work, purchases: Sequence[PurchaseIn], *, batch: UUID | None) -> None:
    """Keep purchases."""
    sealer = Sealer(_PURCHASE_PLACES)
    for one in purchases:
        new = one.new
        plaintexts = (text_of(new.number), json_of(list(new.items)), json_of(dict(one.buyer or {})), text_of(new.note))
        sealer.add(one.id, one.owner, plaintexts)
    digests = purchase_digests(work, [one.new.number for one in purchases])
    rows = zip(purchases, digests, sealer.seal(work), strict=True)
    _PURCHASE.write(
        work.session,
        (
            (
                *(one.id, one.owner, one.person, *kept(one.new.paid_at), one.new.total, one.new.currency),
                *(batch, work.now, *pair, *sealed),
            )
            for one, pair, sealed in rows
        ),
    )


_INTERACTION_PLACES = places_of(InteractionRow, "result", "note")
_INTERACTION = Copier(
    InteractionRow,
    (
        *("id", "owner_id", "person_id", "kind", "at", "whole_day", "seconds", "next_contact_at", "next_whole_day"),
        *("staff_id", "batch_id", "created_at", "result_sealed", "note_sealed"),
    ),
)


def copy_interactions(work: Work, interactions: Sequence[InteractionIn], *, batch: UUID | None) -> None:
    """Keep interactions."""
    sealer = Sealer(_INTERACTION_PLACES)
    for one in interactions:
        sealer.add(one.id, one.owner, (text_of(one.new.result), text_of(one.new.note)))
    rows = zip(interactions, sealer.seal(work), strict=True)
    _INTERACTION.write(work.session, ((*_interaction_columns(work, one, batch), *sealed) for one, sealed in rows))


def _interaction_columns(work: Work, one: InteractionIn, batch: UUID | None) -> tuple[object, ...]:
    new = one.new
    following = (None, False) if new.next_contact_at is None else kept(new.next_contact_at)
    return (
        *(one.id, one.owner, one.person, new.kind, *kept(new.at), new.seconds, *following),
        *(new.staff, batch, work.now),
    )


def _survivors(work: Work, ids: Iterable[UUID]) -> dict[UUID, PersonRow]:
    """The people asked for, those who were merged into others by their survivors.

    Nobody merges them away until the transaction ends: what is written for them would be left behind.
    """
    asked, leads = set(ids), dict[UUID, UUID]()
    following = asked
    while following:
        query = select(PersonRow.id, func.coalesce(PersonRow.merged_into, PersonRow.id))
        query = query.where(PersonRow.id.in_(following)).order_by(PersonRow.id)
        leads |= dict(work.session.execute(query.with_for_update(read=True, key_share=True)).all())
        if not leads.keys() >= following:
            raise NotFoundError("One of these people does not exist any more.")
        following = set(leads.values()) - leads.keys()
    rows = {row.id: row for row in people_of(work, {one for one, lead in leads.items() if one == lead})}
    return {one: rows[_end(leads, one)] for one in asked}


def _end(leads: Mapping[UUID, UUID], one: UUID) -> UUID:
    while leads[one] != one:
        one = leads[one]
    return one


def _known_numbers(work: Work, people: Iterable[UUID], numbers: Iterable[str | None]) -> set[tuple[UUID, str]]:
    """Who of *people* has a purchase of which of *numbers* already."""
    vault, index = vault_of(work.session), _number_index()
    vault.keep_fresh(work.session)
    by_digest = {digest: number for number in numbers if number for digest in vault.indexer.ask(index, [number])}
    if not by_digest:
        return set()
    columns = PurchaseRow.__table__.columns
    query = select(columns["person_id"], columns["number_index"]).where(
        columns["number_index"] == any_(literal(list(by_digest), ARRAY(LargeBinary))),
        columns["person_id"] == any_(literal(list(people), ARRAY(Uuid))),
    )
    return {(person, by_digest[digest]) for person, digest in work.session.execute(query)}


_Slot = tuple[UUID, str, datetime]


def _known_moments(work: Work, slots: Sequence[_Slot]) -> set[_Slot]:
    """Which of *slots* (person, kind, instant) hold an interaction already."""
    if not slots:
        return set()
    columns = (InteractionRow.person_id, InteractionRow.kind, InteractionRow.at)
    return set(work.session.execute(select(*columns).where(tuple_(*columns).in_(slots))))


def _tell(
    work: Work,
    action: Action,
    kind: str,
    people: Iterable[PersonRow],
    made: Sequence[PurchaseIn] | Sequence[InteractionIn],
    batch: BatchId,
) -> None:
    refs = {row.id: SubjectRef(row.subject_ref) for row in people}
    facts = {"batch": batch}
    audit.append_many(
        work, [NewEntry(action, subject=refs[one.person], object=ObjectRef(kind, one.id), facts=facts) for one in made]
    )
