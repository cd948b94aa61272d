"""What makes no sense about retention policies: a maximum under what a law wants, two that fight over the same data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from governance.policies.retention import RetentionAction, RetentionPolicy, Target, TargetKind, last_day, minimum_until

COMPARTMENT_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "purchase": "finance",
        "interaction": "behaviour",
        "activity": "behaviour",
        "contact": "contact",
        "consent_event": "evidence",
    }
)
"""By table that a policy may name, the compartment that its rows are sealed in."""
_WIDTH: Final = {RetentionAction.RESTRICT: 0, RetentionAction.CLEAR_FIELDS: 1, RetentionAction.DELETE_ROWS: 2}
_WIDEST: Final = 3
_COMPARED: Final = (date(2023, 1, 1), date(2023, 4, 5), date(2023, 6, 30), date(2023, 12, 31), date(2024, 2, 29))
"""Days of events by which periods are compared: months and days have no order of their own, nor have anchors."""


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


def conflicts(policies: Iterable[RetentionPolicy]) -> list[Conflict]:
    """What is wrong with policies that are to hold together; nothing where all is well."""
    known = list(policies)
    found = [
        Conflict(ConflictReason.UNDER_MINIMUM, one.key, citation=one.minimum.citation)
        for one in known
        if one.minimum is not None and _ends_before(one, one)
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


def _ends_before(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    """Whether by *one* something goes on a day on which the minimum of *other* wants it kept."""
    untils = ((last_day(one, day), minimum_until(other, day)) for day in _COMPARED)
    return any(until is not None and last < until for last, until in untils)


def _undercuts(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    """Whether *one* would delete what *other* must keep; what is erased as a whole person heeds minimums by itself."""
    if other.minimum is None or one.clock is not other.clock or one.action is RetentionAction.RESTRICT:
        return False
    return _overlap(one, other) and _ends_before(one, other)


def _fight(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    """Whether both want something of the same data; what does little may come before what does more."""
    if one.key == other.key or one.clock is not other.clock or not _overlap(one, other):
        return False
    if (one.keep, one.anchor, one.action) == (other.keep, other.anchor, other.action):
        return False
    narrow, wide = sorted((one, other), key=_width)
    if _width(narrow) == _width(wide):
        return True
    return any(last_day(narrow, day) > last_day(wide, day) for day in _COMPARED)


def _width(policy: RetentionPolicy) -> int:
    return _WIDTH.get(policy.action, _WIDEST)


def _overlap(one: RetentionPolicy, other: RetentionPolicy) -> bool:
    if TargetKind.COMPARTMENT in (one.target.kind, other.target.kind):
        return _compartment(one.target) is not None and _compartment(one.target) == _compartment(other.target)
    if (one.target.kind, one.target.name) != (other.target.kind, other.target.name):
        return False
    fields = set(one.target.fields), set(other.target.fields)
    if all(fields) and not fields[0] & fields[1]:
        return False
    narrowed = one.narrowing, other.narrowing
    if narrowed[0] is None or narrowed[1] is None or narrowed[0].field is not narrowed[1].field:
        return True
    return bool(narrowed[0].values & narrowed[1].values)


def _compartment(target: Target) -> str | None:
    return target.name if target.kind is TargetKind.COMPARTMENT else COMPARTMENT_OF.get(target.name)
