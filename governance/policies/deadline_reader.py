"""Reading of `deadlines.yaml`, and of documents of the same form that a controller writes for a law of its own."""

from collections.abc import Mapping
from types import MappingProxyType

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
from governance.policies.documents import Node, parse, titles

_LONGEST = {Unit.MONTHS: 120, Unit.DAYS: 3660, Unit.WORKING_DAYS: 2500}


def parse_deadlines(source: bytes, *, name: str) -> Mapping[str, LawTimes]:
    """Read the time limits of laws, by key of the law.

    Raises:
        DocumentError: where the document is malformed; the text names the key.
    """
    entries = parse(source, name=name).fields(required=("laws",))["laws"].entries()
    return MappingProxyType({key: _law(node, key) for key, node in entries.items()})


def _law(node: Node, key: str) -> LawTimes:
    said = node.fields(required=("version", "titles", "counting", "kinds"), optional=("calendar",))
    kinds = {_kind(kind, child): _duties(child) for kind, child in said["kinds"].entries().items()}
    if not kinds:
        said["kinds"].wrong("must name at least one kind of request")
    return LawTimes(
        key=key,
        version=said["version"].whole(at_least=1, at_most=1_000_000),
        titles=titles(said["titles"]),
        counting=_counting(said["counting"]),
        rules=MappingProxyType(kinds),
        calendar=said["calendar"].text() if "calendar" in said else None,
    )


def _kind(word: str, node: Node) -> RequestKind:
    if word not in set(RequestKind):
        node.wrong("is no kind of request; known are %(known)s", known=", ".join(RequestKind))
    return RequestKind(word)


def _counting(node: Node) -> Counting:
    said = node.fields(required=("citation",), optional=("rolls", "at_least_two_working_days", "transfers"))
    rolls, least, transfers = (said.get(key) for key in ("rolls", "at_least_two_working_days", "transfers"))
    return Counting(
        citation=said["citation"].text(),
        rolls=rolls is not None,
        rolls_citation=rolls.text() if rolls else "",
        least_working_days=2 if least else 0,
        least_citation=least.text() if least else "",
        transfers=transfers is not None,
        transfers_citation=transfers.text() if transfers else "",
    )


def _duties(node: Node) -> Mapping[Duty, Rule]:
    rules: dict[Duty, Rule] = {}
    for word, child in node.entries().items():
        if word not in set(Duty):
            child.wrong("is no duty; known are %(known)s", known=", ".join(Duty))
        rules[Duty(word)] = _rule(child)
    if Duty.ANSWER not in rules:
        node.wrong("the key '%(key)s' is missing", key=Duty.ANSWER.value)
    return MappingProxyType(rules)


def _rule(node: Node) -> Rule:
    said = node.fields(required=("within", "citation", "verified"), optional=("extension", "waits", "note"))
    within = _span(said["within"])
    extension = said["extension"].fields(required=("within", "citation")) if "extension" in said else None
    longer = _span(extension["within"]) if extension else None
    if longer is not None and extension is not None and longer.unit is not within.unit:
        extension["within"].wrong("must be in %(unit)s, as the period is", unit=within.unit.value)
    return Rule(
        span=within,
        citation=said["citation"].text(),
        verified=said["verified"].flag(),
        extension=longer,
        extension_citation=extension["citation"].text() if extension else "",
        waits=_waits(said["waits"]) if "waits" in said else MappingProxyType({}),
        note=said["note"].text() if "note" in said else "",
    )


def _waits(node: Node) -> Mapping[Wait, Effect]:
    effects: dict[Wait, Effect] = {}
    for word, child in node.entries().items():
        if word not in set(Wait):
            child.wrong("is nothing to wait for; known are %(known)s", known=", ".join(Wait))
        effects[Wait(word)] = child.choice(Effect)
    return MappingProxyType(effects)


def _span(node: Node) -> Span:
    parts = node.fields(optional=[unit.value for unit in Unit])
    if len(parts) != 1:
        node.wrong("must be one of months, days and working_days")
    ((word, child),) = parts.items()
    unit = Unit(word)
    return Span(child.whole(at_least=0 if unit is Unit.DAYS else 1, at_most=_LONGEST[unit]), unit)
