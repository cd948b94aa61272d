"""Applying one chunk of an import: all of its rows, or, where one cannot be stored, all but that one."""

from collections.abc import Callable, Sequence
from functools import partial

import psycopg
from sqlalchemy import func, select
from sqlalchemy.exc import DataError, IntegrityError

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.codes import Ground, Source
from governance.customers.records import Origin
from governance.intake.ahead import ReadyChunk, ReadyRow, read_chunk
from governance.intake.batches import OBJECT, batch_row, notices_of
from governance.intake.duplicates_store import FIND_DUPLICATES
from governance.intake.headings import FileKind
from governance.intake.merging import apply_customers
from governance.intake.outcome import Outcome
from governance.intake.reports import BatchState, Progress
from governance.intake.staging import RefusedRow, encode_refused, encode_remark, pack
from governance.intake.tables import ImportBatchRow, ImportChunkRow
from governance.intake.turns import in_turn
from governance.intake.tying import apply_interactions, apply_purchases
from governance.intake.values import Refusal
from governance.kernel import jobs
from governance.kernel.errors import ConflictError, GovernanceError
from governance.kernel.ids import BatchId
from governance.kernel.work import Work

Applier = Callable[[Work, Origin, Sequence[ReadyRow]], Outcome]

NOT_STORED = Refusal(
    "", "row-store", "The store does not take this row; compare it with its neighbours and correct it."
)


def apply_next(work: Work, *, batch: BatchId, ready: ReadyChunk | None = None) -> Progress:
    """Apply the next waiting chunk of an import; after the last one the import is finished.

    Safe for many workers at once, and told in the audit log.

    Args:
        work: the transaction that applies all of it and marks it as done.
        batch: the import.
        ready: a chunk that was read ahead; used if it is the one whose turn it is.

    Raises:
        NotFoundError: where there is no such import.
        ConflictError: where it is being undone, or was.
    """
    with in_turn(work):
        return _apply_next(work, batch, ready)


def _apply_next(work: Work, batch: BatchId, ready: ReadyChunk | None) -> Progress:
    row = batch_row(work, batch, locked=True)
    if row.state not in (BatchState.STAGED, BatchState.RUNNING, BatchState.FINISHED):
        raise ConflictError("This import was undone; bring the file again to import it anew.")
    chunk = work.session.scalars(
        select(ImportChunkRow)
        .where(ImportChunkRow.batch_id == batch, ImportChunkRow.state == "pending")
        .order_by(ImportChunkRow.number)
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if chunk is not None:
        row.state = BatchState.RUNNING
        _apply(work, row, chunk, ready if ready is not None and ready.id == chunk.id else None)
        work.session.flush()
    progress = _progress(work, row)
    if progress.done >= progress.total and row.state != BatchState.FINISHED:
        row.state = BatchState.FINISHED
        row.finished_at = work.now
        audit.append(work, Action.IMPORT_FINISHED, object=ObjectRef(OBJECT, row.id), facts={"rows": progress.done})
        if row.kind == FileKind.CUSTOMERS:
            jobs.defer_once(work, FIND_DUPLICATES, waiting=FIND_DUPLICATES)
    return progress


def _progress(work: Work, row: ImportBatchRow) -> Progress:
    done = select(func.coalesce(func.sum(ImportChunkRow.rows), 0)).where(
        ImportChunkRow.batch_id == row.id, ImportChunkRow.state == "done"
    )
    return Progress(int(work.session.execute(done).scalar_one()), row.rows_good)


def _apply(work: Work, row: ImportBatchRow, chunk: ImportChunkRow, ready: ReadyChunk | None) -> None:
    kind = FileKind(row.kind)
    rows = (ready or read_chunk(kind, chunk)).rows
    origin = Origin(BatchId(row.id), row.created_at, Source(row.source), Ground(row.ground))
    outcome = _all_but_what_fails(work, origin, _applier(kind, row), rows)
    refused = [
        encode_refused(RefusedRow(one.record.number, True, one.cells, (outcome.refused[one.record.number],)))
        for one in (ready_row.waiting for ready_row in rows)
        if one.record.number in outcome.refused
    ]
    chunk.state = "done"
    chunk.applied_at = work.now
    chunk.created, chunk.enriched, chunk.unchanged = outcome.created, outcome.enriched, outcome.unchanged
    chunk.refused = len(refused)
    chunk.possible_doubles = sum(remark.code == "possible-double" for remark in outcome.remarks)
    # What waited is in the store now; a second copy would only have to be protected.
    chunk.payload = None
    chunk.late_refusals = pack(refused) if refused else None
    chunk.remarks = pack([encode_remark(remark) for remark in outcome.remarks]) if outcome.remarks else None
    audit.append(
        work,
        Action.IMPORT_BATCH_APPLIED,
        object=ObjectRef(OBJECT, row.id),
        facts={
            "part": chunk.number,
            "created": outcome.created,
            "enriched": outcome.enriched,
            "unchanged": outcome.unchanged,
            "refused": len(refused),
        },
    )


def _applier(kind: FileKind, row: ImportBatchRow) -> Applier:
    if kind is FileKind.PURCHASES:
        return apply_purchases
    if kind is FileKind.INTERACTIONS:
        return apply_interactions
    return partial(apply_customers, notices=notices_of(row))


_UNSTORABLE = (DataError, IntegrityError, psycopg.DataError, psycopg.IntegrityError, GovernanceError, UnicodeError)
"""What one row may bring about; anything else (a lost connection, a full disk) ends the chunk to be tried again."""


def _all_but_what_fails(work: Work, origin: Origin, applier: Applier, rows: Sequence[ReadyRow]) -> Outcome:
    """Apply *rows* together; where that fails, by halves, until what the store does not take stands alone."""
    try:
        with work.session.begin_nested():
            return applier(work, origin, rows)
    except _UNSTORABLE:
        if len(rows) == 1:
            return Outcome(refused={rows[0].waiting.record.number: NOT_STORED})
    half = len(rows) // 2
    outcome = _all_but_what_fails(work, origin, applier, rows[:half])
    outcome.add(_all_but_what_fails(work, origin, applier, rows[half:]))
    return outcome
