"""Reading and writing of retention policies as YAML, and what makes sense in one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import yaml

from governance.policies.documents import Node, Titles, parse, titles
from governance.policies.periods import parse_period
from governance.policies.purposes import KEY
from governance.policies.retention import (
    Anchor,
    Clock,
    FilterField,
    Narrowing,
    RetentionAction,
    RetentionPolicy,
    StatutoryMinimum,
    Target,
    TargetKind,
    YearStart,
    parse_year_start,
)

SUBJECT: Final = Target(TargetKind.SUBJECT)
TABLES: Final[Mapping[str, frozenset[Clock]]] = MappingProxyType(
    {
        "purchase": frozenset({Clock.PURCHASE_PAID}),
        "interaction": frozenset({Clock.INTERACTION_AT}),
        "activity": frozenset({Clock.ACTIVITY_AT}),
        "contact": frozenset({Clock.CONTACT_BOUNCED, Clock.CREATED}),
        "consent_event": frozenset({Clock.CONSENT_GIVEN, Clock.CONSENT_WITHDRAWN, Clock.CONSENT_LAST_USED}),
        "subscription": frozenset({Clock.SUBSCRIPTION_REQUESTED}),
        "request": frozenset({Clock.REQUEST_CLOSED}),
        "erasure": frozenset({Clock.ERASURE_CLOSED}),
        "import_row": frozenset({Clock.IMPORT_REFUSED}),
        "export": frozenset({Clock.EXPORT_READY}),
    }
)
"""Tables that a policy may name, and the clocks that each has."""
CLEARABLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "interaction": frozenset({"note", "result"}),
        "activity": frozenset({"detail"}),
        "purchase": frozenset({"items", "buyer"}),
    }
)
"""Fields that may be emptied while their row stays."""
COMPARTMENTS: Final[Mapping[str, frozenset[Clock]]] = MappingProxyType(
    {
        "profile": frozenset({Clock.CREATED, Clock.LAST_ACTIVITY}),
        "contact": frozenset({Clock.CREATED, Clock.LAST_ACTIVITY}),
        "behaviour": frozenset({Clock.CREATED, Clock.LAST_ACTIVITY}),
        "finance": frozenset({Clock.PURCHASE_PAID, Clock.LAST_ACTIVITY}),
    }
)
"""Compartments that a policy may name, and their clocks; evidence goes by its table, where the bare "no" stays."""
LOGS: Final = frozenset({"read", "decision"})
"""Classes of entries whose bodies may age; keys and the system's own acts stay."""
_ACTIONS: Final = {
    TargetKind.SUBJECT: frozenset({RetentionAction.ERASE_SUBJECT, RetentionAction.ANONYMISE, RetentionAction.RESTRICT}),
    TargetKind.COMPARTMENT: frozenset({RetentionAction.SHRED_COMPARTMENT}),
    TargetKind.TABLE: frozenset({RetentionAction.DELETE_ROWS, RetentionAction.CLEAR_FIELDS}),
    TargetKind.LOG: frozenset({RetentionAction.DELETE_ROWS}),
}
_FILTERS: Final = {
    "interaction": FilterField.KIND,
    "activity": FilterField.KIND,
    "contact": FilterField.KIND,
    "consent_event": FilterField.CHANNEL,
}
LONGEST_WARNING_DAYS: Final = 365


def parse_policies(source: bytes, *, name: str, country: str | None = None) -> Mapping[str, RetentionPolicy]:
    """Read policies, by key; of those with values by country, the ones of *country*, else those for all others.

    Raises:
        DocumentError: where the document is malformed or makes no sense; the text names the key.
    """
    entries = parse(source, name=name).fields(required=("policies",))["policies"].entries()
    return MappingProxyType({key: _policy(node, key, country) for key, node in entries.items()})


def _policy(node: Node, key: str, country: str | None) -> RetentionPolicy:
    if not KEY.fullmatch(key):
        node.wrong("is no key: small letters, digits and _, 50 at most")
    said = node.fields(
        required=("titles", "applies_to", "clock", "action"),
        optional=(
            *("version", "anchor", "keep", "citation", "verified", "minimum", "countries"),
            *("filter", "warning_days", "owner", "fiscal_year", "reason"),
        ),
    )
    values = _values(node, said, country)
    target, clock = _target(said["applies_to"]), said["clock"].choice(Clock)
    action = said["action"].choice(RetentionAction)
    _require_sense(said, target, clock, action)
    return RetentionPolicy(
        key=key,
        version=said["version"].whole(at_least=1, at_most=1_000_000) if "version" in said else 1,
        titles=titles(said["titles"]),
        target=target,
        clock=clock,
        anchor=values["anchor"].choice(Anchor) if "anchor" in values else Anchor.EVENT,
        keep=parse_period(values["keep"]),
        action=action,
        citation=values["citation"].text(),
        verified=values["verified"].flag(),
        narrowing=_narrowing(said["filter"], target) if "filter" in said else None,
        minimum=_minimum(values["minimum"]) if "minimum" in values else None,
        warning_days=_warning(said["warning_days"], action) if "warning_days" in said else 0,
        owner=said["owner"].text() if "owner" in said else "officer",
        fiscal_start=_fiscal_start(values["fiscal_year"]) if "fiscal_year" in values else None,
        reason=_reason(said["reason"], target) if "reason" in said else None,
    )


def _values(node: Node, said: Mapping[str, Node], country: str | None) -> Mapping[str, Node]:
    """Period and citation: of the country where it has its own, else those that stand for all."""
    by_country = said["countries"].entries() if "countries" in said else {}
    chosen: Mapping[str, Node] = said
    for code, child in by_country.items():
        values = child.fields(required=("keep", "citation", "verified"), optional=("anchor", "minimum", "fiscal_year"))
        if code == country:
            chosen = values
    for name in ("keep", "citation", "verified"):
        if name not in chosen:
            node.wrong("the key '%(key)s' is missing", key=name)
    return chosen


