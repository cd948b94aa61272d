"""Rotation of the keys that wrap data keys: a new epoch, all data keys moved to it, the old key destroyed.

Every step is a transaction of its own and may be repeated: whoever is killed leaves something that the next call goes
on with, and several workers may re-wrap at once. No value is sealed anew; a data key stays the same, wrapped otherwise.

1. A new key in the keyring; its row in `key_epoch`, the older rows retired. Who makes data keys holds the row of their
   epoch, so that retiring it waits for them.
2. Data keys are re-wrapped in batches.
3. When none is left, and nobody can be reading what was before, the old key is destroyed.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from governance.audit.actions import Action
from governance.audit.appending import append
from governance.custody.errors import BusyError
from governance.custody.waiting import let_older_transactions_end
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen
from governance.kernel.work import Actor, Work, open_work
from governance.vault import epochs
from governance.vault.epochs import EpochLife
from governance.vault.keyring import Epoch, KeyProvider
from governance.vault.runtime import vault_of

BATCH: Final = 2000
LOCK: Final = 0x637573746F647901  # "custody", 1
STUCK_SECONDS: Final = 600.0
LEAD: Final = 0.1
"""Part of an epoch's life that is left for re-wrapping, so that its key is destroyed before it is too old."""

log = get_logger(__name__)

Progress = Callable[[int, int], None]
"""Told of the data keys re-wrapped so far, and of all that are to be."""


@frozen
class KeyStatus:
    """Where the keys stand.

    Attributes:
        epochs: oldest first.
        due_at: when the next rotation begins.
        ends_at: when every copy of a key that is shredded now has become worthless, at the latest.
        to_rewrap: data keys that still wait to be moved to the youngest epoch.
        to_destroy: retired epochs whose keys still exist.
    """

    epochs: tuple[EpochLife, ...]
    due_at: datetime
    ends_at: datetime
    to_rewrap: int
    to_destroy: tuple[int, ...]

    @property
    def is_pending(self) -> bool:
        """Whether a rotation was begun and is not done."""
        return bool(self.to_destroy)


@frozen
class Rotated:
    """What a rotation has done.

    Attributes:
        epoch: the one that wraps data keys now.
        rewrapped: data keys moved by this call.
        destroyed: epochs whose keys it destroyed.
    """

    epoch: int
    rewrapped: int
    destroyed: tuple[int, ...]


def _nothing() -> None:
    return


def _nothing_to_seal(_work: Work) -> None:
    return


@frozen
class Duties:
    """What must happen along with a rotation, for copies to stay usable.

    Attributes:
        ring_changed: called with the transaction that tells of a change, before it commits (seals the keyring's copy).
        before_destroying: called before an old key is destroyed (makes a dump of the keys under the new one: the dumps
            under the old one die with it).
    """

    ring_changed: Callable[[Work], None] = _nothing_to_seal
    before_destroying: Callable[[], None] = _nothing


def status(work: Work, *, epoch_days: int) -> KeyStatus:
    """How old the epochs are, how many data keys each wraps, and what is still to be done."""
    lives = tuple(epochs.epoch_lives(work.session))
    standing = [life for life in lives if life.destroyed_at is None]
    current, older = standing[-1], standing[:-1]
    life_time = timedelta(days=epoch_days)
    return KeyStatus(
        epochs=lives,
        due_at=current.created_at + life_time * (1 - LEAD),
        ends_at=current.created_at + life_time,
        to_rewrap=sum(life.keys for life in older),
        to_destroy=tuple(life.id for life in older),
    )


def copies_end_at(work: Work, *, epoch_days: int) -> datetime:
    """When the last copy of what is shredded now has ended with its epoch; `status` counts keys besides."""
    return epochs.epoch_lives(work.session, count_keys=False)[-1].created_at + timedelta(days=epoch_days)


def is_due(work: Work, *, epoch_days: int) -> bool:
    """Whether the youngest epoch is old enough for the next one to begin; an epoch lives *epoch_days* at most."""
    current = epochs.epoch_lives(work.session, count_keys=False)[-1]
    return work.now >= current.created_at + timedelta(days=epoch_days) * (1 - LEAD)


