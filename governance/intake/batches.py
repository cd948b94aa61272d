"""Imports as they stand: found, reported, their refused rows given out and, after a week, destroyed."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.codes import NOT_FROM_THE_PERSON, Ground, Source
from governance.customers.duty import month_after
from governance.intake.cells import for_csv
from governance.intake.claims import NoticeShown
from governance.intake.files import ColumnMeaning, FileFacts
from governance.intake.headings import FileKind
from governance.intake.reports import BatchReport, BatchState
from governance.intake.staging import RefusedRow, Remark, decode_refused, unpack
from governance.intake.tables import ImportBatchRow, ImportChunkRow
from governance.intake.values import Refusal
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import BatchId
from governance.kernel.records import frozen
from governance.kernel.work import Work

REFUSED_KEPT = timedelta(days=7)
OBJECT = "import-batch"


class Lock(Enum):
    """How the row of an import is held until the transaction ends.

    Attributes:
        SHARED: by all who apply its chunks: its state stays as it is.
        ALONE: by whoever changes it.
    """

    SHARED = "shared"
    ALONE = "alone"


def batch_row(work: Work, batch: BatchId, *, lock: Lock | None = None) -> ImportBatchRow:
    """The row of an import.

    Raises:
        NotFoundError: where there is none of this id.
    """
    query = select(ImportBatchRow).where(ImportBatchRow.id == batch)
    if lock is not None:
        query = query.with_for_update(read=lock is Lock.SHARED).execution_options(populate_existing=True)
    found = work.session.scalars(query).one_or_none()
    if found is None:
        raise NotFoundError("There is no import of this id.")
    return found


def report(work: Work, *, batch: BatchId) -> BatchReport:
    """An import as it stands.

    Raises:
        NotFoundError: where there is none of this id.
    """
    return report_of(work, batch_row(work, batch))


def batches(work: Work, *, limit: int = 50, before: BatchId | None = None) -> list[BatchReport]:
    """Imports, newest first; *before* continues after the last one of a page."""
    query = select(ImportBatchRow).order_by(ImportBatchRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(ImportBatchRow.id < before)
    return _reports_of(work, work.session.scalars(query).all())


def report_of(work: Work, row: ImportBatchRow) -> BatchReport:
    """The report of a batch row, counted from its chunks."""
    return _reports_of(work, [row])[0]


def _reports_of(work: Work, rows: Sequence[ImportBatchRow]) -> list[BatchReport]:
    done = func.coalesce(func.sum(ImportChunkRow.rows).filter(ImportChunkRow.state != "pending"), 0)
    sums = [
        func.coalesce(func.sum(column), 0)
        for column in (
            ImportChunkRow.created,
            ImportChunkRow.enriched,
            ImportChunkRow.unchanged,
            ImportChunkRow.refused,
            ImportChunkRow.possible_doubles,
        )
    ]
    query = select(ImportChunkRow.batch_id, done, *sums).where(ImportChunkRow.batch_id.in_([row.id for row in rows]))
    counted = {
        batch: [int(one) for one in counts]
        for batch, *counts in work.session.execute(query.group_by(ImportChunkRow.batch_id))
    }
    return [_report(row, counted.get(row.id, [0] * (1 + len(sums)))) for row in rows]


def _report(row: ImportBatchRow, counts: Sequence[int]) -> BatchReport:
    applied, created, enriched, unchanged, refused_late, possible = counts
    about: dict[str, Any] = row.about or {}
    source = Source(row.source)
    to_inform = int(about.get("to_inform", row.rows_good if source in NOT_FROM_THE_PERSON else 0))
    return BatchReport(
        id=BatchId(row.id),
        state=BatchState(row.state),
        kind=FileKind(row.kind),
        source=source,
        ground=Ground(row.ground),
        file_name=str(about.get("file_name", "")),
        file=facts_from(about["file"]),
        created_at=row.created_at,
        finished_at=row.finished_at,
        undone_at=row.undone_at,
        done=applied,
        good=row.rows_good,
        refused=row.rows_refused,
        skipped=row.rows_skipped,
        incomplete=int(about.get("incomplete", 0)),
        created=created,
        enriched=enriched,
        unchanged=unchanged,
        refused_late=refused_late,
        possible_doubles=possible,
        to_inform=to_inform,
        inform_by=month_after(row.created_at) if to_inform else None,
        refused_until=row.refused_until,
    )


def notices_of(row: ImportBatchRow) -> dict[str, NoticeShown]:
    """The notices that the people of an import were shown, by purpose."""
    told: dict[str, list[Any]] = (row.about or {}).get("notices", {})
    return {purpose: NoticeShown(*shown) for purpose, shown in told.items()}


def facts_to(facts: FileFacts) -> dict[str, Any]:
    """What was found out about a file, as JSON."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(facts)))
    return told


