"""Writing of a law's time limits in the form of `deadlines.yaml`, for whoever goes on from them."""

from collections.abc import Mapping

import yaml

from governance.policies.deadline_rules import Counting, LawTimes, Rule, Span


def write_law(times: LawTimes) -> str:
    """The time limits of one law as YAML, so that reading it gives the same."""
    told: dict[str, object] = {
        "version": times.version,
        "titles": {"en": times.titles.en, "ru": times.titles.ru, "uk": times.titles.uk},
        "counting": _counting(times.counting),
    }
    if times.calendar is not None:
        told["calendar"] = times.calendar
    told["kinds"] = {
        kind.value: {duty.value: _rule(rule) for duty, rule in duties.items()} for kind, duties in times.rules.items()
    }
    return yaml.dump({"laws": {times.key: told}}, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """Writes what stands twice twice: an alias is hard to edit for whoever does not know YAML well."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's own protocol
        """Never an alias."""
        return True


def _counting(counting: Counting) -> Mapping[str, str]:
    told = {"citation": counting.citation}
    if counting.rolls:
        told["rolls"] = counting.rolls_citation
    if counting.least_working_days:
        told["at_least_two_working_days"] = counting.least_citation
    if counting.transfers:
        told["transfers"] = counting.transfers_citation
    return told


def _rule(rule: Rule) -> Mapping[str, object]:
    told: dict[str, object] = {"within": _span(rule.span)}
    if rule.extension is not None:
        told["extension"] = {"within": _span(rule.extension), "citation": rule.extension_citation}
    if rule.waits:
        told["waits"] = {wait.value: effect.value for wait, effect in rule.waits.items()}
    told["citation"] = rule.citation
    told["verified"] = rule.verified
    if rule.note:
        told["note"] = rule.note
    return told


def _span(span: Span) -> Mapping[str, int]:
    return {span.unit.value: span.count}
