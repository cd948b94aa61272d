"""Undoing an import, part by part: what nobody touched since goes, the rest stays and is listed."""

from functools import partial

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.consent import operations as consent
from governance.customers.undo import UndonePart, undo_part
from governance.intake.batches import OBJECT, Lock, batch_row, report_of
from governance.intake.reports import BatchState, Progress, Undone
from governance.intake.tables import ImportBatchRow, ImportChunkRow, ImportKeptRow
from governance.intake.turns import in_turn
from governance.kernel.errors import ConflictError
from governance.kernel.ids import BatchId, EntryId, SubjectId
from governance.kernel.work import Work


def begin_undo(work: Work, *, batch: BatchId) -> None:
    """From now on nothing more of this import is applied.

    Raises:
        NotFoundError: where there is no such import.
        ConflictError: where it was undone before.
    """
    row = batch_row(work, batch, lock=Lock.ALONE)
    if row.state == BatchState.UNDONE:
        raise ConflictError("This import was undone before.")
    row.state = BatchState.UNDOING
    work.session.execute(
        update(ImportChunkRow)
        .where(ImportChunkRow.batch_id == batch, ImportChunkRow.state == "pending")
        .values(state="undone", payload_sealed=None)
    )


def undo_next(work: Work, *, batch: BatchId) -> Progress:
    """Undo the next part of an import whose undoing has begun.

    Raises:
        NotFoundError: where there is no such import.
        ConflictError: where its undoing has not begun.
    """
    with in_turn(work):
        return _undo_next(work, batch)


def _undo_next(work: Work, batch: BatchId) -> Progress:
    row = batch_row(work, batch, lock=Lock.ALONE)
    if row.state != BatchState.UNDOING:
        raise ConflictError("The undoing of this import has not begun, or is at its end.")
    if not _take_back_consents(work, row):
        return Progress(min(_met(work, row), _total(work, row) - 1), _total(work, row))
    part = undo_part(
        work,
        batch=batch,
        used=partial(consent.said_otherwise, batch=batch),
        before_removal=lambda work, people: consent.keep_stops(work, people=people),
    )
    row.undone_removed += part.purchases + part.interactions + part.people
    row.undone_restored += part.restored
    _keep(work, batch, part)
    if part.done:
        _end(work, row)
    total = _total(work, row)
    return Progress(total if part.done else min(_met(work, row), total - 1), total)


def _take_back_consents(work: Work, row: ImportBatchRow) -> bool:
    """Take back the next consents of an import, while its people are there to be told of; answers whether all are."""
    after = None if row.taken_back_to is None else EntryId(row.taken_back_to)
    part = consent.invalidate(work, batch=BatchId(row.id), after=after)
    if part.next_after is None:
        return True
    row.taken_back_to = part.next_after
    return False


def undone(work: Work, *, batch: BatchId) -> Undone:
    """What became of an undoing.

    Raises:
        NotFoundError: where there is no such import.
    """
    row = batch_row(work, batch)
    kept = select(ImportKeptRow.person_id).where(ImportKeptRow.batch_id == batch).order_by(ImportKeptRow.person_id)
    return Undone(
        batch=report_of(work, row),
        removed=row.undone_removed,
        restored=row.undone_restored,
        edited_since=tuple(map(SubjectId, work.session.scalars(kept))),
    )


def _keep(work: Work, batch: BatchId, part: UndonePart) -> None:
    if part.kept:
        rows = [{"batch_id": batch, "person_id": person} for person in dict.fromkeys(part.kept)]
        work.session.execute(insert(ImportKeptRow).on_conflict_do_nothing(), rows)


def _end(work: Work, row: ImportBatchRow) -> None:
    work.session.execute(update(ImportChunkRow).where(ImportChunkRow.batch_id == row.id).values(state="undone"))
    row.state = BatchState.UNDONE
    row.undone_at = work.now
    count = select(func.count()).select_from(ImportKeptRow).where(ImportKeptRow.batch_id == row.id)
    audit.append(
        work,
        Action.IMPORT_UNDONE,
        object=ObjectRef(OBJECT, row.id),
        facts={
            "removed": row.undone_removed,
            "restored": row.undone_restored,
            "kept": work.session.execute(count).scalar_one(),
        },
    )


def _met(work: Work, row: ImportBatchRow) -> int:
    count = select(func.count()).select_from(ImportKeptRow).where(ImportKeptRow.batch_id == row.id)
    return row.undone_removed + row.undone_restored + int(work.session.execute(count).scalar_one())


def _total(work: Work, row: ImportBatchRow) -> int:
    """What there was to undo; rows may enrich one person twice, so this is an upper bound."""
    sums = func.coalesce(func.sum(ImportChunkRow.created + ImportChunkRow.enriched), 0)
    return max(1, int(work.session.execute(select(sums).where(ImportChunkRow.batch_id == row.id)).scalar_one()))
