"""What becomes of each compartment of a person whose data are to go: pure.

For each compartment: a legal hold goes before a statutory minimum, that before an erasure request, and that before the
maximum of a retention policy (GDPR Art. 17(3)(b) and (e), Art. 18(2)). What is kept is kept for its own purpose alone
and goes by itself on its date.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from governance.policies.classification import Compartment


class Fate(StrEnum):
    """What becomes of a compartment."""

    DELETE = "delete"
    KEEP = "keep"
    """Until a day, because a law says so."""
    HELD = "held"
    """Until a hold is released."""
    STAY = "stay"
    """Nothing asks for it to go."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Data that a law wants kept.

    Attributes:
        until: the last day on which they must be kept.
        rule: key of the retention policy that says so.
        citation: article of the law.
        first: the last day of what may go first; that of all where nothing is said.
        in_force: whether the controller has put the rule into force; one that was not binds all the same.
    """

    until: date
    rule: str
    citation: str
    first: date | None = None
    in_force: bool = True


@dataclass(frozen=True, slots=True)
class CompartmentFacts:
    """What is known of one compartment.

    Attributes:
        holds: ids or names of the holds that cover it and stand.
        minimums: what laws want kept in it.
        requested: whether the person wants it gone.
        maximum: key of the retention policy whose maximum is over, if any.
        empty: whether there is nothing in it.
    """

    compartment: Compartment
    holds: tuple[str, ...] = ()
    minimums: tuple[Minimum, ...] = ()
    requested: bool = False
    maximum: str | None = None
    empty: bool = False


@dataclass(frozen=True, slots=True)
class PlanStep:
    """What becomes of one compartment, and why.

    Attributes:
        until: for KEEP, the last day on which something of it is kept: the last of it goes on the day after.
        first: for KEEP, the last day of what goes first; the same where all goes together.
        rule, citation: what says so.
        holds: for HELD, which.
        in_force: whether the controller has put that rule into force.
        empty: for DELETE, whether there is nothing in it.
    """

    compartment: Compartment
    fate: Fate
    until: date | None = None
    rule: str = ""
    citation: str = ""
    holds: tuple[str, ...] = ()
    first: date | None = None
    in_force: bool = True
    empty: bool = False


REQUESTED = "request"
"""The rule of what goes because the person asked."""


def plan(facts: Iterable[CompartmentFacts], *, on: date) -> tuple[PlanStep, ...]:
    """What becomes of each compartment on the day *on*; one step for each that is given, in that order."""
    return tuple(_step(one, on) for one in facts)


def _step(facts: CompartmentFacts, on: date) -> PlanStep:
    wanted = facts.requested or facts.maximum is not None
    if not wanted:
        return PlanStep(facts.compartment, Fate.STAY)
    if facts.empty:
        return PlanStep(facts.compartment, Fate.DELETE, rule=_rule(facts), empty=True)
    if facts.holds:
        return PlanStep(
            facts.compartment, Fate.HELD, rule="hold", citation="GDPR Art. 17(3)(e)", holds=tuple(sorted(facts.holds))
        )
    longest = _longest(facts.minimums, on)
    if longest is not None:
        return PlanStep(
            facts.compartment,
            Fate.KEEP,
            longest.until,
            longest.rule,
            longest.citation,
            first=_first(facts.minimums, longest.until),
            in_force=longest.in_force,
        )
    return PlanStep(facts.compartment, Fate.DELETE, rule=_rule(facts))


def _longest(minimums: Sequence[Minimum], on: date) -> Minimum | None:
    standing = [one for one in minimums if one.until >= on]
    return max(standing, key=lambda one: (one.until, one.rule), default=None)


def _first(minimums: Sequence[Minimum], until: date) -> date:
    """What several laws want goes when the last of them lets it: for the first of it as for all."""
    return min(until, max(until if one.first is None else one.first for one in minimums))


def _rule(facts: CompartmentFacts) -> str:
    return REQUESTED if facts.requested else facts.maximum or ""
