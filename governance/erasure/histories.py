"""What people said of one purpose by one channel, from its first word to its last: the piece in which evidence is kept.

Such a history says by itself what was agreed to, and when it was taken back; single events of it do not. So each goes
as a whole, on its own day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from governance.kernel.arrays import uuids
from governance.kernel.db import driver_connection
from governance.kernel.work import Work
from governance.policies.retention import Clock, RetentionPolicy, YearStart, last_day

_HISTORIES: Final[LiteralString] = """
SELECT event.person_id, event.purpose, event.channel,
    CASE WHEN min(standing) IN ('requested', 'claimed', 'given') THEN NULL
         WHEN min(standing) IN ('withdrawn', 'refused', 'objected', 'expired')
            THEN coalesce(min(since), max(event.recorded_at))
         ELSE max(event.recorded_at) END,
    max(coalesce(event.valid_at, event.recorded_at)) FILTER (WHERE event.kind IN ('given', 'confirmed', 'renewed')),
    max(last_used_at)
FROM consent_event AS event LEFT JOIN consent_state AS state
    ON state.person_id = event.person_id AND state.purpose = event.purpose AND state.channel = event.channel
WHERE event.person_id = ANY(%(records)b) GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class History:
    """All that a record said of a purpose by a channel.

    Attributes:
        ended: since when nothing stands; None while something does.
        given: when it was agreed to last.
        used: when somebody was reached by it last.
    """

    record: UUID
    purpose: str
    channel: str
    ended: datetime | None
    given: datetime | None
    used: datetime | None

    def by_days(self, zone: ZoneInfo) -> tuple[object, ...]:
        """The same for histories that are kept until the same day."""
        return (self.channel, *(_day(at, zone) for at in (self.ended, self.given, self.used)))


def histories_of(work: Work, records: Sequence[UUID]) -> list[History]:
    """The histories of records; one statement."""
    cursor = driver_connection(work.session).cursor(binary=True)
    return [History(*row) for row in cursor.execute(_HISTORIES, {"records": uuids(records)}).fetchall()]


def kept_until(
    one: History, policies: Sequence[RetentionPolicy], *, zone: ZoneInfo, fiscal: YearStart, on: date
) -> Iterator[tuple[RetentionPolicy, date]]:
    """Each policy that says something of a history, and the last day on which it wants it kept.

    Args:
        one: the history.
        policies: about proof of consents.
        zone: in which days are counted.
        fiscal: when the fiscal year begins.
        on: the day on which what stands ends, since the person is erased.
    """
    for policy in policies:
        event = _event(policy, one, zone, on)
        if event is not None:
            yield policy, last_day(policy, event, fiscal=fiscal)


def _event(policy: RetentionPolicy, one: History, zone: ZoneInfo, on: date) -> date | None:
    """The day from which the period of a policy runs for a history; None where it says nothing of it."""
    if policy.narrowing is not None and one.channel not in policy.narrowing.values:
        return None
    if policy.clock is Clock.CONSENT_WITHDRAWN:
        return _day(one.ended, zone) or on
    clocks = {Clock.CONSENT_GIVEN: (one.given,), Clock.CONSENT_LAST_USED: (one.given, one.used)}
    known = [at for at in clocks.get(policy.clock, ()) if at is not None]
    return _day(max(known), zone) if known else None


def _day(at: datetime | None, zone: ZoneInfo) -> date | None:
    return None if at is None else at.astimezone(zone).date()
