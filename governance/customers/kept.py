"""Purchases of people who were erased, which a law wants kept: read for what it wants them for alone."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Uuid, literal, select, tuple_

from governance.customers.loading import opened, warm
from governance.customers.moments import told
from governance.customers.pages import MOST_LISTED, After
from governance.customers.records import Json, Moment
from governance.customers.tables import PurchaseRow
from governance.kernel.db import UtcDateTime
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment


@frozen
class KeptPurchase:
    """A purchase of somebody who was erased, in the clear; what does not open is left out."""

    id: UUID
    paid_at: Moment
    total: Decimal
    currency: str
    number: str | None
    items: Json
    buyer: Json


@frozen
class KeptPurchases:
    """A page of them, newest first; *next_after* is where the next page begins, None on the last one."""

    items: tuple[KeptPurchase, ...]
    next_after: After | None


def kept_purchases(
    work: Work, *, number: str | None, since: datetime | None, until: datetime | None, after: After | None, limit: int
) -> KeptPurchases:
    """A page of purchases that name nobody any more; whoever calls has decided that they may be read, and tells of it.

    Args:
        work: the transaction.
        number: of the invoice; all where nothing is said.
        since: paid from this instant on.
        until: paid before this instant.
        after: the place behind the page before.
        limit: at most 200.
    """
    row = PurchaseRow
    limit = max(1, min(limit, MOST_LISTED))
    query = select(row).where(row.person_id.is_(None))
    if number is not None:
        query = query.where(row.number == number)
    if since is not None:
        query = query.where(row.paid_at >= since)
    if until is not None:
        query = query.where(row.paid_at < until)
    if after is not None:
        place = tuple_(literal(after.at, UtcDateTime()), literal(after.id, Uuid()))
        query = query.where(tuple_(row.paid_at, row.id) < place)
    rows = work.session.scalars(query.order_by(row.paid_at.desc(), row.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    warm(work, shown, Compartment.FINANCE)
    more = len(rows) > limit
    return KeptPurchases(_told(shown), After(shown[-1].paid_at, shown[-1].id) if more else None)


def _told(rows: Sequence[PurchaseRow]) -> tuple[KeptPurchase, ...]:
    return tuple(
        KeptPurchase(
            id=one.id,
            paid_at=told(one.paid_at, whole_day=one.whole_day),
            total=one.total,
            currency=one.currency,
            number=opened(one, "number"),
            items=opened(one, "items"),
            buyer=opened(one, "buyer"),
        )
        for one in rows
    )
