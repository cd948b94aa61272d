"""Lives of epochs and index versions as the database knows them; `governance.custody` moves them on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, any_, bindparam, case, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from governance.kernel.db import ArrayText, id_list
from governance.kernel.records import frozen
from governance.vault.keyring import Epoch
from governance.vault.owners import NOTIFY_CHANNEL
from governance.vault.register import add_epoch
from governance.vault.tables import DataKeyRow, IndexVersionRow, KeyEpochRow, KeyOwnerRow, KeyringCopyRow

VACUUM: Final = b"VACUUM (INDEX_CLEANUP ON) data_key, keyring_copy"
"""Removes the versions of rows that nobody sees any more; outside a transaction, with MAINTAIN on the tables."""


@frozen
class EpochLife:
    """An epoch as the database knows it.

    Attributes:
        created_at: when its key was made.
        retired_at: since when it wraps no new data keys.
        destroyed_at: when its key was destroyed.
        keys: data keys that it still wraps.
    """

    id: int
    created_at: datetime
    retired_at: datetime | None
    destroyed_at: datetime | None
    keys: int


def epoch_lives(session: Session, *, count_keys: bool = True) -> list[EpochLife]:
    """All epochs, oldest first; counting the keys reads the whole index of them."""
    counts: dict[int, int] = {}
    if count_keys:
        wrapped = select(DataKeyRow.epoch, func.count()).where(DataKeyRow.wrapped.is_not(None))
        counts = dict(iter(session.execute(wrapped.group_by(DataKeyRow.epoch))))
    rows = session.scalars(
        select(KeyEpochRow).order_by(KeyEpochRow.id).execution_options(populate_existing=True)
    )  # fmt: skip
    return [EpochLife(row.id, row.created_at, row.retired_at, row.destroyed_at, counts.get(row.id, 0)) for row in rows]


def wraps_any(session: Session, epoch: int) -> bool:
    """Whether a data key is still wrapped by the key of *epoch*."""
    found = select(DataKeyRow.epoch).where(DataKeyRow.epoch == epoch, DataKeyRow.wrapped.is_not(None)).limit(1)
    return session.scalar(found) is not None


def open_epoch(session: Session, epoch: Epoch, *, now: datetime) -> None:
    """Let *epoch* wrap new data keys from the commit on, and no older one; waits for those who are making keys."""
    add_epoch(session, epoch)
    retire_before(session, epoch.id, now=now)


def retire_before(session: Session, epoch: int, *, now: datetime) -> None:
    """Let no epoch before *epoch* wrap new data keys; waits for those who are making some."""
    session.execute(
        update(KeyEpochRow)
        .where(KeyEpochRow.id < epoch, KeyEpochRow.retired_at.is_(None))
        .values(retired_at=now)
        .execution_options(synchronize_session=False)
    )
    announce(session)


def mark_destroyed(session: Session, epoch: int, *, now: datetime) -> bool:
    """Write down that the key of *epoch* is destroyed; whether that was news."""
    done = session.execute(
        update(KeyEpochRow)
        .where(KeyEpochRow.id == epoch, KeyEpochRow.destroyed_at.is_(None))
        .values(destroyed_at=now)
        .returning(KeyEpochRow.id)
        .execution_options(synchronize_session=False)
    )
    announce(session)
    return done.first() is not None


def index_states(session: Session) -> dict[int, str]:
    """State of each version of the blind indexes."""
    found = session.execute(select(IndexVersionRow.version, IndexVersionRow.state))
    return dict(iter(found))


def set_index_states(session: Session, states: Mapping[int, str]) -> None:
    """Change the states of versions, in one statement: between two, this process could read half of it."""
    session.connection().execute(
        update(IndexVersionRow)
        .where(IndexVersionRow.version.in_(list(states)))
        .values(state=case(dict(states), value=IndexVersionRow.version))
    )
    announce(session)


def all_shredded(session: Session, owners: Sequence[UUID], compartments: Sequence[str] | None) -> bool:
    """Whether nothing can be sealed or opened any more for any of *owners* that exist, in *compartments* or at all."""
    if compartments is None:
        alive = select(KeyOwnerRow.id).where(KeyOwnerRow.id == any_of(owners), KeyOwnerRow.shredded_at.is_(None))
        return session.scalar(alive.limit(1)) is None
    slots = session.execute(
        text(
            "SELECT EXISTS (SELECT FROM key_owner o CROSS JOIN unnest(CAST(:names AS text[])) c "
            "WHERE o.id = ANY(CAST(:ids AS uuid[])) AND o.shredded_at IS NULL AND (EXISTS ("
            "SELECT FROM data_key k WHERE k.owner_id = o.id AND k.compartment = c AND k.wrapped IS NOT NULL) "
            "OR NOT EXISTS (SELECT FROM data_key k WHERE k.owner_id = o.id AND k.compartment = c)))"
        ),
        {"ids": id_list(owners), "names": list(compartments)},
    )
    return slots.scalar_one() is False


def shredded_since(owner: ColumnElement[UUID], compartment: str, at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether a key of a compartment was destroyed at an instant or later, as a part of somebody else's statement."""
    gone = select(DataKeyRow.owner_id).where(
        DataKeyRow.owner_id == owner, DataKeyRow.compartment == compartment, DataKeyRow.shredded_at >= at
    )
    return exists(gone)


def known_owners(session: Session, owners: Sequence[UUID]) -> set[UUID]:
    """Those of *owners* that exist."""
    return set(session.scalars(select(KeyOwnerRow.id).where(KeyOwnerRow.id == any_of(owners))))


def count_owners(session: Session, owners: Sequence[UUID]) -> int:
    """How many of *owners* exist."""
    return session.scalar(select(func.count()).where(KeyOwnerRow.id == any_of(owners))) or 0


def any_of(ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Any of *ids*, as one parameter however many they are."""
    return any_(bindparam(None, id_list(ids), type_=ArrayText("UUID"), unique=True))


def keep_copy(session: Session, sealed: bytes, *, of_ring: bytes, now: datetime) -> None:
    """Put the sealed copy of the keyring in place of the one before."""
    values = {"sealed": sealed, "of_ring": of_ring, "made_at": now}
    statement = insert(KeyringCopyRow).values(id=1, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def announce(session: Session) -> None:
    """Tell all processes, on commit, that keys or versions have changed."""
    session.connection().execute(text("SELECT pg_notify(:channel, '')"), {"channel": NOTIFY_CHANNEL})
