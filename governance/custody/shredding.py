"""Shredding: data keys destroyed, and with them all that they sealed, at once and in every copy by the epoch's end.

Order: keys and digests go in the transaction, its entry is appended, and at the last moment before the commit a
tombstone is written outside the database. If the tombstone cannot be written, nothing is committed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import event, text, update
from sqlalchemy.orm import Session, SessionTransaction

from governance.audit.actions import Action
from governance.audit.appending import append_many
from governance.audit.entries import Fact, NewEntry
from governance.custody.errors import TombstoneError
from governance.custody.rows import IndexedField, indexed_fields
from governance.custody.tombstones import INFO, Outcome, Tombstone, Tombstones
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import OwnerId
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.vault import epochs
from governance.vault.runtime import vault_of
from governance.vault.sessions import SealedSession

OWNERS_PER_ENTRY: Final = 200
"""An entry has room for so many ids."""
_BEGUN: Final = "custody.shredded"
_INTENDED: Final = "custody.intended"
_RUNS: Final = """
SELECT CASE WHEN CAST(:known AS xid8) < pg_current_xact_id()
    THEN pg_xact_status(CAST(:known AS xid8)) = 'in progress' END
"""

log = get_logger(__name__)


class Reason(StrEnum):
    """Why keys are shredded; a person's own words belong into the request, not here."""

    ERASURE_REQUEST = "erasure-request"
    RETENTION_ENDED = "retention-ended"
    IMPORT_UNDONE = "import-undone"
    OBJECT_EXPIRED = "object-expired"
    OPERATOR = "operator"


@frozen
class Shredded:
    """What was shredded.

    Attributes:
        owners: how many key owners.
        keys: data keys destroyed; fewer than expected where they were destroyed before, or never made.
        at: when they became unreadable here.
    """

    owners: int
    keys: int
    at: datetime


@frozen
class _Begun:
    owners: tuple[OwnerId, ...]
    compartments: tuple[str, ...] | None
    at: datetime


def shred(
    work: Work, *, owners: Sequence[OwnerId], reason: Reason, compartments: Sequence[Compartment] | None = None
) -> Shredded:
    """Destroy the data keys of *owners*, all of them or those of *compartments*, and the digests of what they sealed.

    Once an owner is shredded nothing can be sealed for it any more. Copies of the keys end with their epoch
    (`rotation.status` tells when).

    Raises:
        NotFoundError: where one of *owners* does not exist.
        TombstoneError: where this session knows of no place for tombstones. A place that cannot be written stops the
            commit.
    """
    ids = list(dict.fromkeys(owners))
    if not ids:
        return Shredded(0, 0, work.now)
    if not isinstance(work.session.info.get(INFO), Tombstones):
        raise TombstoneError("Nothing may be shredded without a list of tombstones outside the database.")
    if epochs.count_owners(work.session, ids) != len(ids):
        raise NotFoundError("A key owner that is to be shredded does not exist.")
    names = None if compartments is None else tuple(dict.fromkeys(one.value for one in compartments))
    keys = destroy(work.session, ids, names)
    told: dict[str, Fact] = {"reason": reason.value}
    if names is not None:
        told["compartments"] = names
    chunks = [ids[first : first + OWNERS_PER_ENTRY] for first in range(0, len(ids), OWNERS_PER_ENTRY)]
    append_many(work, [NewEntry(Action.OWNER_SHREDDED, facts={**told, "owners": chunk}) for chunk in chunks])
    work.session.info.setdefault(_BEGUN, []).append(_Begun(tuple(ids), names, work.now))
    return Shredded(len(ids), keys, work.now)


def destroy(session: Session, owners: Sequence[OwnerId], compartments: Sequence[str] | None) -> int:
    """Destroy keys and digests, and nothing else: for `shred`, and for following tombstones after a restore."""
    keys = vault_of(session).owners.shred(session, owners, compartments=compartments)
    among = epochs.any_of(owners)
    for fields in _by_table(field for field in indexed_fields() if _covers(compartments, field)):
        table = fields[0].table
        emptied = dict.fromkeys([column for field in fields for column in (field.index, field.beside)])
        session.connection().execute(update(table).where(table.c.owner_id == among).values(emptied))
    return keys


def settle(work: Work, tombstones: Tombstones) -> list[Tombstone]:
    """Write down what became of shreddings whose process died; answers those that were found committed."""
    committed: list[Tombstone] = []
    for one in tombstones.unsettled():
        if one.id is None or (one.transaction is not None and _still_runs(work.session, one.transaction)):
            continue
        done = epochs.all_shredded(work.session, one.owners, one.compartments)
        tombstones.settle(one.id, Outcome.COMMITTED if done else Outcome.VOID)
        if done:
            committed.append(one)
    return committed


def _covers(compartments: Sequence[str] | None, field: IndexedField) -> bool:
    return compartments is None or field.field.compartment.value in compartments


def _by_table(fields: Iterable[IndexedField]) -> list[list[IndexedField]]:
    tables: dict[str, list[IndexedField]] = {}
    for field in fields:
        tables.setdefault(field.table.name, []).append(field)
    return list(tables.values())


def _still_runs(session: Session, transaction: str) -> bool:
    return bool(session.connection().execute(text(_RUNS), {"known": transaction}).scalar())


@event.listens_for(SealedSession, "before_commit")
def _intend(session: Session) -> None:
    """Write the tombstones of what is about to be committed; a savepoint may have taken some of it back."""
    begun: list[_Begun] = session.info.get(_BEGUN, [])
    if not begun or session.in_nested_transaction():
        return
    session.info.pop(_BEGUN)
    tombstones: Tombstones = session.info[INFO]
    transaction = str(session.connection().execute(text("SELECT pg_current_xact_id()")).scalar_one())
    session.info[_INTENDED] = [
        tombstones.intend(owners=one.owners, compartments=one.compartments, at=one.at, transaction=transaction)
        for one in begun
        if epochs.all_shredded(session, one.owners, one.compartments)
    ]


@event.listens_for(SealedSession, "after_commit")
def _confirm(session: Session) -> None:
    for tombstone in session.info.pop(_INTENDED, []):
        try:
            session.info[INFO].settle(tombstone, Outcome.COMMITTED)
        except OSError as error:  # it is committed all the same; `settle` finds that out later
            log.warning("custody.tombstone_unsettled", tombstone=str(tombstone), error_type=type(error).__name__)


@event.listens_for(SealedSession, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    # No outcome is written after a failed commit: the server may have committed before the connection broke.
    if transaction.parent is None:
        session.info.pop(_BEGUN, None)
        session.info.pop(_INTENDED, None)
