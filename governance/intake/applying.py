"""Applying one chunk of an import: all of its rows, or, where one cannot be stored, all but that one."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import func, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.codes import Ground, Source
from governance.customers.records import Origin
from governance.intake.ahead import apart, make_ahead
from governance.intake.batches import OBJECT, Lock, batch_row, notices_of
from governance.intake.duplicates_store import FIND_DUPLICATES
from governance.intake.headings import FileKind
from governance.intake.lookup import Digests, digests_of
from governance.intake.matching import apply_customers
from governance.intake.outcome import UNSTORABLE, Outcome
from governance.intake.reports import BatchState, Progress
from governance.intake.snapshots import TAKE_SNAPSHOT
from governance.intake.staging import RefusedRow, encode_refused, encode_remark, pack
from governance.intake.tables import ImportBatchRow, ImportChunkRow
from governance.intake.turns import planned_anew, wait_for_turn_of
from governance.intake.tying import apply_interactions, apply_purchases
from governance.intake.values import Refusal
from governance.intake.waiting import ReadyRow, read_rows
from governance.kernel import jobs
from governance.kernel.errors import ConflictError
from governance.kernel.ids import BatchId
from governance.kernel.work import Work

Applier = Callable[[Work, Origin, Sequence[ReadyRow]], Outcome]

NOT_STORED = Refusal(
    "", "row-store", "The store does not take this row; compare it with its neighbours and correct it."
)


def begin(work: Work, *, batch: BatchId) -> None:
    """Mark an import as running.

    Raises:
        NotFoundError: where there is no such import.
        ConflictError: where it is being undone, or was.
    """
    row = _open_batch(work, batch, lock=Lock.ALONE)
    if row.state == BatchState.STAGED:
        row.state = BatchState.RUNNING


def apply_next(work: Work, *, batch: BatchId) -> Progress:
    """Apply the next waiting chunk of an import; after the last one the import is finished.

    Safe for many workers at once, and told in the audit log.

    Args:
        work: the transaction that applies all of it and marks it as done.
        batch: the import.

    Raises:
        NotFoundError: where there is no such import.
        ConflictError: where it is being undone, or was.
        OutOfTurnError: where an earlier chunk was given up meanwhile; try again in another transaction.
    """
    if batch_row(work, batch).state == BatchState.STAGED:
        begin(work, batch=batch)
    with planned_anew(work):
        row = _open_batch(work, batch, lock=Lock.SHARED)
        # One that somebody else has in hand is waited for: they might give it up.
        chunk = _claimed(work, row, waiting=False) or _claimed(work, row, waiting=True)
        if chunk is not None:
            _apply(work, row, chunk)
        progress = _progress(work, row)
        if progress.done >= progress.total and row.state != BatchState.FINISHED:
            _finish(work, _open_batch(work, batch, lock=Lock.ALONE), progress)
    return progress


def help_next(work: Work, *, batch: BatchId) -> bool:
    """Apply a waiting chunk that nobody has in hand, beside whoever runs the import; answers whether there was one.

    Raises as `apply_next` does.
    """
    with planned_anew(work):
        row = _open_batch(work, batch, lock=Lock.SHARED)
        chunk = _claimed(work, row, waiting=False)
        if chunk is not None:
            _apply(work, row, chunk)
    return chunk is not None


def _open_batch(work: Work, batch: BatchId, *, lock: Lock) -> ImportBatchRow:
    row = batch_row(work, batch, lock=lock)
    if row.state not in (BatchState.STAGED, BatchState.RUNNING, BatchState.FINISHED):
        raise ConflictError("This import was undone; bring the file again to import it anew.")
    return row


def _claimed(work: Work, row: ImportBatchRow, *, waiting: bool) -> ImportChunkRow | None:
    first = (
        select(ImportChunkRow)
        .where(ImportChunkRow.batch_id == row.id, ImportChunkRow.state == "pending")
        .order_by(ImportChunkRow.number)
        .limit(1)
    )
    return work.session.scalars(first.with_for_update(skip_locked=not waiting)).one_or_none()


def _finish(work: Work, row: ImportBatchRow, progress: Progress) -> None:
    row.state = BatchState.FINISHED
    row.finished_at = work.now
    audit.append(work, Action.IMPORT_FINISHED, object=ObjectRef(OBJECT, row.id), facts={"rows": progress.done})
    if row.kind == FileKind.CUSTOMERS:
        jobs.defer_once(work, FIND_DUPLICATES, waiting=FIND_DUPLICATES)
    jobs.defer_once(work, TAKE_SNAPSHOT, waiting=TAKE_SNAPSHOT)


def _progress(work: Work, row: ImportBatchRow) -> Progress:
    done = select(func.coalesce(func.sum(ImportChunkRow.rows), 0)).where(
        ImportChunkRow.batch_id == row.id, ImportChunkRow.state == "done"
    )
    return Progress(int(work.session.execute(done).scalar_one()), row.rows_good)


def _apply(work: Work, row: ImportBatchRow, chunk: ImportChunkRow) -> None:
    kind = FileKind(row.kind)
    rows = read_rows(kind, chunk)
    origin = Origin(BatchId(row.id), row.created_at, Source(row.source), Ground(row.ground))
    outcome = _applied(work, row, chunk.number, origin, rows)
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
    work.session.flush()
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


def _applied(work: Work, row: ImportBatchRow, number: int, origin: Origin, rows: Sequence[ReadyRow]) -> Outcome:
    """Apply all rows of a chunk: what tells of nobody known ahead of its turn, the rest in its turn."""
    ahead, outcome, later = None, Outcome(), rows
    digests: Digests = {}
    if row.kind == FileKind.CUSTOMERS:
        digests = digests_of(work, (key for one in rows for key in one.keys))
        unknown, bound = apart(work, rows, digests)
        ahead = make_ahead(work, origin, unknown, notices=notices_of(row)) if unknown else None
        later = rows if ahead is None else bound
    wait_for_turn_of(work, row.id, number=number)
    if ahead is not None:
        if ahead.settle(work, digests):
            outcome = ahead.outcome
        else:
            later = rows
    if later:
        outcome.add(_all_but_what_fails(work, origin, _applier(FileKind(row.kind), row), later))
        outcome.remarks.sort(key=lambda remark: remark.number)
    return outcome


def _applier(kind: FileKind, row: ImportBatchRow) -> Applier:
    if kind is FileKind.PURCHASES:
        return apply_purchases
    if kind is FileKind.INTERACTIONS:
        return apply_interactions
    return partial(apply_customers, notices=notices_of(row))


def _all_but_what_fails(work: Work, origin: Origin, applier: Applier, rows: Sequence[ReadyRow]) -> Outcome:
    """Apply *rows* together; where that fails, by halves, until what the store does not take stands alone."""
    try:
        with work.session.begin_nested():
            return applier(work, origin, rows)
    except UNSTORABLE:
        if len(rows) == 1:
            return Outcome(refused={rows[0].waiting.record.number: NOT_STORED})
    half = len(rows) // 2
    outcome = _all_but_what_fails(work, origin, applier, rows[:half])
    outcome.add(_all_but_what_fails(work, origin, applier, rows[half:]))
    return outcome
