"""Rows that a retention policy may take away: which there are, from when they count, and how they go.

Whoever calls has decided that they are to go, has locked them, and tells of it in the log.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Interval,
    Select,
    String,
    any_,
    bindparam,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import CollectionAggregate

from governance.customers.codes import ContactKind, RestrictionReason
from governance.customers.signs.tables import SignRow
from governance.customers.tables import (
    ContactRow,
    HoldRow,
    PersonRow,
    PurchaseRow,
    RestrictionRow,
)
from governance.kernel.db import ArrayText, Base, id_list
from governance.kernel.ids import uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work, tell_instant
from governance.policies.classification import Compartment
from governance.policies.retention import Clock, TargetKind

Statement: TypeAlias = "Select[*tuple[Any, ...]]"
"""A statement whose columns are known by name."""


@frozen
class Stock:
    """Rows of one kind with one clock.

    Attributes:
        name: of the table, as policies have it; empty for people.
        rows: statement of `id`, `person_id` (the survivor where people were merged, NULL where it is nobody any more),
            `at` (what the clock says) and `code` (what a filter asks for).
        compartment: which a hold must cover to keep them; None where none can.
        locked: classes whose rows are locked while they go, named in `rows`.
        remove: deletes rows by id; answers how many went. People, and compartments of theirs, go by their erasure.
        kind: what sort of thing it is.
        sealed: by field that may be emptied alone, its column.
    """

    name: str
    clock: Clock
    rows: Statement
    compartment: Compartment | None
    locked: tuple[type[Base], ...]
    remove: Callable[[Work, Sequence[UUID]], int]
    sealed: Mapping[str, Column[Any]] = field(default_factory=lambda: MappingProxyType({}))
    kind: TargetKind = TargetKind.TABLE


def of_rows(ids: Sequence[UUID]) -> CollectionAggregate[bool]:
    """`= ANY(...)` of ids."""
    return any_(bindparam(None, id_list(ids), type_=ArrayText("UUID"), unique=True))


def kept_by_hold(person: ColumnElement[UUID], compartment: Compartment | None) -> ColumnElement[bool]:
    """Whether a hold that stands covers the compartment of a person, or, without one, anything."""
    query = select(HoldRow.id).where(HoldRow.person_id == person, HoldRow.released_at.is_(None))
    if compartment is not None:
        query = query.where(literal(compartment.value, String) == any_(HoldRow.compartments))
    return exists(query)


def kept_by_restriction(person: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether the data of a person may only be stored (GDPR Art. 18(2)); what a policy restricted may go by another."""
    return exists(
        select(RestrictionRow.id).where(
            RestrictionRow.person_id == person,
            RestrictionRow.lifted_at.is_(None),
            RestrictionRow.reason != RestrictionReason.PERIOD_OVER.value,
        )
    )


