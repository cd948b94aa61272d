"""A due date with the steps that led to it, and how they read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import zip_longest

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


@dataclass(frozen=True, slots=True)
class Due:
    """A due date and how it came about.

    Attributes:
        date: the last day on which the duty is done in time.
        calendar, calendar_version: whose days of rest counted.
        verified: whether the rule was compared with a published text.
    """

    date: date
    law: str
    law_version: int
    calendar: str
    calendar_version: int
    citation: str
    verified: bool
    steps: tuple[Step, ...]

    @property
    def trace(self) -> str:
        """The steps in one English line, with the calendar and what was cited."""
        cited = dict.fromkeys(step.citation for step in self.steps if step.citation)
        return "; ".join(
            (
                " -> ".join(_sentences(self.steps)),
                f"calendar {self.calendar} v{self.calendar_version}",
                *dict.fromkeys((self.citation, *cited)),
            )
        )


_WORDS = {1: "one", 2: "two", 3: "three"}


def written(span: Span) -> str:
    """A period in English words: `one month`, `10 working days`."""
    count = _WORDS.get(span.count, str(span.count))
    unit = {Unit.MONTHS: "month", Unit.DAYS: "day", Unit.WORKING_DAYS: "working day"}[span.unit]
    return f"{count} {unit}{'' if span.count == 1 else 's'}"


def _day(day: date) -> str:
    return f"{day:%a} {_plain(day)}"


def _plain(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _sentences(steps: Sequence[Step]) -> Iterator[str]:
    for step, following in zip_longest(steps, steps[1:]):
        moves_on = following is not None and following.move is Move.ROLLED and step.span is not None
        yield _sentence(step).rpartition(" -> ")[0] if moves_on else _sentence(step)


def _sentence(step: Step) -> str:
    day = _day(step.day)
    match step.move:
        case Move.RECEIVED:
            return f"received {day}"
        case Move.PERIOD if step.span is None or step.span.count == 0:
            return f"at once -> {day}"
        case Move.PERIOD if step.span is not None:
            return f"{written(step.span)} -> {day}"
        case Move.EXTENDED if step.span is not None:
            return f"extended to {written(step.span)} -> {day}"
        case Move.TOO_LATE:
            return f"extension told {day}, too late to count"
        case Move.RESTARTED:
            return f"{step.wait} given {day}, from which the period runs"
        case Move.STOPPED if step.span is not None:
            return f"clock stopped for {written(step.span)} -> {day}"
        case Move.NOT_STOPPED:
            return f"waiting for {step.wait} does not stop the clock"
        case Move.ROLLED if step.rest is not None:
            rest = f"a public holiday ({step.name})" if step.name else f"{step.rest:%A}"
            return f"{_plain(step.rest)} is {rest} -> next working day {day}"
        case _:
            return f"at least two working days -> {day}"
