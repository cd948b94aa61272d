"""The terms of a request as they were at its receipt: rules and days of rest in plain codes, and back again.

Laws and calendars get new versions while a request stands; what was told to the person, and an extension of it, goes by
the terms of the day on which the request came. So the terms are kept with it, in a form that needs no other version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from governance.policies.deadline_rules import (
    Counting,
    Duty,
    Effect,
    LawTimes,
    RequestKind,
    Rule,
    Span,
    Unit,
    Wait,
)
from governance.policies.documents import Titles
from governance.policies.working_days import Calendar

YEARS: Final = 3
"""Days of rest are kept for the year of receipt and those after it, this many in all."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What one law wants done about one request.

    Attributes:
        times: the law's way of counting, with the rules of this kind of request alone.
        calendar: whose days of rest count.
        borrowed: whether the law names no period for the kind, so that the one for access stands in.
    """

    times: LawTimes
    kind: RequestKind
    calendar: Calendar
    borrowed: bool = False

    @property
    def rules(self) -> Mapping[Duty, Rule]:
        """The rules, by duty."""
        return self.times.rules[self.kind]


def freeze(terms: Terms, *, received: date) -> dict[str, Any]:
    """The terms as JSON; days of rest beyond `YEARS` are left out."""
    calendar, counting = terms.calendar, terms.times.counting
    years = range(received.year, received.year + YEARS)
    return {
        "law": terms.times.key,
        "version": terms.times.version,
        "kind": terms.kind.value,
        "borrowed": terms.borrowed,
        "counting": {
            "citation": counting.citation,
            "rolls": counting.rolls,
            "rolls_citation": counting.rolls_citation,
            "least_working_days": counting.least_working_days,
            "least_citation": counting.least_citation,
            "transfers": counting.transfers,
            "transfers_citation": counting.transfers_citation,
        },
        "calendar": {
            "key": calendar.key,
            "version": calendar.version,
            "weekend": sorted(calendar.weekend),
            "holidays": {day.isoformat(): name for day, name in sorted(calendar.holidays.items()) if day.year in years},
            "worked": sorted(day.isoformat() for day in calendar.worked if day.year in years),
        },
        "rules": {duty.value: _frozen(rule) for duty, rule in terms.rules.items()},
    }


def thaw(kept: Mapping[str, Any]) -> Terms:
    """The terms that `freeze` kept."""
    kind, calendar = RequestKind(kept["kind"]), kept["calendar"]
    rules = {Duty(duty): _thawed(rule) for duty, rule in kept["rules"].items()}
    times = LawTimes(
        key=kept["law"],
        version=kept["version"],
        titles=Titles("", "", ""),
        counting=Counting(**kept["counting"]),
        rules=MappingProxyType({kind: MappingProxyType(rules)}),
    )
    holidays = {date.fromisoformat(day): str(name) for day, name in calendar["holidays"].items()}
    return Terms(
        times=times,
        kind=kind,
        calendar=Calendar(
            key=calendar["key"],
            version=calendar["version"],
            holidays=MappingProxyType(holidays),
            worked=frozenset(date.fromisoformat(day) for day in calendar["worked"]),
            weekend=frozenset(calendar["weekend"]),
        ),
        borrowed=kept["borrowed"],
    )


def _frozen(rule: Rule) -> dict[str, Any]:
    return {
        "within": _span(rule.span),
        "citation": rule.citation,
        "verified": rule.verified,
        "note": rule.note,
        "extension": None if rule.extension is None else _span(rule.extension),
        "extension_citation": rule.extension_citation,
        "waits": {why.value: effect.value for why, effect in rule.waits.items()},
    }


def _thawed(kept: Mapping[str, Any]) -> Rule:
    extension = kept["extension"]
    return Rule(
        span=_spanned(kept["within"]),
        citation=kept["citation"],
        verified=kept["verified"],
        note=kept["note"],
        extension=None if extension is None else _spanned(extension),
        extension_citation=kept["extension_citation"],
        waits=MappingProxyType({Wait(why): Effect(effect) for why, effect in kept["waits"].items()}),
    )


def _span(span: Span) -> list[int | str]:
    return [span.count, span.unit.value]


def _spanned(kept: list[Any]) -> Span:
    return Span(int(kept[0]), Unit(kept[1]))
