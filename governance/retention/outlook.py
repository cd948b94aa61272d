"""What policies in force take away month by month, as counted last night: to look ahead anew asks all rows."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select

from governance.customers.reach import allow
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.reference.operations import find_controller
from governance.reference.retention_rules import active
from governance.retention.simulating import MONTHS, MonthAhead, PolicyForecast, simulate
from governance.retention.tables import MonthRow

SHOWN_MONTHS: Final = 12


@frozen
class PolicyAhead:
    """What a policy in force is about to take away.

    Attributes:
        overdue: due at once: it goes in the coming night.
        soon: comes due in this month.
    """

    key: str
    overdue: MonthAhead
    soon: MonthAhead


@frozen
class Outlook:
    """What comes due, of all policies in force.

    Attributes:
        counted_at: when; None where nothing was counted yet.
        months: from this one on; rows that are overdue are in the first of them.
        policies: those that are about to take something away, the most first.
    """

    counted_at: datetime | None
    months: tuple[MonthAhead, ...]
    policies: tuple[PolicyAhead, ...]


def count_outlook(work: Work) -> None:
    """Count what comes due, by the statements that a run goes by; what was counted before is replaced."""
    if find_controller(work) is None:
        return
    first = _month(work)
    rows = [row for one in simulate(work).policies for row in _rows(one, first, work.now)]
    work.session.execute(delete(MonthRow))
    if rows:
        work.session.execute(insert(MonthRow), rows)


def _rows(forecast: PolicyForecast, first: date, now: datetime) -> list[dict[str, object]]:
    told = [(True, MonthAhead(first, forecast.people, forecast.rows)), *((False, one) for one in forecast.curve)]
    return [
        {
            "policy_key": forecast.key,
            "month": one.month,
            "overdue": overdue,
            "people": one.people,
            "rows": one.rows,
            "counted_at": now,
        }
        for overdue, one in told[: MONTHS + 1]
        if one.rows or overdue
    ]


def outlook(work: Work) -> Outlook:
    """What comes due, as it was counted last.

    Raises:
        ForbiddenError: without `retention:read`.
    """
    allow(work, Permission.RETENTION_READ)
    first, rules = _month(work), active(work)
    rows = [row for row in work.session.scalars(select(MonthRow)) if row.policy_key in rules]
    people: dict[date, int] = {}
    gone: dict[date, int] = {}
    for row in rows:
        month = max(row.month, first)  # what was due in a month that is over is overdue
        people[month] = people.get(month, 0) + row.people
        gone[month] = gone.get(month, 0) + row.rows
    asked = [_after(first, ahead) for ahead in range(SHOWN_MONTHS)]
    return Outlook(
        max((row.counted_at for row in rows), default=None),
        tuple(MonthAhead(month, people.get(month, 0), gone.get(month, 0)) for month in asked),
        _policies(rows, first),
    )


def _policies(rows: list[MonthRow], first: date) -> tuple[PolicyAhead, ...]:
    counted: dict[str, dict[bool, tuple[int, int]]] = {}
    for row in rows:
        if row.month > first:
            continue
        overdue = row.overdue or row.month < first
        before = counted.setdefault(row.policy_key, {}).get(overdue, (0, 0))
        counted[row.policy_key][overdue] = (before[0] + row.people, before[1] + row.rows)
    told = (
        PolicyAhead(key, *(MonthAhead(first, *found.get(overdue, (0, 0))) for overdue in (True, False)))
        for key, found in counted.items()
    )
    about = (one for one in told if one.overdue.rows or one.soon.rows)
    return tuple(sorted(about, key=lambda one: (-one.overdue.rows - one.soon.rows, one.key)))


def _month(work: Work) -> date:
    known = find_controller(work)
    return work.now.astimezone(ZoneInfo("UTC" if known is None else known.zone)).date().replace(day=1)


def _after(month: date, ahead: int) -> date:
    number = month.year * 12 + month.month - 1 + ahead
    return date(number // 12, number % 12 + 1, 1)
