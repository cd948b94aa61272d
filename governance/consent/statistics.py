"""How often consent was given and stopped, month by month; counted by night, so that a page costs the same for all."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final, LiteralString
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from governance.consent.tables import ConsentMonthRow
from governance.customers.reach import allow
from governance.kernel.clock import UTC
from governance.kernel.db import driver_connection
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope
from governance.reference.operations import find_controller

MONTHS: Final = 12
FEWEST: Final = 5
"""What is less is not told to those who may not read what single people said."""

_COUNT: Final[LiteralString] = """
INSERT INTO consent_month (month, purpose, given, stopped, counted_at)
SELECT date_trunc('month', recorded_at AT TIME ZONE %(zone)s)::date, purpose,
    count(DISTINCT (person_id, channel)) FILTER (WHERE kind IN ('given', 'confirmed')),
    count(DISTINCT (person_id, channel)) FILTER (WHERE kind IN ('withdrawn', 'objected')), %(now)s
FROM consent_event WHERE recorded_at >= %(since)s AND kind IN ('given', 'confirmed', 'withdrawn', 'objected')
GROUP BY 1, 2
ON CONFLICT (month, purpose) DO UPDATE
    SET given = excluded.given, stopped = excluded.stopped, counted_at = excluded.counted_at
"""
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class MonthOfConsents:
    """A month of one purpose: people and channels, each once; None for fewer than five that are not told.

    Attributes:
        stopped: withdrawn, or objected to.
    """

    month: date
    given: int | None
    stopped: int | None


@frozen
class ConsentMonths:
    """The last months of all purposes, the oldest first.

    Attributes:
        counted_at: when; None where nothing was counted yet.
        purposes: by key, those of which something was said.
    """

    counted_at: datetime | None
    purposes: Mapping[str, tuple[MonthOfConsents, ...]]


def count_months(work: Work) -> None:
    """Count this month and the one before anew, all that is known where nothing was counted yet.

    Months that are over stay as they were counted: what people are erased takes nothing away from them.
    """
    zone = _zone(work)
    known = work.session.scalar(select(func.max(ConsentMonthRow.month)))
    since = _START if known is None else datetime.combine(_before(_month(work, zone), 1), time(), zone)
    driver_connection(work.session).execute(_COUNT, {"zone": zone.key, "since": since, "now": work.now})


def months(work: Work) -> ConsentMonths:
    """How often consent was given and stopped in this month and those before.

    Raises:
        ForbiddenError: without `reports:read`.
    """
    allow(work, Permission.REPORTS_READ)
    decision = allows(work.actor, Permission.CONSENT_READ)
    sees_all = decision.allowed and decision.rows is RowScope.ALL
    last = _month(work, _zone(work))
    asked = [_before(last, back) for back in reversed(range(MONTHS))]
    query = select(ConsentMonthRow).where(ConsentMonthRow.month.between(asked[0], asked[-1]))
    rows = {(row.purpose, row.month): row for row in work.session.scalars(query)}

    def told(count: int) -> int | None:
        return count if sees_all or count == 0 or count >= FEWEST else None

    def of(purpose: str, month: date) -> MonthOfConsents:
        row = rows.get((purpose, month))
        return MonthOfConsents(month, *((0, 0) if row is None else (told(row.given), told(row.stopped))))

    return ConsentMonths(
        work.session.scalar(select(func.max(ConsentMonthRow.counted_at))),
        {one: tuple(of(one, month) for month in asked) for one in sorted({purpose for purpose, _ in rows})},
    )


def _zone(work: Work) -> ZoneInfo:
    known = find_controller(work)
    return ZoneInfo("UTC" if known is None else known.zone)


def _month(work: Work, zone: ZoneInfo) -> date:
    return work.now.astimezone(zone).date().replace(day=1)


def _before(month: date, back: int) -> date:
    number = month.year * 12 + month.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)
