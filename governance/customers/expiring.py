"""Rows that a retention policy may take away: which there are, from when they count, and how they go.

Whoever calls has decided that they are to go, has locked them, and tells of it in the log.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Select,
    String,
    Table,
    Uuid,
    any_,
    delete,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.elements import CollectionAggregate

from governance.customers.codes import ContactKind
from governance.customers.signs.tables import SignRow
from governance.customers.tables import (
    ActivityRow,
    ContactHistoryRow,
    ContactRow,
    HoldRow,
    InteractionRow,
    PersonRow,
    PurchaseRow,
    RestrictionRow,
)
from governance.kernel.db import Base
from governance.kernel.work import Work, tell_instant
from governance.policies.retention import Clock
from governance.vault.compartments import Compartment

Statement: TypeAlias = "Select[*tuple[Any, ...]]"
"""A statement whose columns are known by name."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Rows of one kind with one clock.

    Attributes:
        name: of the table, as policies have it; empty for people.
        rows: statement of `id`, `person_id` (the survivor where people were merged, NULL where it is nobody any more),
            `at` (what the clock says) and `code` (what a filter asks for).
        compartment: which a hold must cover to keep them; None where none can.
        locked: classes whose rows are locked while they go, named in `rows`.
        remove: deletes rows by id; answers how many went.
        sealed: by field that may be emptied alone, its column.
    """

    name: str
    clock: Clock
    rows: Statement
    compartment: Compartment | None
    locked: tuple[type[Base], ...]
    remove: Callable[[Work, Sequence[UUID]], int]
    sealed: Mapping[str, Column[Any]] = field(default_factory=lambda: MappingProxyType({}))


def of_rows(ids: Sequence[UUID]) -> CollectionAggregate[bool]:
    """`= ANY(...)` of ids."""
    return any_(literal(list(ids), ARRAY(Uuid)))


def kept_by_hold(person: ColumnElement[UUID], compartment: Compartment | None) -> ColumnElement[bool]:
    """Whether a hold that stands covers the compartment of a person, or, without one, anything."""
    query = select(HoldRow.id).where(HoldRow.person_id == person, HoldRow.released_at.is_(None))
    if compartment is not None:
        query = query.where(literal(compartment.value, String) == any_(HoldRow.compartments))
    return exists(query)


def kept_by_restriction(person: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether the data of a person may only be stored (GDPR Art. 18(2))."""
    return exists(
        select(RestrictionRow.id).where(RestrictionRow.person_id == person, RestrictionRow.lifted_at.is_(None))
    )


def lock_people(work: Work, people: Sequence[UUID], *, to_erase: bool) -> frozenset[UUID]:
    """Lock people whom nobody else works on; answers whom. Until the transaction ends no hold comes upon them.

    Args:
        work: the transaction.
        people: whom.
        to_erase: whether nothing at all may be recorded of them meanwhile.
    """
    query = select(PersonRow.id).where(PersonRow.id == of_rows(sorted(people))).order_by(PersonRow.id)
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


def _remove(table: type[Base]) -> Callable[[Work, Sequence[UUID]], int]:
    def remove(work: Work, ids: Sequence[UUID]) -> int:
        rows = table.__table__
        deleted = delete(table).where(rows.c.id == of_rows(ids)).returning(rows.c.id)
        return len(work.session.execute(deleted, execution_options={"synchronize_session": False}).all())

    return remove


def _remove_contacts(work: Work, ids: Sequence[UUID]) -> int:
    """With what is kept of how they were; the oldest other contact of the kind becomes the primary one."""
    primary = select(ContactRow.person_id, ContactRow.kind).where(ContactRow.id == of_rows(ids), ContactRow.is_primary)
    orphaned = work.session.execute(primary).all()
    gone = _remove(ContactRow)(work, ids)
    work.session.execute(delete(ContactHistoryRow).where(ContactHistoryRow.contact_id == of_rows(ids)))
    if orphaned:
        pairs = {(person, kind) for person, kind in orphaned}
        others = select(ContactRow.person_id, ContactRow.kind, ContactRow.id).where(
            ContactRow.person_id == of_rows([person for person, _ in pairs])
        )
        first: dict[tuple[UUID, str], UUID] = {}
        for person, kind, contact in work.session.execute(others.order_by(ContactRow.id)):
            first.setdefault((person, kind), contact)
        heirs = [contact for pair, contact in first.items() if pair in pairs]
        work.session.execute(
            update(ContactRow).where(ContactRow.id == of_rows(heirs)).values(is_primary=True),
            execution_options={"synchronize_session": False},
        )
    work.session.expire_all()
    return gone


def _column(table: type[Base], name: str) -> Column[Any]:
    return cast(Table, table.__table__).c[name]


def _nobody(_work: Work, _ids: Sequence[UUID]) -> int:
    raise TypeError("People go by their erasure.")


_PEOPLE = select(
    PersonRow.id.label("id"),
    PersonRow.id.label("person_id"),
    SignRow.last_at.label("at"),
    PersonRow.country.label("code"),
).where(PersonRow.id == SignRow.person_id, PersonRow.merged_into.is_(None))
_MADE = select(
    PersonRow.id.label("id"),
    PersonRow.id.label("person_id"),
    PersonRow.created_at.label("at"),
    PersonRow.country.label("code"),
).where(PersonRow.merged_into.is_(None))


def _rows(table: Any, at: InstrumentedAttribute[Any], code: InstrumentedAttribute[Any]) -> Statement:  # noqa: ANN401
    return select(table.id.label("id"), table.person_id.label("person_id"), at.label("at"), code.label("code"))


def _contacts(clock: Clock, at: InstrumentedAttribute[Any]) -> Stock:
    rows = _rows(ContactRow, at, ContactRow.kind)
    return Stock("contact", clock, rows, Compartment.CONTACT, (ContactRow,), _remove_contacts)


STOCKS: Final = (
    Stock("", Clock.LAST_ACTIVITY, _PEOPLE, None, (SignRow,), _nobody),
    Stock("", Clock.CREATED, _MADE, None, (), _nobody),
    Stock(
        "purchase",
        Clock.PURCHASE_PAID,
        _rows(PurchaseRow, PurchaseRow.paid_at, PurchaseRow.currency),
        Compartment.FINANCE,
        (PurchaseRow,),
        _remove(PurchaseRow),
        {"items": _column(PurchaseRow, "items_sealed"), "buyer": _column(PurchaseRow, "buyer_sealed")},
    ),
    Stock(
        "interaction",
        Clock.INTERACTION_AT,
        _rows(InteractionRow, InteractionRow.at, InteractionRow.kind),
        Compartment.BEHAVIOUR,
        (InteractionRow,),
        _remove(InteractionRow),
        {"note": _column(InteractionRow, "note_sealed"), "result": _column(InteractionRow, "result_sealed")},
    ),
    Stock(
        "activity",
        Clock.ACTIVITY_AT,
        _rows(ActivityRow, ActivityRow.at, ActivityRow.kind),
        Compartment.BEHAVIOUR,
        (ActivityRow,),
        _remove(ActivityRow),
        {"detail": _column(ActivityRow, "detail_sealed")},
    ),
    _contacts(Clock.CONTACT_BOUNCED, ContactRow.bounced_at),
    _contacts(Clock.CREATED, ContactRow.created_at),
)
"""What this room keeps, by table and clock."""
