"""What people said of one purpose by one channel, from its first word to its last: the piece in which evidence is kept.

Such a history says by itself what was agreed to, and when it was taken back; single events of it do not. So each goes
as a whole, on its own day. Where records were merged, the person's words are one history: what another record said
stands in its name for good, and what became of it stands in the survivor's.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from governance.erasure.targets import Target
from governance.kernel.arrays import uuids
from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
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


@frozen
class History:
    """All that a person said of a purpose by a channel.

    Attributes:
        records: under whose ids it stands.
        ended: since when nothing stands; None while something does.
        given: when it was agreed to last.
        used: when somebody was reached by it last.
    """

    person: SubjectId
    records: tuple[UUID, ...]
    purpose: str
    channel: str
    ended: datetime | None
    given: datetime | None
    used: datetime | None

    def by_days(self, zone: ZoneInfo) -> tuple[object, ...]:
        """The same for histories that are kept until the same day."""
        return (self.channel, *(_day(at, zone) for at in (self.ended, self.given, self.used)))


def histories_of(work: Work, targets: Iterable[Target]) -> list[History]:
    """The histories of people; one statement."""
    whose = {record: target.person for target in targets for record in target.records}
    cursor = driver_connection(work.session).cursor(binary=True)
    told: dict[tuple[SubjectId, str, str], list[History]] = {}
    for record, purpose, channel, *instants in cursor.execute(_HISTORIES, {"records": uuids(whose)}).fetchall():
        one = History(whose[record], (record,), purpose, channel, *instants)
        told.setdefault((one.person, purpose, channel), []).append(one)
    return [_together(each) for each in told.values()]


def _together(parts: Sequence[History]) -> History:
    if len(parts) == 1:
        return parts[0]
    ends = [one.ended for one in parts if one.records == (one.person,)] or [one.ended for one in parts]
    return replace(
        parts[0],
        records=tuple(record for one in parts for record in one.records),
        ended=None if None in ends else _latest(ends),
        given=_latest([one.given for one in parts]),
        used=_latest([one.used for one in parts]),
    )


def _latest(instants: Sequence[datetime | None]) -> datetime | None:
    return max((at for at in instants if at is not None), default=None)


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
