"""What customers' rows a retention policy may take away, by table and clock, and how they go; see `expiring`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, delete, exists, func, or_, select, true, update
from sqlalchemy.orm import InstrumentedAttribute

from governance.customers.expiring import Statement, Stock, of_rows
from governance.customers.signs.tables import SignRow
from governance.customers.tables import (
    ActivityRow,
    ContactHistoryRow,
    ContactRow,
    ExtraValueRow,
    InteractionRow,
    PersonRow,
    PurchaseRow,
)
from governance.kernel.db import Base
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.retention import Clock, TargetKind
from governance.vault.epochs import shredded_since


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


def _compartment(clock: Clock, people: Statement, compartment: Compartment) -> Stock:
    """People of whom something is sealed in a compartment, or lies in its tables, since it was last shredded."""
    at = people.selected_columns["at"]
    rows = people.where(
        _holds_any(compartment), ~shredded_since(PersonRow.__table__.c.owner_id, compartment.value, _asked(at))
    )
    return Stock(compartment.value, clock, rows, compartment, (PersonRow,), _nobody, kind=TargetKind.COMPARTMENT)


def _holds_any(compartment: Compartment) -> ColumnElement[bool]:
    person = PersonRow.id
    if compartment is Compartment.PROFILE:
        return true()
    extra = ExtraValueRow.__table__.c
    more = exists(select(extra.id).where(extra.person_id == person, extra[f"{compartment.value}_sealed"].is_not(None)))
    return or_(more, *(exists(select(one.id).where(one.person_id == person)) for one in _TABLES[compartment]))


def _asked(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return getattr(column, "element", column)


_TABLES: Final[Mapping[Compartment, tuple[Any, ...]]] = {
    Compartment.CONTACT: (ContactRow,),
    Compartment.BEHAVIOUR: (InteractionRow, ActivityRow),
    Compartment.FINANCE: (PurchaseRow,),
}
_LAST_PAID = (
    select(func.max(PurchaseRow.paid_at)).where(PurchaseRow.person_id == PersonRow.id).correlate(PersonRow)
).scalar_subquery()
_BOUGHT = select(
    PersonRow.id.label("id"),
    PersonRow.id.label("person_id"),
    _LAST_PAID.label("at"),
    PersonRow.country.label("code"),
).where(PersonRow.merged_into.is_(None))
_SHREDDED = (Compartment.PROFILE, Compartment.CONTACT, Compartment.BEHAVIOUR)

STOCKS: Final = (
    Stock("", Clock.LAST_ACTIVITY, _PEOPLE, None, (SignRow,), _nobody, kind=TargetKind.SUBJECT),
    Stock("", Clock.CREATED, _MADE, None, (), _nobody, kind=TargetKind.SUBJECT),
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
    *(_compartment(Clock.LAST_ACTIVITY, _PEOPLE, one) for one in (*_SHREDDED, Compartment.FINANCE)),
    *(_compartment(Clock.CREATED, _MADE, one) for one in _SHREDDED),
    _compartment(Clock.PURCHASE_PAID, _BOUGHT, Compartment.FINANCE),
)
"""What this package keeps, by table and clock."""
