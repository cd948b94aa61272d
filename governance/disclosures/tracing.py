"""Which export does a leaked file come from? Its rows are compared with the sealed fingerprints of all exports.

Order, headings and columns do not matter: a cell is looked for by its digest among the values of a row. Exports that
overlap are told apart by whom each of them held, and by which version of a value was current when it was made.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import BinaryIO, Final
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact
from governance.customers.reach import allow
from governance.disclosures.leaks import Cells, read_leak
from governance.disclosures.likelihood import Pattern, Source, sources, times_likelier
from governance.disclosures.prints import EMPTY, digest, digests_in
from governance.disclosures.records import ExportId
from governance.disclosures.tables import ExportPrintRow, ExportRow
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission
from governance.reference.recipients import RecipientId, recipients_by_id

COMMON: Final = 50
"""A value that stands in more rows of the file leads to nobody; it still counts where another one leads."""
IDENTIFYING: Final = 0.8
"""Values of a row tell whose it is where together they are nearly as rare as a person (as a part of ln of the rows)."""
MOST_COMPARED: Final = 40
"""Exports that are weighed against each other, those that explain most."""


@frozen(kw_only=True)
class Suspect:
    """An export that a file comes from.

    Attributes:
        exporter_kind, exporter: who proposed and fetched it.
        share: of the recognised rows that come from it, in percent.
        rows: recognised rows that it held exactly as they stand.
        times_likelier: than if it had nothing to do with it; at most a million is told.
        or_else: other exports that might be it just as well; the file does not tell.
    """

    export: ExportId
    exporter_kind: ActorKind
    exporter: UUID | None
    recipient_key: str
    made_at: datetime
    downloaded_at: datetime | None
    share: int
    rows: int
    times_likelier: int
    or_else: tuple[ExportId, ...]


@frozen
class Traced:
    """What a file came to.

    Attributes:
        rows: in the file; compared: how many were looked at.
        recognised: of those, rows of people who were in an export.
        people: how many people they are.
        exports: with how many exports it was compared.
        suspects: those it comes from, the largest share first.
        certain: whether each of them can be told from all others.
    """

    rows: int
    compared: int
    recognised: int
    people: int
    exports: int
    suspects: tuple[Suspect, ...]
    certain: bool


class _Leak:
    """The file under one key of digests.

    Attributes:
        rows: digests of each row.
        holding: by digest, the rows in which it stands; rows of common ones are left out.
    """

    def __init__(self, rows: Sequence[Cells], key: bytes) -> None:
        known: dict[str, int] = {}
        for cells in rows:
            for cell in cells:
                if cell not in known:
                    known[cell] = digest(key, cell)
        self.rows = [frozenset(known[cell] for cell in cells) - {EMPTY} for cells in rows]
        held: dict[int, list[int]] = defaultdict(list)
        for number, digests in enumerate(self.rows):
            for one in digests:
                held[one].append(number)
        self.digests = frozenset(held)
        self.holding = {one: numbers for one, numbers in held.items() if len(numbers) <= COMMON}


@dataclass(slots=True)
class _Match:
    """How an export explains the file: by row, how many cells it held, and of whom."""

    export: ExportRow
    held: dict[int, int]
    people: dict[int, UUID]


def trace(work: Work, *, file: BinaryIO) -> Traced:
    """Name the exports that a leaked file comes from, also where it was sorted, cut, renamed or mixed.

    Raises:
        ForbiddenError: without `exports:trace`.
        UnreadableFileError: where the file is no table.
    """
    allow(work, Permission.EXPORTS_TRACE)
    rows, seen = read_leak(file)
    left = select(ExportRow).where(ExportRow.traceable, ExportRow.downloaded_at.is_not(None)).order_by(ExportRow.id)
    exports = work.session.scalars(left).all()
    matches = [match for match in _matches(work, exports, rows) if match.held]
    best: dict[int, int] = {}
    for match in matches:
        for number, count in match.held.items():
            best[number] = max(best.get(number, 0), count)
    exact = [sum(count == best[number] for number, count in match.held.items()) for match in matches]
    order = sorted(range(len(matches)), key=lambda place: -exact[place])[:MOST_COMPARED]
    compared = [matches[place] for place in order]
    found = sources(_patterns(compared, best), [match.export.rows for match in compared])
    suspects = _suspects(work, compared, [exact[place] for place in order], found)
    people = {match.people[row] for match in matches for row, count in match.held.items() if count == best[row]}
    traced = Traced(
        rows=seen,
        compared=len(rows),
        recognised=len(best),
        people=len(people),
        exports=len(exports),
        suspects=suspects,
        certain=bool(suspects) and not any(one.or_else for one in suspects),
    )
    facts: dict[str, Fact] = {
        "rows": seen,
        "recognised": len(best),
        "exports": len(exports),
        "suspects": [one.export for one in suspects],
        "certain": traced.certain,
    }
    audit.append(work, Action.LEAK_TRACED, facts=facts)
    return traced


def _matches(work: Work, exports: Sequence[ExportRow], rows: Sequence[Cells]) -> Iterator[_Match]:
    leaks: dict[bytes, _Leak] = {}
    for export in exports:
        key = export.print_key
        if key is None:
            continue
        if key not in leaks:
            leaks = {key: _Leak(rows, key)}  # exports of a year share their key, and come one after the other
        yield _match(work, export, leaks[key])


def _match(work: Work, export: ExportRow, leak: _Leak) -> _Match:
    often: Counter[int] = Counter()
    leading: list[tuple[bytes, frozenset[int]]] = []
    number = 0
    for person, digests in held_prints(work, export):
        number += 1
        mine = leak.digests.intersection(digests)
        often.update(mine)
        if not leak.holding.keys().isdisjoint(mine):
            leading.append((person, mine))
    found = _Match(export, {}, {})
    worth = {one: log(number / count) if number > 1 else 1.0 for one, count in often.items()}
    needed = IDENTIFYING * (log(number) if number > 1 else 1.0)
    for person, mine in leading:
        for row in {row for value in mine for row in leak.holding.get(value, ())}:
            shared = mine & leak.rows[row]
            if len(shared) > found.held.get(row, 0) and sum(worth[value] for value in shared) >= needed:
                found.held[row] = len(shared)
                found.people[row] = UUID(bytes=person)
    return found


def held_prints(work: Work, export: ExportRow) -> Iterator[tuple[bytes, tuple[int, ...]]]:
    """Person and digests of all rows of an export, a part at a time."""
    for number in range(1, export.parts + 1):
        query = select(ExportPrintRow).where(ExportPrintRow.export_id == export.id, ExportPrintRow.number == number)
        part = work.session.scalars(query).one_or_none()
        if part is not None:
            yield from digests_in(part.prints or b"", width=len(export.fields))
            work.session.expunge(part)


def _patterns(matches: Sequence[_Match], best: dict[int, int]) -> list[Pattern]:
    counted: Counter[tuple[int | None, ...]] = Counter()
    for number, most in best.items():
        held = (match.held.get(number) for match in matches)
        counted[tuple(None if count is None else most - count for count in held)] += 1
    return [Pattern(missing, rows) for missing, rows in counted.items()]


def _suspects(
    work: Work, matches: Sequence[_Match], exact: Sequence[int], found: Sequence[Source]
) -> tuple[Suspect, ...]:
    known = recipients_by_id(work, [RecipientId(match.export.recipient_id) for match in matches])
    return tuple(
        Suspect(
            export=ExportId(matches[one.place].export.id),
            exporter_kind=ActorKind(matches[one.place].export.exporter_kind),
            exporter=matches[one.place].export.exporter,
            recipient_key=known[RecipientId(matches[one.place].export.recipient_id)].key,
            made_at=matches[one.place].export.created_at,
            downloaded_at=matches[one.place].export.downloaded_at,
            share=round(100 * one.share),
            rows=exact[one.place],
            times_likelier=round(times_likelier(one.evidence)),
            or_else=tuple(ExportId(matches[other].export.id) for other in one.others),
        )
        for one in found
    )
