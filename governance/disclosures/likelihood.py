"""Which sources explain a file best: a mixture of exports, fitted by expectation maximisation (Dempster et al. 1977).

A row of the file comes from an export with the export's share, and is any of that export's rows: of n rows each with
the likelihood 1/n, so that a large export does not explain whatever a smaller one held. One that held another version
of a value explains the row only if somebody changed the cell, which is rare; one that never held the person, hardly
ever. An export is named only if the file would be far less likely without it.

Rows may have been picked instead of drawn, by a city, say. So a named export is certain only if the others do not
explain the file where sizes count for nothing, either.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import exp, log
from operator import mul
from typing import Final, NamedTuple

from governance.kernel.records import frozen

CHANGED_CELL: Final = 0.002
"""How likely somebody changes a cell after the export, to what the person's record said at another time."""
NEVER_HELD: Final = 1e-9
"""How likely a row is to come from an export that never held the person."""
SURE: Final = log(1000)
"""An export is named where the file is a thousand times likelier with it than without."""
NEARLY: Final = 1.0
"""More exports than were named cast doubt where the file is as likely with them, by so much at least."""
ROUNDS: Final = 60
SETTLED: Final = 1e-2
MOST_SOURCES: Final = 8
"""More exports than these explain whatever one that held everybody does, and nobody leaks so many in one file."""
MOST_FITTED: Final = 3
"""Of the exports that could be added, those that promise most are fitted."""


class Pattern(NamedTuple):
    """Rows that all exports explain in the same way.

    Attributes:
        missing: for each export, how many cells of the row it held otherwise; None where it never held the person.
        rows: how many.
    """

    missing: tuple[int | None, ...]
    rows: int


@frozen
class Source:
    """An export that the file comes from.

    Attributes:
        place: which export.
        share: of the rows, 0 to 1.
        evidence: natural logarithm of how much likelier the file is with it than without.
        others: exports that explain the file so nearly as well in its place, drawn or picked, that it cannot be told.
    """

    place: int
    share: float
    evidence: float
    others: tuple[int, ...]


@frozen
class _Table:
    """Rows of the file that all exports explain in the same way, taken together.

    Attributes:
        columns: for each export, how likely each of these rows is to come from it.
        rows: how many rows of the file each of them stands for.
        total: how many rows the file has.
    """

    columns: Sequence[Sequence[float]]
    rows: Sequence[int]
    total: int


def sources(patterns: Sequence[Pattern], sizes: Sequence[int]) -> list[Source]:
    """The exports that a file comes from, the largest share first; empty where none is likely enough.

    Args:
        patterns: the rows of the file, by how the exports explain them.
        sizes: rows of each export.
    """
    least = min(sizes, default=1)
    drawn = _table(patterns, [least / max(size, least) for size in sizes])
    chosen = _explanation(drawn, range(len(sizes)))
    if not chosen:
        return []
    shares, reached = _fit(drawn, chosen)
    picked = _table(patterns, [1.0] * len(sizes))
    told = []
    for order, one in enumerate(chosen):
        without = _fit(drawn, [other for other in chosen if other != one])[1]
        beside = [other for other in range(len(sizes)) if other != one]
        others = _instead(drawn, chosen, one, beside) | _instead(picked, chosen, one, beside)
        mixed = _explanation(drawn, beside)
        if _fit(drawn, mixed)[1] > reached - (NEARLY if len(mixed) > len(chosen) else SURE):
            others |= set(mixed) - set(chosen)
        told.append(Source(one, shares[order], reached - without, tuple(sorted(others))))
    return sorted(told, key=lambda source: (-source.share, source.place))


def _table(patterns: Sequence[Pattern], weights: Sequence[float]) -> _Table:
    """How likely each row is by export: exports have *weights*, and cells that are not as they were make it rarer."""
    rows = [one.rows for one in patterns]
    missing: Sequence[Sequence[int | None]] = list(zip(*(one.missing for one in patterns), strict=True)) or [()] * len(
        weights
    )
    columns = []
    for counts, weight in zip(missing, weights, strict=True):
        known = {count: _likelihood(count, weight) for count in set(counts)}
        columns.append([known[count] for count in counts])
    return _Table(columns, rows, sum(rows))