def _fiscal_start(node: Node) -> YearStart:
    try:
        return parse_year_start(node.text())
    except ValueError:
        node.wrong("must be the month and day on which the year begins, such as '04-06'")


def _reason(node: Node, target: Target) -> str:
    if target.kind is not TargetKind.LOG:
        node.wrong("is for the log alone, where bodies are kept longer than they are otherwise")
    return node.text()


def _target(node: Node) -> Target:
    parts = node.fields(optional=("subject", "compartment", "table", "fields", "log"))
    if "subject" in parts and len(parts) == 1 and parts["subject"].flag():
        return SUBJECT
    if "compartment" in parts and len(parts) == 1:
        return Target(TargetKind.COMPARTMENT, _one_of(parts["compartment"], COMPARTMENTS))
    if "log" in parts and len(parts) == 1:
        return Target(TargetKind.LOG, _one_of(parts["log"], LOGS))
    if "table" not in parts or not parts.keys() <= {"table", "fields"}:
        node.wrong("must be {subject: true}, {compartment: ...}, {log: ...} or {table: ...} with fields or without")
    table = _one_of(parts["table"], TABLES)
    fields = tuple(parts["fields"].texts()) if "fields" in parts else ()
    for field in fields:
        if field not in CLEARABLE.get(table, ()):
            parts["fields"].wrong("'%(field)s' of %(table)s cannot be emptied alone", field=field, table=table)
    return Target(TargetKind.TABLE, table, fields)


def _one_of(node: Node, known: Mapping[str, object] | frozenset[str]) -> str:
    word = node.text()
    if word not in known:
        node.wrong("'%(word)s' is none of %(known)s", word=word, known=", ".join(sorted(known)))
    return word


def clocks_of(target: Target) -> frozenset[Clock]:
    """The clocks that a policy about *target* may run from."""
    if target.kind is TargetKind.SUBJECT:
        return frozenset({Clock.CREATED, Clock.LAST_ACTIVITY})
    if target.kind is TargetKind.COMPARTMENT:
        return COMPARTMENTS[target.name]
    return frozenset({Clock.LOG_AT}) if target.kind is TargetKind.LOG else TABLES[target.name]


def _require_sense(said: Mapping[str, Node], target: Target, clock: Clock, action: RetentionAction) -> None:
    clocks = clocks_of(target)
    if clock not in clocks:
        has = ", ".join(sorted(clocks))
        said["clock"].wrong("'%(clock)s' is not a clock of it; it has %(known)s", clock=clock.value, known=has)
    if action not in _ACTIONS[target.kind]:
        can = ", ".join(sorted(_ACTIONS[target.kind]))
        said["action"].wrong("cannot be done to it; %(known)s can", known=can)
    if (action is RetentionAction.CLEAR_FIELDS) != bool(target.fields):
        said["action"].wrong("clear_fields needs fields, and fields are for clear_fields alone")


def _narrowing(node: Node, target: Target) -> Narrowing:
    ((word, child),) = node.entries().items() if len(node.entries()) == 1 else node.wrong("must name one thing")
    allowed = {FilterField.COUNTRY} if target.kind is TargetKind.SUBJECT else {_FILTERS.get(target.name)}
    if word not in allowed:
        child.wrong("cannot be filtered by here")
    return Narrowing(FilterField(word), frozenset(child.texts()))


def _minimum(node: Node) -> StatutoryMinimum:
    said = node.fields(required=("keep", "citation", "verified"))
    return StatutoryMinimum(parse_period(said["keep"]), said["citation"].text(), said["verified"].flag())


def _warning(node: Node, action: RetentionAction) -> int:
    days = node.whole(at_least=0, at_most=LONGEST_WARNING_DAYS)
    if days and action not in (RetentionAction.ERASE_SUBJECT, RetentionAction.ANONYMISE):
        node.wrong("people are warned only before they are erased as a whole")
    return days


def write_policy(policy: RetentionPolicy) -> str:
    """A policy as YAML of the same form, so that reading it gives the same policy."""
    told: dict[str, object] = {
        "version": policy.version,
        "titles": _titles(policy.titles),
        "applies_to": _written_target(policy.target),
        "clock": policy.clock.value,
        "anchor": policy.anchor.value,
        "keep": str(policy.keep),
        "action": policy.action.value,
        "citation": policy.citation,
        "verified": policy.verified,
    }
    if policy.narrowing is not None:
        told["filter"] = {policy.narrowing.field.value: sorted(policy.narrowing.values)}
    if policy.minimum is not None:
        told["minimum"] = _written_minimum(policy.minimum)
    if policy.warning_days:
        told["warning_days"] = policy.warning_days
    told["owner"] = policy.owner
    if policy.reason is not None:
        told["reason"] = policy.reason
    if policy.fiscal_start is not None:
        told["fiscal_year"] = str(policy.fiscal_start)
    return yaml.safe_dump({"policies": {policy.key: told}}, allow_unicode=True, sort_keys=False, width=120)


def _titles(said: Titles) -> dict[str, str]:
    return {"en": said.en, "ru": said.ru, "uk": said.uk}


def _written_target(target: Target) -> dict[str, object]:
    if target.kind is TargetKind.SUBJECT:
        return {"subject": True}
    told: dict[str, object] = {target.kind.value: target.name}
    return told | ({"fields": list(target.fields)} if target.fields else {})


def _written_minimum(minimum: StatutoryMinimum) -> dict[str, object]:
    return {"keep": str(minimum.keep), "citation": minimum.citation, "verified": minimum.verified}
