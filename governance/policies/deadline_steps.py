"""The steps that lead to a due date, in codes: kept with a request, and put into words where somebody reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from governance.policies.deadline_rules import Span, Unit, Wait


class Move(StrEnum):
    """A step of a computation."""

    RECEIVED = "received"
    PERIOD = "period"
    EXTENDED = "extended"
    TOO_LATE = "too_late"
    RESTARTED = "restarted"
    STOPPED = "stopped"
    NOT_STOPPED = "not_stopped"
    ROLLED = "rolled"
    LENGTHENED = "lengthened"


@dataclass(frozen=True, slots=True)
class Step:
    """A step and the day it led to.

    Attributes:
        span: which period was added.
        rest: the day of rest that the step moved away from, and `name` of the holiday, empty for a weekend.
        citation: what says so; empty where nothing needs to.
    """

    move: Move
    day: date
    span: Span | None = None
    rest: date | None = None
    name: str = ""
    wait: Wait | None = None
    citation: str = ""

    @property
    def count(self) -> int | None:
        """How many units of the period were added."""
        return None if self.span is None else self.span.count

    @property
    def unit(self) -> Unit | None:
        """What the period is counted in."""
        return None if self.span is None else self.span.unit

    def codes(self) -> dict[str, str | int]:
        """The step as JSON; what it does not have is left out."""
        found: dict[str, str | int | None] = {
            "move": self.move.value,
            "day": self.day.isoformat(),
            "count": self.count,
            "unit": None if self.unit is None else self.unit.value,
            "rest": None if self.rest is None else self.rest.isoformat(),
            "name": self.name or None,
            "wait": None if self.wait is None else self.wait.value,
            "citation": self.citation or None,
        }
        return {name: value for name, value in found.items() if value is not None}


def step_of(codes: Mapping[str, Any]) -> Step:
    """The step that `Step.codes` wrote."""
    rest, wait, unit = codes.get("rest"), codes.get("wait"), codes.get("unit")
    return Step(
        Move(codes["move"]),
        date.fromisoformat(codes["day"]),
        span=None if unit is None else Span(int(codes["count"]), Unit(unit)),
        rest=None if rest is None else date.fromisoformat(rest),
        name=codes.get("name", ""),
        wait=None if wait is None else Wait(wait),
        citation=codes.get("citation", ""),
    )
