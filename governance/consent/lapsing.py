"""Consents lapse where their purpose says how long they last; whoever wants to renew them sees in time which will."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Function, Interval, Select, case, func, select, tuple_

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.consent.purposes import book
from governance.consent.said import Said
from governance.consent.tables import ConsentStateRow
from governance.consent.writing import write_events
from governance.customers.holders import everybody, find_known, people_within
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Method, Standing
from governance.policies.periods import Period
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel, Purpose

MOST_DAYS: Final = 3660
LISTED: Final = 1000
"""Consents on one page of the list."""
AT_ONCE: Final = 1000
"""Consents that one transaction lets lapse."""
_SHORTEST_MONTH_DAYS: Final = 28


@frozen
class Lapsing:
    """A consent that will lapse.

    Attributes:
        lapses_at: it counts strictly before this instant.
        last_used_at: when a check last answered yes on it.
    """

    subject: SubjectId
    purpose: str
    channel: Channel
    given_at: datetime
    lapses_at: datetime
    last_used_at: datetime | None


@frozen
class LapsingAfter:
    """The place in the list behind which the next page begins."""

    purpose: str
    given_at: datetime
    subject: SubjectId
    channel: str


@frozen
class LapsingPage:
    """A page of what lapses, by purpose, the oldest consents of each first."""

    items: tuple[Lapsing, ...]
    next_after: LapsingAfter | None


def lapsing(
    work: Work, *, days: int, purpose: str | None = None, after: LapsingAfter | None = None, limit: int = LISTED
) -> LapsingPage:
    """Consents that lapse within *days* days, those included whose end has come and is not recorded yet.

    Args:
        work: the transaction.
        days: how far to look ahead.
        purpose: key of the only purpose to be looked at; all of them where it is left out.
        after: where the page before ended.
        limit: consents on the page.

    Raises:
        ForbiddenError: where the actor may not read consents.
        InvalidError: where *days* is no number of days from 0 to ten years.
    """
    people = people_within(work, Permission.CONSENT_READ)
    if not 0 <= days <= MOST_DAYS:
        raise InvalidError("This cannot be looked ahead.", errors={"days": [f"From 0 to {MOST_DAYS} days."]})
    until = work.now + timedelta(days=days)
    found: list[Lapsing] = []
    for one in _lasting(work):
        if purpose in {None, one.key} and (after is None or one.key >= after.purpose):
            found += _lapsing(work, one, until, after, limit + 1 - len(found), people)
        if len(found) > limit:
            break
    items = tuple(found[:limit])
    audit.append(work, Action.CONSENT_READ, facts={"list": "lapsing", "days": days, "found": len(items)})
    return LapsingPage(items, _place(items[-1]) if len(found) > limit else None)


def expire(work: Work, *, limit: int = AT_ONCE) -> int:
    """Record for consents whose end has come that they have lapsed; answers for how many.

    A check says no from the very instant on, whether this has run or not. To be repeated until it answers 0.
    """
    due = [row for purpose in _lasting(work) for row in _due(work, purpose, limit)][:limit]
    known = find_known(work, {SubjectId(row.person_id) for row in due})
    said = [
        Said(
            person=known[SubjectId(row.person_id)],
            kind=EventKind.EXPIRED,
            purpose=row.purpose,
            channel=Channel(row.channel),
            method=Method.API,
            valid_at=row.given_at,
        )
        for row in due
    ]
    write_events(work, said)
    return len(said)


def _lasting(work: Work) -> list[Purpose]:
    """Purposes whose consents do not last for ever, in the order of their keys."""
    return [purpose for _, purpose in sorted(book(work).purposes.items()) if purpose.valid_for is not None]


def _due(work: Work, purpose: Purpose, limit: int) -> Sequence[Any]:
    valid_for = _of(purpose)
    query = (
        select(_STATE.person_id, _STATE.purpose, _STATE.channel, _STATE.given_at)
        .where(_STATE.standing == Standing.GIVEN.value, _STATE.purpose == purpose.key)
        .where(_STATE.given_at <= work.now - _at_least(valid_for), _STATE.given_at + _interval(valid_for) <= work.now)
        .where(_STATE.person_id.in_(everybody()))
        .order_by(_STATE.given_at)
        .limit(limit)
    )
    return work.session.execute(query).all()


def _lapsing(
    work: Work, purpose: Purpose, until: datetime, after: LapsingAfter | None, limit: int, people: Select[UUID]
) -> Iterator[Lapsing]:
    valid_for = _of(purpose)
    confirmed = _STATE.channel.in_(sorted(purpose.double_opt_in))
    given_at = case((confirmed, func.coalesce(_STATE.confirmed_at, _STATE.given_at)), else_=_STATE.given_at)
    columns = (given_at.label("given_at"), _STATE.person_id, _STATE.channel, _STATE.last_used_at)
    query = (
        select(*columns)
        .where(_STATE.standing == Standing.GIVEN.value, _STATE.purpose == purpose.key)
        .where(given_at + _interval(valid_for) <= until, _STATE.person_id.in_(people))
        .order_by(given_at, _STATE.person_id, _STATE.channel)
        .limit(limit)
    )
    if after is not None and after.purpose == purpose.key:
        place = (after.given_at, after.subject, after.channel)
        query = query.where(tuple_(given_at, _STATE.person_id, _STATE.channel) > tuple_(*place))
    for row in work.session.execute(query):
        yield Lapsing(
            subject=SubjectId(row.person_id),
            purpose=purpose.key,
            channel=Channel(row.channel),
            given_at=row.given_at,
            lapses_at=valid_for.after(row.given_at),
            last_used_at=row.last_used_at,
        )


def _of(purpose: Purpose) -> Period:
    return purpose.valid_for or Period()


def _interval(period: Period) -> Function[timedelta]:
    """The period as PostgreSQL adds it in UTC: months first, to the last day where there is no such day, then days."""
    return func.make_interval(0, period.months, 0, period.days, type_=Interval())


def _at_least(period: Period) -> timedelta:
    return timedelta(days=period.months * _SHORTEST_MONTH_DAYS + period.days)


def _place(one: Lapsing) -> LapsingAfter:
    return LapsingAfter(one.purpose, one.given_at, one.subject, one.channel.value)


_STATE = ConsentStateRow
