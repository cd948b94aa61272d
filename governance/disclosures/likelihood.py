"""Which sources explain a file best: a mixture of exports, fitted by expectation maximisation (Dempster et al. 1977).

A row of the file comes from an export with the export's share. An export that held the row as it stands explains it;
one that held another version of a value does so only if somebody changed the cell, which is rare; one that never held
the person, hardly ever. An export is named only if the file would be far less likely without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final, NamedTuple

CHANGED_CELL: Final = 0.002
"""How likely somebody changes a cell after the export, to what the person's record said at another time."""
NEVER_HELD: Final = 1e-9
"""How likely a row is to come from an export that never held the person."""
SURE: Final = log(1000)
"""An export is named where the file is a thousand times likelier with it than without."""
ROUNDS: Final = 200
SETTLED: Final = 1e-7


class Pattern(NamedTuple):
    """Rows that all exports explain in the same way.

    Attributes:
        missing: for each export, how many cells of the row it held otherwise; None where it never held the person.
        rows: how many.
    """

    missing: tuple[int | None, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Source:
    """An export that the file comes from.

    Attributes:
        place: which export.
        share: of the rows, 0 to 1.
        evidence: natural logarithm of how much likelier the file is with it than without.
        others: exports that explain the file so nearly as well in its place that it cannot be told.
    """

    place: int
    share: float
    evidence: float
    others: tuple[int, ...]


def sources(patterns: Sequence[Pattern], exports: int) -> list[Source]:
    """The exports that a file comes from, the largest share first; empty where none is likely enough.

    One is added after the other, always that which makes the file most likely, as long as it does so by `SURE`; then
    those are dropped that the later ones have made needless.
    """
    table = [([_likelihood(one) for one in pattern.missing], pattern.rows) for pattern in patterns]
    chosen: list[int] = []
    reached = sum(rows for _, rows in table) * log(NEVER_HELD)
    while len(chosen) < exports:
        place, found = max(
            ((one, _fit(table, [*chosen, one])[1]) for one in range(exports) if one not in chosen),
            key=lambda candidate: (candidate[1], -candidate[0]),
        )
        if found - reached < SURE:
            break
        chosen, reached = [*chosen, place], found
    chosen = _needed(table, chosen)
    if not chosen:
        return []
    shares, whole = _fit(table, chosen)
    told = [_source(table, chosen, one, shares[order], whole, exports) for order, one in enumerate(chosen)]
    return sorted(told, key=lambda source: (-source.share, source.place))


Table = Sequence[tuple[list[float], int]]


def _likelihood(missing: int | None) -> float:
    return NEVER_HELD if missing is None else max(NEVER_HELD, CHANGED_CELL**missing)


def _fit(table: Table, chosen: Sequence[int]) -> tuple[list[float], float]:
    """Shares of the exports *chosen*, and the logarithm of the likelihood that they reach."""
    shares = [1 / len(chosen)] * len(chosen)
    narrowed = [([likelihoods[one] for one in chosen], rows) for likelihoods, rows in table]
    total = sum(rows for _, rows in narrowed)
    before, reached = 0.0, 0.0
    for _ in range(ROUNDS if len(chosen) > 1 else 1):
        sums, reached = [0.0] * len(chosen), 0.0
        for likelihoods, rows in narrowed:
            parts = [share * one for share, one in zip(shares, likelihoods, strict=True)]
            whole = sum(parts)
            reached += rows * log(whole)
            scale = rows / whole
            for place, part in enumerate(parts):
                sums[place] += part * scale
        shares = [max(one / total, 1e-12) for one in sums]
        if abs(reached - before) < SETTLED:
            break
        before = reached
    return shares, reached


def _needed(table: Table, chosen: Sequence[int]) -> list[int]:
    kept = list(chosen)
    for one in chosen[:-1]:  # the last one was just found to be needed
        rest = [other for other in kept if other != one]
        if rest and _fit(table, kept)[1] - _fit(table, rest)[1] < SURE:
            kept = rest
    return kept


def _source(table: Table, chosen: Sequence[int], one: int, share: float, whole: float, exports: int) -> Source:
    rest = [other for other in chosen if other != one]
    nothing = sum(rows for _, rows in table) * log(NEVER_HELD)
    without = _fit(table, rest)[1] if rest else nothing
    others = tuple(
        other for other in range(exports) if other not in chosen and whole - _fit(table, [*rest, other])[1] < SURE
    )
    return Source(one, share, whole - without, others)


def times_likelier(evidence: float) -> float:
    """How many times likelier, at most a million: more says nothing more."""
    return exp(min(evidence, log(1e6)))