def restricted_by_policy(person: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a retention policy restricted the data of a person already."""
    return exists(
        select(RestrictionRow.id).where(
            RestrictionRow.person_id == person,
            RestrictionRow.lifted_at.is_(None),
            RestrictionRow.reason == RestrictionReason.PERIOD_OVER.value,
        )
    )


def restrict_many(work: Work, *, people: Sequence[UUID]) -> int:
    """Let data of people be stored and nothing else, since their period is over; answers how many were not before."""
    rows = [
        {"id": uuid7(), "person_id": one, "reason": RestrictionReason.PERIOD_OVER.value, "placed_at": work.now}
        for one in people
    ]
    placed = insert(RestrictionRow).on_conflict_do_nothing().returning(RestrictionRow.id)
    return len(work.session.scalars(placed, rows).all())


def released_since(instant: datetime) -> Statement:
    """A statement of `id` of people of whom a hold was released since an instant."""
    return select(HoldRow.person_id.label("id")).where(HoldRow.released_at >= instant)


def lift_restrictions_of_policies(work: Work, *, unless: Sequence[Statement]) -> dict[UUID, UUID]:
    """Lift what policies restricted, of people who were active since and whom none of some statements of `id` reaches.

    Returns:
        By the id of each restriction that was lifted, the name of its person in the log.
    """
    row, sign = RestrictionRow.__table__.c, SignRow.__table__.c
    # A purchase has a day only; it counts from the beginning of that.
    after = row.placed_at - literal(timedelta(days=1), Interval)
    active = select(sign.person_id).where(sign.person_id == row.person_id, sign.proven, sign.last_at > after)
    still = [row.person_id.in_(select(one.subquery().c.id)) for one in unless]
    lifted = (
        update(RestrictionRow)
        .where(row.reason == RestrictionReason.PERIOD_OVER.value, row.lifted_at.is_(None), exists(active))
        .where(*(not_(one) for one in still))
        .values(lifted_at=work.now)
        .returning(row.id, row.person_id)
    )
    found: dict[UUID, UUID] = dict(iter(work.session.execute(lifted, execution_options={"synchronize_session": False})))
    refs = refs_of(work, list(found.values()))
    return {restriction: refs[person] for restriction, person in found.items()}


def lock_people(work: Work, people: Sequence[UUID], *, to_erase: bool) -> frozenset[UUID]:
    """Lock people whom nobody else works on; answers whom. Until the transaction ends no hold comes upon them.

    Args:
        work: the transaction.
        people: whom.
        to_erase: whether nothing at all may be recorded of them meanwhile.
    """
    query = select(PersonRow.id).where(PersonRow.id == of_rows(people)).order_by(PersonRow.id)
    locked = query.with_for_update(skip_locked=True, read=not to_erase, key_share=not to_erase)
    tell_instant(work)
    return frozenset(work.session.scalars(locked))


def refs_of(work: Work, people: Sequence[UUID]) -> dict[UUID, UUID]:
    """Names of people in the log."""
    query = select(PersonRow.id, PersonRow.subject_ref).where(PersonRow.id == of_rows(people))
    return dict(iter(work.session.execute(query)))


def count_people() -> Statement:
    """A statement of the number of all people, merged ones left out."""
    return select(func.count()).where(PersonRow.merged_into.is_(None))


def languages_of(work: Work, people: Sequence[UUID]) -> dict[UUID, str | None]:
    """The language of each person, where one is known."""
    query = select(PersonRow.id, PersonRow.language).where(PersonRow.id == of_rows(people))
    return dict(iter(work.session.execute(query)))


def can_be_written_to(person: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether a person has an address of mail that did not come back, and nothing forbids all messages to them."""
    anybody = aliased(PersonRow)
    mailbox = select(ContactRow.id).where(
        ContactRow.person_id == person, ContactRow.kind == ContactKind.EMAIL.value, ContactRow.bounced_at.is_(None)
    )
    open_to = select(anybody.id).where(
        anybody.id == person, anybody.not_mailable.is_(None), anybody.deceased_at.is_(None)
    )
    return exists(mailbox) & exists(open_to)


def protected_purchases(people: Statement, minimums: Sequence[datetime]) -> Statement:
    """A statement of the number of purchases of people (a statement of `id`) that are as young as a law wants them."""
    these = people.subquery()
    young = or_(*(PurchaseRow.paid_at >= one for one in minimums)) if minimums else false()
    return select(func.count()).where(young, PurchaseRow.person_id.in_(select(these.c.id)))


def empty_fields(work: Work, *, stock: Stock, ids: Sequence[UUID], fields: Sequence[str]) -> int:
    """Empty fields of rows; answers how many values went."""
    gone = 0
    for name in fields:
        column = stock.sealed[name]
        emptied = update(column.table).where(column.table.c.id == of_rows(ids), column.is_not(None))
        done = work.session.connection().execute(emptied.values({column.key: None}).returning(column.table.c.id))
        gone += len(done.all())
    work.session.expire_all()
    return gone