def _likelihood(missing: int | None, weight: float) -> float:
    return NEVER_HELD if missing is None else max(NEVER_HELD, weight * CHANGED_CELL**missing)


def _explanation(table: _Table, places: Sequence[int]) -> list[int]:
    """The fewest exports of *places* that explain the file, at most `MOST_SOURCES`.

    One is added after the other, always that which makes the file most likely, as long as it does so by `SURE`; then
    those are dropped that the later ones have made needless.
    """
    chosen: list[int] = []
    reached = _fit(table, [])[1]
    while len(chosen) < MOST_SOURCES and (promising := _promising(table, chosen, places)):
        place, found = max(
            ((one, _fit(table, [*chosen, one])[1]) for one in promising), key=lambda tried: (tried[1], -tried[0])
        )
        if found - reached < SURE:
            break
        chosen, reached = [*chosen, place], found
    return _needed(table, chosen)


def _promising(table: _Table, chosen: Sequence[int], places: Sequence[int]) -> list[int]:
    """Those of *places* that may make the file likelier by `SURE`.

    The likelihood of a mixture is concave in its shares: adding a source gains at most its slope (Lindsay 1983).
    """
    candidates = [one for one in places if one not in chosen]
    if not chosen:
        return candidates
    shares, _ = _fit(table, chosen)
    columns = [table.columns[one] for one in chosen]
    scales = [
        rows / sum(map(mul, shares, likelihoods))
        for rows, likelihoods in zip(table.rows, zip(*columns, strict=True), strict=True)
    ]
    slopes = {one: sum(map(mul, scales, table.columns[one])) - table.total for one in candidates}
    best = sorted((one for one in candidates if slopes[one] >= SURE), key=lambda one: -slopes[one])
    return best[:MOST_FITTED]


def _fit(table: _Table, chosen: Sequence[int]) -> tuple[list[float], float]:
    """Shares of the exports *chosen*, and the logarithm of the likelihood that they reach."""
    if not chosen:
        return [], table.total * log(NEVER_HELD)
    together: dict[tuple[float, ...], int] = defaultdict(int)
    for likelihoods, rows in zip(zip(*(table.columns[one] for one in chosen), strict=True), table.rows, strict=True):
        together[likelihoods] += rows  # few are chosen, so that few kinds of rows are left
    shares = [1 / len(chosen)] * len(chosen)
    before, reached = 0.0, 0.0
    for _ in range(ROUNDS if len(chosen) > 1 else 1):
        sums, reached = [0.0] * len(chosen), 0.0
        for likelihoods, rows in together.items():
            parts = [share * one for share, one in zip(shares, likelihoods, strict=True)]
            whole = sum(parts)
            reached += rows * log(whole)
            scale = rows / whole
            for place, part in enumerate(parts):
                sums[place] += part * scale
        shares = [max(one / table.total, 1e-12) for one in sums]
        if abs(reached - before) < SETTLED:
            break
        before = reached
    return shares, reached


def _needed(table: _Table, chosen: Sequence[int]) -> list[int]:
    kept = list(chosen)
    for one in chosen[:-1]:  # the last one was just found to be needed
        rest = [other for other in kept if other != one]
        if rest and _fit(table, kept)[1] - _fit(table, rest)[1] < SURE:
            kept = rest
    return kept


def _instead(table: _Table, chosen: Sequence[int], one: int, beside: Sequence[int]) -> set[int]:
    """Exports *beside* each of which explains what *one* does; the others *chosen* where these do so already."""
    kept = [other for other in chosen if other != one]
    least = _fit(table, chosen)[1] - SURE
    if _fit(table, kept)[1] > least:
        return set(kept)
    return {other for other in beside if other not in chosen and _fit(table, [*kept, other])[1] > least}


def times_likelier(evidence: float) -> float:
    """How many times likelier, at most a million: more says nothing more."""
    return exp(min(evidence, log(1e6)))
