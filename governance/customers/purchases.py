"""Purchases: recorded with the buyer as known at that time, and listed."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.errors import DuplicateError
from governance.customers.event_values import currency, json_value, total
from governance.customers.loading import opened, snapshots
from governance.customers.moments import kept, told
from governance.customers.pages import After, newest_first
from governance.customers.reach import find_person
from governance.customers.records import Json, Moment, NewPurchase
from governance.customers.shown import Lens, catalogued, refuse_unwritable
from governance.customers.tables import PersonRow, PurchaseRow
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission

_FIELDS = ("number", "items", "buyer", "note")


@frozen(kw_only=True)
class PurchaseView:
    """A purchase as it may be seen.

    Attributes:
        paid_at: an instant, or a day where no time of day is known.
        number, items, buyer, note: masked where the actor may not see them in full; None where there is nothing, or
            nothing may be seen.
        masked, hidden: names of fields that are there, and are shown in part or not at all.
        unreadable: names of fields that are there and do not open.
    """

    id: UUID
    paid_at: Moment
    total: Decimal
    currency: str
    number: str | None
    items: Json
    buyer: Json
    note: str | None
    masked: tuple[str, ...]
    hidden: tuple[str, ...]
    unreadable: tuple[str, ...]
    created_at: datetime


@frozen
class Purchases:
    """A page of purchases, newest first; *next_after* is where the next page begins, None on the last one."""

    items: tuple[PurchaseView, ...]
    next_after: After | None


def record_purchase(work: Work, *, subject: SubjectId, purchase: NewPurchase) -> PurchaseView:
    """Record a purchase. It is kept even under restriction, since storing is what restriction allows (GDPR Art. 18(2)).

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where a field may not be written.
        InvalidError: where something cannot be kept; `errors` says by field what is wrong.
        DuplicateError: where the person has a purchase of this number already.
    """
    numbered = purchase.number is not None
    person = find_person(work, subject, Permission.PURCHASES_RECORD, locked=numbered, held=True)
    new = _checked(work, purchase)
    if new.number is not None:
        _refuse_known(work, person, new.number)
    paid_at, whole_day = kept(new.paid_at)
    row = PurchaseRow(
        owner_id=person.owner_id,
        person_id=person.id,
        paid_at=paid_at,
        whole_day=whole_day,
        total=new.total,
        currency=new.currency,
        created_at=work.now,
        number=new.number,
        items=list(new.items) or None,
        buyer={**snapshots(work, [person])[person.id], **(new.buyer or {})} or None,
        note=new.note,
    )
    writing = [catalogued(row, name) for name in _FIELDS if getattr(new, name)]
    refuse_unwritable(work, Permission.PURCHASES_RECORD, writing, responsible=person.responsible_id)
    work.session.add(row)
    work.session.flush()
    audit.append(
        work,
        Action.PURCHASE_RECORDED,
        subject=SubjectRef(person.subject_ref),
        object=ObjectRef("purchase", row.id),
        facts={"currency": row.currency},
    )
    return _view(Lens(work, Permission.PURCHASES_RECORD, person), row)


def _refuse_known(work: Work, person: PersonRow, number: str) -> None:
    query = select(PurchaseRow).where(PurchaseRow.person_id == person.id, PurchaseRow.number == number)
    if any(opened(row, "number") is not None for row in work.session.scalars(query)):
        raise DuplicateError(
            "The customer has a purchase of this number already.",
            errors={"number": ["Recorded already; leave the number out where this is another purchase."]},
        )


def _checked(work: Work, new: NewPurchase) -> NewPurchase:
    errors = Complaints()
    with errors.at("total"):
        new = replace(new, total=total(new.total))
    with errors.at("currency"):
        new = replace(new, currency=currency(new.currency))
    with errors.at("number"):
        new = replace(new, number=None if new.number is None else words(new.number))
    with errors.at("note"):
        new = replace(new, note=None if new.note is None else words(new.note, longest=LONG_TEXT, lines=True))
    with errors.at("items"):
        json_value(list(new.items))
    with errors.at("buyer"):
        json_value(dict(new.buyer or {}))
    if kept(new.paid_at)[0] > work.now:
        errors.add("paid_at", "This lies in the future.")
    errors.end("The purchase cannot be kept as it is.")
    return new


def list_purchases(work: Work, *, subject: SubjectId, after: After | None = None, limit: int = 50) -> Purchases:
    """A page of the purchases of a person, newest first; told in the log.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
    """
    person = find_person(work, subject, Permission.PURCHASES_READ)
    rows, next_after = newest_first(work, person, PurchaseRow, PurchaseRow.paid_at, after=after, limit=limit)
    items = tuple(_view(Lens(work, Permission.PURCHASES_READ, person), row) for row in rows)
    audit.append(work, Action.PURCHASES_READ, subject=SubjectRef(person.subject_ref), facts={"count": len(items)})
    return Purchases(items, next_after)


def _view(lens: Lens, row: PurchaseRow) -> PurchaseView:
    seen = {name: lens.show(row, name) for name in _FIELDS}
    return PurchaseView(
        **seen,
        id=row.id,
        paid_at=told(row.paid_at, whole_day=row.whole_day),
        total=row.total,
        currency=row.currency,
        masked=tuple(lens.masked),
        hidden=tuple(lens.hidden),
        unreadable=tuple(lens.unreadable),
        created_at=row.created_at,
    )
