"""What the database knows of the keys: checked against the keyring at start, so that a wrong ring stops the service."""

import hmac
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from governance.vault.errors import KeyringError
from governance.vault.keyring import Epoch, IndexRoot, KeyProvider
from governance.vault.tables import IndexVersionRow, KeyEpochRow


@dataclass(frozen=True, slots=True)
class Versions:
    """Which keys are in use: the epoch that wraps new keys; the index version that is live, coming in, or asked."""

    epoch: int
    live: int
    incoming: int | None
    asked: tuple[int, ...]


def check_keys(session: Session, keys: KeyProvider) -> None:
    """Compare the keyring with what the database was sealed with; tell the database of keys that are new.

    Raises:
        KeyringError: where a key that the database needs is missing or another one.
    """
    known_epochs = {row.id: row for row in session.scalars(select(KeyEpochRow))}
    ring_epochs = {epoch.id: epoch for epoch in keys.epochs()}
    for number, row in known_epochs.items():
        if row.destroyed_at is None:
            _compare(row.check_value, ring_epochs.get(number), f"epoch {number}")
    known_versions = {row.version: row for row in session.scalars(select(IndexVersionRow))}
    ring_versions = {root.version: root for root in keys.index_roots()}
    for number, version in known_versions.items():
        if version.state != "dropped":
            _compare(version.check_value, ring_versions.get(number), f"index root {number}")
    for epoch in ring_epochs.values():
        if epoch.id not in known_epochs:
            add_epoch(session, epoch)
    if not known_versions:
        for root in ring_versions.values():
            add_index_version(session, root, state="live")


def _compare(expected: bytes, held: Epoch | IndexRoot | None, what: str) -> None:
    if held is None:
        raise KeyringError(
            f"The keyring lacks the key of {what}, which this database needs. Restore the right keyring, or the "
            "recovery sheet: governance keys recovery --restore"
        )
    if not hmac.compare_digest(expected, held.check):
        raise KeyringError(
            f"The keyring holds another key for {what} than this database was sealed with. Restore the right keyring."
        )


def add_epoch(session: Session, epoch: Epoch) -> None:
    """Tell the database of a new key-encryption key."""
    values = {"id": epoch.id, "check_value": epoch.check, "created_at": epoch.created_at}
    session.execute(insert(KeyEpochRow).values(values).on_conflict_do_nothing())


def add_index_version(session: Session, root: IndexRoot, *, state: str) -> None:
    """Tell the database of a new index root."""
    values = {"version": root.version, "check_value": root.check, "created_at": root.created_at, "state": state}
    session.execute(insert(IndexVersionRow).values(values).on_conflict_do_nothing())


def index_versions(session: Session) -> Versions:
    """The versions in use."""
    epoch = session.scalar(select(func.max(KeyEpochRow.id)).where(KeyEpochRow.retired_at.is_(None)))
    states: dict[str, list[int]] = {}
    for row in session.scalars(select(IndexVersionRow).order_by(IndexVersionRow.version)):
        states.setdefault(row.state, []).append(row.version)
    if epoch is None or not (states.get("live") or states.get("flipping")):
        raise KeyringError("The database names no key epoch in use; run: governance doctor")
    live = (states.get("flipping") or states["live"])[-1]
    asked = (*states.get("live", ()), *states.get("flipping", ()), *states.get("incoming", ()))
    return Versions(epoch, live, states["incoming"][-1] if "incoming" in states else None, asked)
