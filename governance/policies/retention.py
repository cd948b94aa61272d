"""How long data are kept: which day is the last one, and what is due on a day. Pure.

Laws and policies count days: the day of the event is not counted, and data are kept until the end of the last day, in
the controller's zone. So what is due is told by dates, and a night on which clocks change makes no difference.
Something is due when its last day lies strictly before today.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from governance.policies.documents import Titles
from governance.policies.periods import Period


class Clock(StrEnum):
    """What a period runs from."""

    CREATED = "created"
    LAST_ACTIVITY = "last_activity"
    """The last visit, purchase, talk, confirmation or other sign of life of a person."""
    PURCHASE_PAID = "purchase.paid_at"
    INTERACTION_AT = "interaction.at"
    ACTIVITY_AT = "activity.at"
    CONTACT_BOUNCED = "contact.bounced_at"
    SUBSCRIPTION_REQUESTED = "subscription.requested_at"
    CONSENT_GIVEN = "consent.given_at"
    CONSENT_WITHDRAWN = "consent.withdrawn_at"
    CONSENT_LAST_USED = "consent.last_used_at"
    REQUEST_CLOSED = "request.closed_at"
    ERASURE_CLOSED = "erasure.closed_at"
    IMPORT_REFUSED = "import.refused_at"
    EXPORT_READY = "export.ready_at"
    LOG_AT = "log.at"


class Anchor(StrEnum):
    """From which day on the period runs, given the event."""

    EVENT = "event"
    YEAR_END = "year_end"
    """The end of the calendar year of the event."""
    FISCAL_YEAR_END = "fiscal_year_end"


class RetentionAction(StrEnum):
    """What is done when the period is over."""

    ERASE_SUBJECT = "erase_subject"
    SHRED_COMPARTMENT = "shred_compartment"
    DELETE_ROWS = "delete_rows"
    CLEAR_FIELDS = "clear_fields"
    ANONYMISE = "anonymise"
    RESTRICT = "restrict"


class TargetKind(StrEnum):
    """What sort of thing a policy is about."""

    SUBJECT = "subject"
    COMPARTMENT = "compartment"
    TABLE = "table"
    LOG = "log"
    """Bodies of entries of one class of the audit log; their hashes stay."""


class FilterField(StrEnum):
    """What a policy may be narrowed by: readable codes only."""

    KIND = "kind"
    CHANNEL = "channel"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Target:
    """What a policy is about.

    Attributes:
        name: of the compartment, table or log class; empty for people.
        fields: for CLEAR_FIELDS, which columns of the table.
    """

    kind: TargetKind
    name: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Only what has one of these codes."""

    field: FilterField
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class StatutoryMinimum:
    """A law that wants the data kept at least so long, from the same clock and anchor."""

    keep: Period
    citation: str
    verified: bool


@dataclass(frozen=True, slots=True)
class YearStart:
    """The first day of a fiscal year; written `04-06`."""

    month: int = 1
    day: int = 1

    def __str__(self) -> str:
        """Month and day."""
        return f"{self.month:02}-{self.day:02}"


CALENDAR_YEAR: Final = YearStart()


def parse_year_start(said: str) -> YearStart:
    """Read the first day of a fiscal year.

    Raises:
        ValueError: where it is no day of each year, such as 29 February.
    """
    found = _YEAR_START.fullmatch(said)
    if found is None:
        raise ValueError("not a month and a day such as 04-06")
    month, day = map(int, found.groups())
    date(2023, month, day)  # a year without 29 February
    return YearStart(month, day)


_YEAR_START = re.compile(r"(\d\d)-(\d\d)")


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """A rule of how long something is kept, and what is done then.

    Attributes:
        key, version: which policy, and which version of it.
        keep: how long; None where only the minimum is said, and nothing goes by this policy.
        citation: what the period stands on: a law, or the controller's own decision.
        warning_days: how long before the person is told; 0 for not at all.
        owner: role that looks after it.
        fiscal_start: where a law says itself when its year begins; else that of the controller counts.
        reason: why bodies of the log are kept longer than they are otherwise.
    """

    key: str
    version: int
    titles: Titles
    target: Target
    clock: Clock
    anchor: Anchor
    keep: Period
    action: RetentionAction
    citation: str
    verified: bool
    narrowing: Narrowing | None = None
    minimum: StatutoryMinimum | None = None
    warning_days: int = 0
    owner: str = "officer"
    fiscal_start: YearStart | None = None
    reason: str | None = None


