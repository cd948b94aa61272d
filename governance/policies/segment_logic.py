"""What a rule of a segment means: Kleene's strong logic of three values, in which unknown never matches.

A condition on something that is not known is neither true nor false, and neither is its opposite: "not in Kyiv" leaves
out those whose city nobody told. Whoever is meant says so: `{field: city, op: known, value: false}`. Counts and sums of
rows are always known (of none, they are 0); an average, and a first or last instant, of no rows is not. The word of a
send check is always known: unknown is no.

Pushing every `not` down to the conditions leaves a tree that holds exactly where enough conditions are *certainly* true
or *certainly* false, so that each part of it can be asked where its values are (De Morgan holds in this logic).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias, cast

from governance.policies.periods import Period
from governance.policies.segments import AllOf, AnyOf, Compare, Leaf, May, Not, Rule


@dataclass(frozen=True, slots=True)
class Certain:
    """A condition that must be certainly true, or certainly false."""

    leaf: Leaf
    wanted: bool


@dataclass(frozen=True, slots=True)
class Both:
    """Every part holds."""

    parts: tuple["Form", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Some part holds."""

    parts: tuple["Form", ...]


Form: TypeAlias = Certain | Both | Either
"""A rule without `not`; each part of it holds or does not."""


class Span(NamedTuple):
    """A number that lies between two, both included; they are the same where it is known exactly."""

    low: Decimal | int
    high: Decimal | int


Held: TypeAlias = str | frozenset[str] | Span | datetime | bool
"""A value as it is compared: texts folded."""


def truth(rule: Rule, of: Callable[[Leaf], bool | None]) -> bool | None:
    """Whether a rule is true, by what *of* says of its conditions; None where that is unknown."""
    if isinstance(rule, Compare | May):
        return of(rule)
    if isinstance(rule, Not):
        inner = truth(rule.part, of)
        return None if inner is None else not inner
    told = [truth(part, of) for part in rule.parts]
    decisive = isinstance(rule, AnyOf)
    if decisive in told:
        return decisive
    return None if None in told else not decisive


def normal_form(rule: Rule, *, wanted: bool = True) -> Form:
    """The form that holds exactly where *rule* is certainly *wanted*."""
    if isinstance(rule, Compare | May):
        return Certain(rule, wanted)
    if isinstance(rule, Not):
        return normal_form(rule.part, wanted=not wanted)
    parts = tuple(normal_form(part, wanted=wanted) for part in rule.parts)
    return Both(parts) if isinstance(rule, AllOf) == wanted else Either(parts)


def compared(leaf: Compare, held: Held | None, *, at: datetime) -> bool | None:
    """Whether a condition is true of a value; None where that is not known.

    Args:
        leaf: the condition.
        held: the value; None where there is none.
        at: the instant that periods count back from.
    """
    op, values = leaf.op, leaf.values
    if op == "known":
        return (held is not None) == values[0]
    if held is None:
        return None
    if isinstance(held, Span):
        return _number(op, [value for value in values if isinstance(value, Decimal)], held)
    if isinstance(held, datetime):
        return _instant(op, values[0], held, at)
    if isinstance(held, frozenset):
        return not held.isdisjoint(cast("tuple[str, ...]", values))
    return held in values


def _number(op: str, values: list[Decimal], held: Span) -> bool | None:
    low, high = held
    first, last = values[0], values[-1]
    if op == "over":
        certain, possible = low > first, high > first
    elif op == "at_least":
        certain, possible = low >= first, high >= first
    elif op == "under":
        certain, possible = high < first, low < first
    elif op == "at_most":
        certain, possible = high <= first, low <= first
    else:  # between, of which `is` is the narrowest
        certain, possible = first <= low and high <= last, low <= last and first <= high
    return True if certain else None if possible else False


def _instant(op: str, value: object, held: datetime, at: datetime) -> bool:
    if isinstance(value, Period):
        from_then = ago(value, at)
        return from_then <= held <= at if op == "within" else held < from_then
    return held >= value if op == "on_or_after" else held < value  # type: ignore[operator]  # a day, as parsed


def ago(period: Period, at: datetime) -> datetime:
    """The instant that lies *period* before *at*; the first one that can be told where that is too long ago."""
    try:
        return Period(-period.months, -period.days).after(at)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def age_of(born: str, *, at: datetime) -> Span:
    """Age in completed years at the day of *at* in UTC; of a year or month alone, the span of what it can be.

    Args:
        born: ISO 8601 of full or reduced precision. Who was born on 29 February has a birthday on 1 March of other
            years.
        at: the instant asked about.
    """
    parts = [int(part) for part in born.split("-")]
    today = at.date()
    youngest = (parts[0], parts[1] if len(parts) > 1 else _LAST_MONTH, parts[2] if len(parts) == _FULL else _LAST_DAY)
    eldest = (parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) == _FULL else 1)
    return Span(_years(youngest, today), _years(eldest, today))


_LAST_MONTH: Final = 12
_LAST_DAY: Final = 31
_FULL: Final = 3


def _years(born: tuple[int, int, int], today: date) -> int:
    year, month, day = born
    return max(0, today.year - year - ((today.month, today.day) < (month, day)))


def month_of(born: str) -> Span | None:
    """Month of birth, 1 to 12; None where only the year is known."""
    parts = born.split("-")
    return Span(int(parts[1]), int(parts[1])) if len(parts) > 1 else None
