"""How long data are kept: which day is the last one, and what is due on a day. Pure.

Laws and policies count days: the day of the event is not counted, and data are kept until the end of the last day, in
the controller's zone. So what is due is told by dates, and a night on which clocks change makes no difference.
Something is due when its last day lies strictly before today.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
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
class RetentionPolicy:
    """A rule of how long something is kept, and what is done then.

    Attributes:
        key, version: which policy, and which version of it.
        keep: how long; None where only the minimum is said, and nothing goes by this policy.
        citation: what the period stands on: a law, or the controller's own decision.
        warning_days: how long before the person is told; 0 for not at all.
        owner: role that looks after it.
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


@dataclass(frozen=True, slots=True)
class YearStart:
    """The first day of a fiscal year."""

    month: int = 1
    day: int = 1


def last_day(policy: RetentionPolicy, event: date, *, fiscal: YearStart = YearStart()) -> date:
    """The last day on which something whose clock stands at *event* is kept."""
    return _after(policy.keep, _anchored(policy.anchor, event, fiscal))


def minimum_until(policy: RetentionPolicy, event: date, *, fiscal: YearStart = YearStart()) -> date | None:
    """The last day on which a law wants it kept; None where none does."""
    if policy.minimum is None:
        return None
    return _after(policy.minimum.keep, _anchored(policy.anchor, event, fiscal))


def is_due(policy: RetentionPolicy, clock: datetime, *, at: datetime, zone: ZoneInfo, fiscal: YearStart) -> bool:
    """Whether the period of what has its clock at an instant is over at another: its last day lies before today."""
    return last_day(policy, _local(clock, zone), fiscal=fiscal) < _local(at, zone)


def cutoff(policy: RetentionPolicy, *, at: datetime, zone: ZoneInfo, fiscal: YearStart) -> datetime:
    """What is due at an instant is what has its clock strictly before this one (aware UTC)."""
    return _cutoff(policy.keep, policy.anchor, at, zone, fiscal)


def minimum_cutoff(policy: RetentionPolicy, *, at: datetime, zone: ZoneInfo, fiscal: YearStart) -> datetime:
    """What no minimum of this policy keeps any more is what has its clock strictly before this; without one, all."""
    if policy.minimum is None:
        return datetime.max.replace(tzinfo=ZoneInfo("UTC"))
    return _cutoff(policy.minimum.keep, policy.anchor, at, zone, fiscal)


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
    start = YearStart() if anchor is Anchor.YEAR_END else fiscal
    following = _year_start(event.year, start)
    return (following if following > event else _year_start(event.year + 1, start)) - _DAY


def _year_start(year: int, start: YearStart) -> date:
    return date(year, start.month, start.day)


def _after(keep: Period, day: date) -> date:
    """Months end on the same-numbered day; those from the last day of a month, such as year ends, on the last one."""
    return keep.after(datetime.combine(day, time())).date()


class ConflictReason(StrEnum):
    """Why a set of policies makes no sense."""

    UNDER_MINIMUM = "under_minimum"
    """A maximum is shorter than what a law wants kept."""
    FIGHTING = "fighting"
    """Two policies want different things of the same data."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something wrong with a policy, or between two.

    Attributes:
        citation: of the minimum that is undercut.
    """

    reason: ConflictReason
    policy: str
    other: str = ""
    citation: str = ""


_COMPARED = date(2023, 12, 31)
"""A day from which periods are compared: months and days have no order of their own."""


def conflicts(policies: Iterable[RetentionPolicy]) -> list[Conflict]:
    """What is wrong with policies that are to hold together; nothing where all is well."""
    known = list(policies)
    found = [
        Conflict(ConflictReason.UNDER_MINIMUM, one.key, citation=one.minimum.citation)
        for one in known
        if one.minimum is not None and _after(one.keep, _COMPARED) < _after(one.minimum.keep, _COMPARED)
    ]
    for place, one in enumerate(known):
        for other in known[place + 1 :]:
            if _undercuts(one, other):
                found.append(_undercut(one, other))
            elif _undercuts(other, one):
                found.append(_undercut(other, one))
            elif _fight(one, other):
                found.append(Conflict(ConflictReason.FIGHTING, one.key, other.key))
    return found


def _undercut(one: RetentionPolicy, other: RetentionPolicy) -> Conflict:
    citation = other.minimum.citation if other.minimum else ""
    return Conflict(ConflictReason.UNDER_MINIMUM, one.key, other.key, citation)


def _undercuts(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    """Whether *one* would delete what *other* must keep; what is erased as a whole person heeds minimums by itself."""
    if other.minimum is None or one.target.kind is TargetKind.SUBJECT or not _overlap(one, other):
        return False
    if one.clock is not other.clock or one.anchor is not other.anchor:
        return False
    return _after(one.keep, _COMPARED) < _after(other.minimum.keep, _COMPARED)


def _fight(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    if one.key == other.key or not _overlap(one, other) or one.clock is not other.clock:
        return False
    return (one.keep, one.anchor, one.action) != (other.keep, other.anchor, other.action)


def _overlap(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    if (one.target.kind, one.target.name) != (other.target.kind, other.target.name):
        return False
    fields = set(one.target.fields), set(other.target.fields)
    if all(fields) and not fields[0] & fields[1]:
        return False
    narrowed = one.narrowing, other.narrowing
    if narrowed[0] is None or narrowed[1] is None or narrowed[0].field is not narrowed[1].field:
        return True
    return bool(narrowed[0].values & narrowed[1].values)