def facts_from(stored: dict[str, Any]) -> FileFacts:
    """What `facts_to` stored."""
    return FileFacts(
        **{
            **stored,
            "kind": FileKind(stored["kind"]),
            "columns": tuple(ColumnMeaning(**column) for column in stored["columns"]),
            **{name: tuple(stored[name]) for name in ("other_sheets", "unknown", "repeated")},
        }
    )


def refused_rows(work: Work, *, batch: BatchId) -> Iterator[RefusedRow]:
    """Rows of which something was refused, as they stood, in the order of the file; told in the audit log.

    Raises:
        NotFoundError: where there is no such import, or its refused rows were destroyed after a week.
    """
    row = batch_row(work, batch)
    if row.refused_until is None or row.refused_until <= work.now:
        raise NotFoundError("The refused rows of this import are not kept any more.")
    audit.append(work, Action.IMPORT_REFUSALS_READ, object=ObjectRef(OBJECT, row.id), facts={"rows": row.rows_refused})
    return _refused(work, batch)


def _refused(work: Work, batch: BatchId) -> Iterator[RefusedRow]:
    query = select(ImportChunkRow).where(ImportChunkRow.batch_id == batch).order_by(ImportChunkRow.number)
    for chunk in work.session.scalars(query.execution_options(yield_per=1)):
        found = [
            row
            for content in (chunk.refusals, chunk.late_refusals)
            if content
            for row in decode_refused(unpack(content))
        ]
        work.session.expunge(chunk)
        yield from sorted(found, key=lambda row: row.number)


@frozen
class RefusedWords:
    """Words of a file of refused rows, for entry points that speak another language.

    Attributes:
        headings: over row number, outcome and reasons.
        outcomes: nothing of the row was taken; all but the refused cells.
        say: why a cell or row is refused, with its column.
    """

    headings: tuple[str, str, str]
    outcomes: tuple[str, str]
    say: Callable[[Refusal], str]


def _in_english(one: Refusal) -> str:
    return f"{one.column}: {one.reason}" if one.column else one.reason


_ENGLISH: Final = RefusedWords(("row", "imported", "why"), ("no", "without these cells"), _in_english)


def refused_csv(work: Work, *, batch: BatchId, words: RefusedWords = _ENGLISH) -> Iterator[str]:
    """The refused rows as lines of CSV: row number, what became of it, reasons, then the cells as they stood.

    Text that a spreadsheet would take for a formula is made harmless. Raises as `refused_rows` does.
    """
    rows = refused_rows(work, batch=batch)
    columns = report(work, batch=batch).file.columns
    return _csv_lines(rows, [column.heading for column in columns], words)


def _csv_lines(rows: Iterator[RefusedRow], headings: Sequence[str], words: RefusedWords) -> Iterator[str]:
    yield _csv_line([*words.headings, *headings])
    nothing, some = words.outcomes
    for row in rows:
        why = " ".join(map(words.say, row.refusals))
        yield _csv_line([str(row.number), nothing if row.whole else some, why, *row.cells])


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([for_csv(cell) for cell in cells])
    return line.getvalue()


def remarks(work: Work, *, batch: BatchId) -> list[Remark]:
    """Rows that people should look at: possible doubles, contacts of several people."""
    row = batch_row(work, batch)
    query = select(ImportChunkRow).where(ImportChunkRow.batch_id == row.id).order_by(ImportChunkRow.number)
    found: list[Remark] = []
    for chunk in work.session.scalars(query):
        if chunk.remarks:
            found.extend(Remark(**remark) for remark in unpack(chunk.remarks))
    return found


def purge_refused(work: Work) -> int:
    """Destroy the refused rows of all imports whose week is over; answers of how many imports."""
    over = select(ImportBatchRow.id).where(ImportBatchRow.refused_until <= work.now)
    ids = list(work.session.scalars(over.with_for_update(skip_locked=True)))
    if ids:
        forget_refused(work, ids)
    return len(ids)


def forget_refused(work: Work, ids: list[UUID]) -> None:
    """Destroy the refused rows of imports, for whoever has locked them and decided it."""
    work.session.execute(
        update(ImportChunkRow)
        .where(ImportChunkRow.batch_id.in_(ids))
        .values(refusals_sealed=None, late_refusals_sealed=None)
    )
    work.session.execute(update(ImportBatchRow).where(ImportBatchRow.id.in_(ids)).values(refused_until=None))
