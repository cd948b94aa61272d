"""What the database knows of the keys: checked against the keyring at start, so that a wrong ring stops the service."""

import hmac
from collections.abc import Mapping

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from governance.kernel.db import driver_connection
from governance.kernel.records import frozen
from governance.vault.blind import IndexPlan
from governance.vault.errors import KeyringError
from governance.vault.keyring import Epoch, IndexRoot, KeyProvider
from governance.vault.tables import DataKeyRow, IndexVersionRow, KeyEpochRow


@frozen
class Versions:
    """Which keys are in use: the epoch that wraps new keys, and the versions of the blind indexes."""

    epoch: int
    plan: IndexPlan


def check_keys(session: Session, keys: KeyProvider) -> None:
    """Compare the keyring with what the database was sealed with; tell the database of keys that are new.

    Raises:
        KeyringError: where a key that the database needs is missing or another one.
    """
    known_epochs = {row.id: row for row in session.scalars(select(KeyEpochRow))}
    known_versions = {row.version: row for row in session.scalars(select(IndexVersionRow))}
    # After the database was asked: who rotates writes a new key to the ring first, and then tells of it.
    keys.refresh()
    ring_epochs = {epoch.id: epoch for epoch in keys.epochs()}
    for number, row in known_epochs.items():
        if row.destroyed_at is None and (number in ring_epochs or _is_needed(session, row)):
            _compare("epoch", number, row.check_value, ring_epochs)
    ring_versions = {root.version: root for root in keys.index_roots()}
    for number, version in known_versions.items():
        if version.state != "dropped":
            _compare("index root", number, version.check_value, ring_versions)
    for epoch in ring_epochs.values():
        if epoch.id not in known_epochs:
            add_epoch(session, epoch)
    if not known_versions:
        for root in ring_versions.values():
            add_index_version(session, root, state="live")


def _is_needed(session: Session, epoch: KeyEpochRow) -> bool:
    """Whether data keys are wrapped by it, or will be; else its destruction was not written down any more."""
    if epoch.retired_at is None:
        return True
    wraps = exists().where(DataKeyRow.epoch == epoch.id, DataKeyRow.wrapped.is_not(None))
    return bool(session.scalar(select(wraps)))


def _compare(kind: str, number: int, expected: bytes, ring: Mapping[int, Epoch] | Mapping[int, IndexRoot]) -> None:
    held = ring.get(number)
    if held is None and number > max(ring):
        raise KeyringError(
            f"The keyring is older than this database: it lacks the key of {kind} {number}. Copy keyring.json from the "
            "host that rotated the keys; only if it is lost, use the recovery sheet and keyring.sealed: governance "
            "keys recovery --restore"
        )
    if held is None:
        raise KeyringError(
            f"The keyring lacks the key of {kind} {number}, which this database needs. Restore the right keyring, or "
            "the recovery sheet: governance keys recovery --restore"
        )
    if not hmac.compare_digest(expected, held.check):
        raise KeyringError(
            f"The keyring holds another key for {kind} {number} than this database was sealed with. Restore the right "
            "keyring."
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
    """The versions in use. One statement of the driver, since it is asked within flushes and before queries.

    Raises:
        KeyringError: where the database names none.
    """
    connection = driver_connection(session)
    epoch: int | None = None
    states: dict[str, int] = {}
    for state, number in connection.execute(_VERSIONS):
        if state == "epoch":
            epoch = number
        elif state is not None:
            states[state] = number
    if epoch is None or "live" not in states:
        raise KeyringError("The database names no key in use; run: governance doctor")
    return Versions(epoch, index_plan(states))


_VERSIONS = b"""
SELECT 'epoch', max(id)::int FROM key_epoch WHERE retired_at IS NULL
UNION ALL SELECT state, max(version)::int FROM index_version GROUP BY state
"""


def index_plan(states: Mapping[str, int]) -> IndexPlan:
    """What is written and asked while versions are in these states (state to version).

    In every two plans that follow each other both columns can be read by whoever knows one of them, and one of the
    columns holds the same version in all rows, so that a unique constraint over each column holds throughout:

    - live 1: the index column holds 1.
    - incoming 2: 2 is written beside, and then into all older rows. The index column holds 1 in all rows.
    - flipping 2: 2 is written into both and copied over. The column beside holds 2 in all rows.
    - live 2, 1 dropped: 2 is written into the index column, which holds 2 in all rows; the one beside is emptied.
    """
    live, incoming, flipping = states["live"], states.get("incoming"), states.get("flipping")
    if flipping is not None:
        return IndexPlan(written=flipping, beside=flipping, asked=(live, flipping))
    if incoming is not None:
        return IndexPlan(written=live, beside=incoming, asked=(live, incoming))
    return IndexPlan(written=live, beside=None, asked=(live,))
