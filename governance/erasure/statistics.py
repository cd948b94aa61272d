"""What stays of people who were made anonymous, summed up; groups that could tell of somebody are left out."""

from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select

from governance.customers.reach import allow
from governance.erasure.tables import AnonymousRow
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission

SMALLEST: Final = 5
"""How many rows a group has at least to be told."""


@frozen
class Happened:
    """How often something of a kind happened in a month.

    Attributes:
        kind: purchase, interaction or activity.
        code: currency of purchases, else the kind of it.
        month: its first day.
        total: of purchases.
    """

    kind: str
    code: str
    country: str | None
    month: date
    rows: int
    total: Decimal | None


def statistics(work: Work) -> list[Happened]:
    """What people did who were made anonymous, by month, kind and country.

    Raises:
        ForbiddenError: without `retention:read`.
    """
    allow(work, Permission.RETENTION_READ)
    by = (AnonymousRow.kind, AnonymousRow.code, AnonymousRow.country, AnonymousRow.month)
    grouped = select(*by, func.count(), func.sum(AnonymousRow.total)).group_by(*by).having(func.count() >= SMALLEST)
    rows = work.session.execute(grouped.order_by(AnonymousRow.month, AnonymousRow.kind, AnonymousRow.code))
    return [Happened(*row) for row in rows]
