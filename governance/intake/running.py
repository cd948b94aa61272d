"""Running an import or its undoing to the end, part by part; what is interrupted goes on where it stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select, text

from governance.intake.applying import apply_next, begin
from governance.intake.batches import report
from governance.intake.helping import errand, helped
from governance.intake.reports import BatchReport, BatchState, Progress, Undone
from governance.intake.tables import ImportBatchRow
from governance.intake.turns import OutOfTurnError
from governance.intake.undoing import begin_undo, undo_next, undone
from governance.kernel.clock import Clock
from governance.kernel.collecting import uncollected
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError
from governance.kernel.ids import BatchId
from governance.kernel.work import Actor, Work, open_work

OnProgress = Callable[[Progress], None]


def run_batch(
    database: Database,
    *,
    actor: Actor,
    batch: BatchId,
    clock: Clock | None = None,
    on_progress: OnProgress | None = None,
) -> BatchReport:
    """Apply all that is left of an import, one transaction per part.

    Where that is much, a second process helps. Each part is marked as done by the transaction that applies it, so that
    whoever is killed leaves neither half of a row nor a row twice, and the next run goes on there.

    Raises:
        NotFoundError: where there is no such import.
        ConflictError: where somebody else is running it, or it is being undone.
    """
    with _alone(database, batch):
        with open_work(database, actor, clock=clock) as work:
            begin(work, batch=batch)
            told = errand(work, batch=batch) if clock is None else None
        with helped(database, told):
            while True:
                try:
                    with uncollected(), open_work(database, actor, clock=clock) as work:
                        progress = apply_next(work, batch=batch)
                except OutOfTurnError:  # what the helper had in hand and gave up comes first
                    continue
                if on_progress is not None:
                    on_progress(progress)
                if progress.done >= progress.total:
                    break
    with open_work(database, actor, clock=clock) as work:
        return report(work, batch=batch)


def undo_batch(
    database: Database,
    *,
    actor: Actor,
    batch: BatchId,
    clock: Clock | None = None,
    on_progress: OnProgress | None = None,
) -> Undone:
    """Restore what was before an import, one transaction per part; people edited since are left and listed.

    Raises:
        NotFoundError: where there is no such import.
        ConflictError: where somebody else is running or undoing it, or it was undone before.
    """
    with _alone(database, batch):
        with open_work(database, actor, clock=clock) as work:
            begin_undo(work, batch=batch)
        while True:
            with open_work(database, actor, clock=clock) as work:
                progress = undo_next(work, batch=batch)
            if on_progress is not None:
                on_progress(progress)
            if progress.done >= progress.total:
                break
    with open_work(database, actor, clock=clock) as work:
        return undone(work, batch=batch)


def resumable(work: Work) -> list[BatchId]:
    """Imports that are not at their end and that nobody is running: the worker takes them up again."""
    states = (BatchState.STAGED, BatchState.RUNNING, BatchState.UNDOING)
    query = select(ImportBatchRow.id).where(ImportBatchRow.state.in_(states)).order_by(ImportBatchRow.id)
    free = text("SELECT pg_try_advisory_xact_lock(:lock)")
    return [
        BatchId(batch)
        for batch in work.session.scalars(query).all()
        if work.session.execute(free, {"lock": _lock(batch)}).scalar_one()
    ]


def resume(
    database: Database,
    *,
    actor: Actor,
    batch: BatchId,
    clock: Clock | None = None,
    on_progress: OnProgress | None = None,
) -> BatchReport:
    """Take up an interrupted import, or its undoing; raises as `run_batch` and `undo_batch` do."""
    with open_work(database, actor, clock=clock) as work:
        state = report(work, batch=batch).state
    if state is BatchState.UNDOING:
        return undo_batch(database, actor=actor, batch=batch, clock=clock, on_progress=on_progress).batch
    return run_batch(database, actor=actor, batch=batch, clock=clock, on_progress=on_progress)


@contextmanager
def _alone(database: Database, batch: BatchId) -> Iterator[None]:
    """Hold the lock of *batch* on a connection of its own: it falls with the process, however that ends."""
    with database.session_lock(_lock(batch)) as taken:
        if not taken:
            raise ConflictError("This import is being worked on by another process; wait until it is done.")
        yield


def _lock(batch: UUID) -> int:
    return int.from_bytes(batch.bytes[8:], "big", signed=True)