PROOF: Final = frozenset({"consent_event"})
"""Tables of what the controller must be able to prove (GDPR Art. 5(2), 7(1)): there the policy that keeps longest
counts, as for calls in Germany, where proof stays for years after the last use of a consent, withdrawn or not
(§ 7a UWG). Elsewhere the shortest counts that no law forbids."""
LOG_PERIODS: Final[Mapping[str, Period]] = MappingProxyType({"read": Period(12), "decision": Period(36)})
"""By class of the log how long bodies are kept: never shorter, and longer only with a written reason."""
_DAYS_COMPARED: Final = (date(2023, 1, 31), date(2023, 2, 28), date(2023, 12, 31), date(2024, 2, 29))


def is_shorter(one: Period, other: Period) -> bool:
    """Whether a period ends before another one, from any day: months and days have no order of their own."""
    return any(_after(one, day) < _after(other, day) for day in _DAYS_COMPARED)


def last_day(policy: RetentionPolicy, event: date, *, fiscal: YearStart = CALENDAR_YEAR) -> date:
    """The last day on which something whose clock stands at *event* is kept."""
    return _after(policy.keep, _anchored(policy.anchor, event, policy.fiscal_start or fiscal))


def minimum_until(policy: RetentionPolicy, event: date, *, fiscal: YearStart = CALENDAR_YEAR) -> date | None:
    """The last day on which a law wants it kept; None where none does."""
    if policy.minimum is None:
        return None
    return _after(policy.minimum.keep, _anchored(policy.anchor, event, policy.fiscal_start or fiscal))


def cutoff(policy: RetentionPolicy, *, at: datetime, zone: ZoneInfo, fiscal: YearStart) -> datetime:
    """What is due at an instant is what has its clock strictly before this one (aware UTC).

    Due is that whose last day, by the controller's zone, lies before today.
    """
    return _cutoff(policy.keep, policy.anchor, at, zone, policy.fiscal_start or fiscal)


def minimum_cutoff(policy: RetentionPolicy, *, at: datetime, zone: ZoneInfo, fiscal: YearStart) -> datetime:
    """What no minimum of this policy keeps any more is what has its clock strictly before this; without one, all."""
    if policy.minimum is None:
        return datetime.max.replace(tzinfo=ZoneInfo("UTC"))
    return _cutoff(policy.minimum.keep, policy.anchor, at, zone, policy.fiscal_start or fiscal)


_UTC = ZoneInfo("UTC")
_DAY = timedelta(days=1)


def _cutoff(keep: Period, anchor: Anchor, at: datetime, zone: ZoneInfo, fiscal: YearStart) -> datetime:
    """The end grows with the event, so the last event that is over is found by halving."""
    today = _local(at, zone)
    low, high = date.min.toordinal() + 400, today.toordinal()
    while low < high:
        middle = (low + high + 1) // 2
        if _after(keep, _anchored(anchor, date.fromordinal(middle), fiscal)) < today:
            low = middle
        else:
            high = middle - 1
    return datetime.combine(date.fromordinal(low) + _DAY, time(), zone).astimezone(_UTC)


def _local(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _anchored(anchor: Anchor, event: date, fiscal: YearStart) -> date:
    """The day from which the period runs: it is not counted itself."""
    if anchor is Anchor.EVENT:
        return event
    start = CALENDAR_YEAR if anchor is Anchor.YEAR_END else fiscal
    following = _year_start(event.year, start)
    return (following if following > event else _year_start(event.year + 1, start)) - _DAY


def _year_start(year: int, start: YearStart) -> date:
    return date(year, start.month, start.day)


def _after(keep: Period, day: date) -> date:
    """Months end on the same-numbered day; those from the last day of a month, such as year ends, on the last one."""
    return keep.after(datetime.combine(day, time())).date()
