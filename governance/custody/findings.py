"""Findings: things that are not in order, with their remedies."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum

from governance.kernel.records import frozen


class Level(StrEnum):
    """How bad it is."""

    FAILING = "failing"
    """A promise does not hold now."""
    WARNING = "warning"
    """It holds, but something that it rests on is missing or late."""


@frozen
class Finding:
    """One thing that is not in order.

    Attributes:
        code: stable name, kebab-case.
        level: how bad it is.
        sentence: what was found.
        remedy: what to do.
        values: what the sentence names, by which pages say the same in other languages; the code tells which sentence.
        particulars: what the sentence says beyond that; a `Sentence` is one that pages translate.
    """

    code: str
    level: Level
    sentence: str
    remedy: str
    values: Mapping[str, str] = field(default_factory=dict)
    particulars: str = ""


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """Failing ones before warnings, otherwise as they come."""
    return sorted(found, key=lambda finding: finding.level is not Level.FAILING)