def rotate(
    database: Database,
    keys: KeyProvider,
    actor: Actor,
    *,
    duties: Duties,
    if_due_after_days: int | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Rotated:
    """Begin a new epoch and see the rotation through.

    Args:
        database: of the service's role; no transaction of this process may be open meanwhile.
        keys: where the key is made, and the old one destroyed.
        actor: who asked for it.
        duties: what happens along with it.
        if_due_after_days: begin only where the youngest epoch is due by this (`is_due`); go on with an older rotation
            in any case.
        clock: dates the entries.
        progress: told of re-wrapped keys.

    Raises:
        BusyError: where a transaction stays open for too long; the next call goes on.
    """
    with open_work(database, actor, clock=clock) as work:
        # Of several workers that find it due, the first begins it and the others find it begun.
        work.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if if_due_after_days is None or is_due(work, epoch_days=if_due_after_days):
            _begin(work, keys, duties=duties)
    return resume(database, keys, actor, duties=duties, clock=clock, progress=progress)


def _begin(work: Work, keys: KeyProvider, *, duties: Duties) -> None:
    """Open the next epoch for new data keys."""
    session = work.session
    known = epochs.epoch_lives(session, count_keys=False)[-1]
    unused = [epoch for epoch in keys.epochs() if epoch.id > known.id]
    # A key that an interrupted rotation made, and that wraps nothing yet, is as good as new.
    epoch: Epoch = unused[-1] if unused else keys.add_epoch(now=work.now)
    epochs.open_epoch(session, epoch, now=work.now)
    append(work, Action.KEY_ROTATED, facts={"epoch": epoch.id, "before": known.id})
    duties.ring_changed(work)


def resume(
    database: Database,
    keys: KeyProvider,
    actor: Actor,
    *,
    duties: Duties,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Rotated:
    """Go on with whatever rotation is not done; nothing where none is.

    Raises:
        BusyError: where a transaction stays open for too long; the next call goes on.
    """
    with open_work(database, actor, clock=clock) as work:
        _retire_all_but_youngest(work)
        standing = [life for life in epochs.epoch_lives(work.session) if life.destroyed_at is None]
    current, older = standing[-1], standing[:-1]
    moved = _rewrap_all(database, actor, older, current.id, clock=clock, progress=progress)
    destroyed = _destroy_all(database, keys, actor, older, duties=duties, clock=clock)
    swept = keys.sweep()
    if swept:
        log.info("custody.replaced_keyrings_removed", count=swept)
    return Rotated(current.id, moved, destroyed)


def rewrap_batch(work: Work, *, from_epoch: int, to_epoch: int, limit: int = BATCH) -> int:
    """Move up to *limit* data keys; those that somebody else is moving, or shredding, are passed over."""
    return vault_of(work.session).owners.rewrap(work.session, from_epoch=from_epoch, to_epoch=to_epoch, limit=limit)


def _retire_all_but_youngest(work: Work) -> None:
    """A start of the service may have told the database of a key that an interrupted rotation had made."""
    standing = [life for life in epochs.epoch_lives(work.session, count_keys=False) if life.retired_at is None]
    if len(standing) > 1:
        youngest = standing[-1]
        epochs.retire_before(work.session, youngest.id, now=work.now)
        append(work, Action.KEY_ROTATED, facts={"epoch": youngest.id, "before": standing[-2].id})


def _rewrap_all(
    database: Database,
    actor: Actor,
    older: list[EpochLife],
    current: int,
    *,
    clock: Clock | None,
    progress: Progress | None,
) -> int:
    total, moved = sum(life.keys for life in older), 0
    for life in older:
        last_moved = time.monotonic()
        while True:
            with open_work(database, actor, clock=clock) as work:
                count = rewrap_batch(work, from_epoch=life.id, to_epoch=current)
                left = count > 0 or epochs.wraps_any(work.session, life.id)
            moved += count
            if progress is not None and count:
                progress(moved, total)
            if not left:
                break
            if count:
                last_moved = time.monotonic()
            elif time.monotonic() - last_moved > STUCK_SECONDS:
                raise BusyError("Some data keys have been locked for minutes; end what locks them and run this again.")
            else:
                time.sleep(0.1)
    return moved


def _destroy_all(
    database: Database,
    keys: KeyProvider,
    actor: Actor,
    older: list[EpochLife],
    *,
    duties: Duties,
    clock: Clock | None,
) -> tuple[int, ...]:
    """Destroy the keys of *older* epochs, which wrap nothing any more."""
    with open_work(database, actor, clock=clock) as work:
        known = {life.id for life in epochs.epoch_lives(work.session, count_keys=False) if life.destroyed_at}
    # Also keys that came back with an older copy of the keyring.
    gone = sorted({life.id for life in older} | (known & {epoch.id for epoch in keys.epochs()}))
    if not gone:
        return ()
    let_older_transactions_end(database)  # who read a key as it was wrapped before is done with it
    duties.before_destroying()
    with database.direct_connection() as connection:
        connection.execute(epochs.VACUUM)
    for epoch in gone:
        with open_work(database, actor, clock=clock) as work:
            if epochs.wraps_any(work.session, epoch):
                raise BusyError("A data key came back to an epoch that had been emptied; run this again.")
        keys.destroy_epoch(epoch)
        # Should this process die here, the next call writes it down; the start of the service does not mind.
        with open_work(database, actor, clock=clock) as work:
            if epochs.mark_destroyed(work.session, epoch, now=work.now):
                append(work, Action.KEY_DESTROYED, facts={"epoch": epoch})
            duties.ring_changed(work)
        with database.sessions() as session:
            vault_of(session).owners.forget_epochs()
        log.info("custody.epoch_destroyed", epoch=epoch)
    return tuple(gone)
