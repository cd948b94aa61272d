"""The vault as the rest of the service sees it: seal, open, digest, shred; one per process and database."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction, sessionmaker

from governance.kernel.db import Database, driver_connection
from governance.vault.blind import BlindIndex, Indexer
from governance.vault.ciphers import CipherCache, CipherName, OpenedKey, cipher_name
from governance.vault.columns import bind_indexer
from governance.vault.compartments import SealedColumn
from governance.vault.errors import SealError, UnreadableError, UnsealedWriteError
from governance.vault.formats import bound_to, generation_of, nonces, open_sealed, place, seal
from governance.vault.holding import KeySlot, forget_rolled_back, forget_transaction
from governance.vault.items import OpenItem, SealItem, SealRow
from governance.vault.keyring import KeyProvider
from governance.vault.ledger import LedgerDigests
from governance.vault.orm import PENDING, SealedRow
from governance.vault.owners import Owners
from governance.vault.register import Versions, check_keys, index_plan, index_versions
from governance.vault.sessions import SealedSession, refuse_bulk
from governance.vault.unreadable import Place, Unreadables

READ_AHEAD = 64
"""Each miss in a session loads the keys of this many times more rows than the one before."""
READ_AHEAD_LIMIT = 16_384


VERSIONS_TTL_SECONDS = 5.0
"""No statement uses versions of the blind indexes that were read longer ago; who changes versions waits as long."""


class Vault:
    """Seals and opens. Made once per process by `install`.

    Args:
        keys: where keys come from.
        cache: opened keys; one of its own by default.
        versions_ttl_seconds: see `VERSIONS_TTL_SECONDS`.
    """

    def __init__(
        self,
        keys: KeyProvider,
        *,
        cache: CipherCache | None = None,
        versions_ttl_seconds: float = VERSIONS_TTL_SECONDS,
    ) -> None:
        self.keys = keys
        self.cache = cache or CipherCache()
        self.owners = Owners(keys, self.cache)
        self.ledger = LedgerDigests(keys)
        self.unreadable = Unreadables()
        self.indexer = Indexer(keys, index_plan({"live": keys.index_roots()[-1].version}))
        self.versions_ttl_seconds = versions_ttl_seconds
        self._versions_until = math.inf  # until `install` has read them
        self._deployment = keys.deployment.bytes
        self._places: dict[SealedColumn, bytes] = {}

    @classmethod
    def install(
        cls, database: Database, keys: KeyProvider, *, versions_ttl_seconds: float = VERSIONS_TTL_SECONDS
    ) -> "Vault":
        """Make the vault of *database*: its keys checked against the ring, its sessions sealing from now on.

        Raises:
            KeyringError: where the keyring is not the one that this database was sealed with.
        """
        vault = cls(keys, versions_ttl_seconds=versions_ttl_seconds)
        kept = dict(database.sessions.kw)
        database.sessions = sessionmaker(class_=SealedSession, **kept)
        database.remember(vault=vault)
        bind_indexer(database.engine, vault.indexer)
        with database.sessions.begin() as session:
            check_keys(session, keys)
            vault.refresh(session)
        return vault

    def refresh(self, session: Session) -> None:
        """Take over the versions of keys and indexes that the database names."""
        asked_at = time.monotonic()
        versions: Versions = index_versions(session)
        self.owners.current_epoch = versions.epoch
        self.indexer.plan = versions.plan
        self._versions_until = asked_at + self.versions_ttl_seconds

    def keep_fresh(self, session: Session) -> None:
        """Take the versions over again where they were read too long ago; to be called where they are used."""
        if time.monotonic() > self._versions_until:
            self.refresh(session)

    def seal_many(self, session: Session, items: Sequence[SealItem]) -> list[bytes]:
        """Seal *items* in order; two statements at most, however many they are.

        Raises:
            ShreddedError: where an owner or compartment was shredded.
        """
        ciphers = self.owners.for_sealing(session, _slots(items))
        columns = {id(item.column): item.column for item in items}
        places = {name: self.place(column) for name, column in columns.items()}
        sealed: list[bytes] = []
        before: SealItem | None = None
        for item, nonce in zip(items, nonces(len(items)), strict=True):
            # Values of one row come one after the other, so what they share is looked up once.
            if (
                before is None
                or item.owner is not before.owner
                or item.column.compartment is not before.column.compartment
            ):
                generation, cipher = ciphers[(item.owner, item.column.compartment.value)]
            if before is None or item.owner is not before.owner or item.row_id is not before.row_id:
                row = bound_to(item.row_id, item.owner)
            sealed.append(seal(cipher, generation, places[id(item.column)], row, item.plaintext, nonce=nonce))
            before = item
        return sealed

    def seal_rows(
        self, session: Session, columns: Sequence[SealedColumn], rows: Sequence[SealRow]
    ) -> list[list[bytes | None]]:
        """Seal the values of many rows of one table, as `seal_many` does; None stays None.

        Raises:
            ShreddedError: where an owner or compartment was shredded.
        """
        places = [self.place(column) for column in columns]
        names = [column.compartment.value for column in columns]
        filled = [[at for at, text in enumerate(row.plaintexts) if text is not None] for row in rows]
        slots = [(row.owner, name) for row, of in zip(rows, filled, strict=True) for name in {names[at] for at in of}]
        keys = self.owners.for_sealing(session, slots)
        drawn = nonces(sum(map(len, filled)))
        sealed: list[list[bytes | None]] = []
        for (row_id, owner, plaintexts), of in zip(rows, filled, strict=True):
            row, name = bound_to(row_id, owner), None
            values: list[bytes | None] = [None] * len(plaintexts)
            for at in of:
                if names[at] is not name:
                    name = names[at]
                    generation, cipher = keys[(owner, name)]
                values[at] = seal(cipher, generation, places[at], row, plaintexts[at] or b"", nonce=next(drawn))
            sealed.append(values)
        return sealed

    def open_many(self, session: Session, items: Sequence[OpenItem], *, pass_over: bool = False) -> list[bytes | None]:
        """Open *items* in order, one statement per compartment; None where the key was shredded.

        Args:
            session: the transaction.
            items: what is to be opened.
            pass_over: let a value that was changed or moved be None as well; it is told of all the same.

        Raises:
            UnreadableError: where a value was changed or moved.
        """
        owners: dict[str, dict[UUID, None]] = {}
        for item in items:
            owners.setdefault(item.column.compartment.value, {})[item.owner] = None
        keys = {
            name: key
            for compartment, ids in owners.items()
            for name, key in self.owners.load(session, list(ids), compartment).items()
        }
        opened: list[bytes | None] = []
        for item in items:
            try:
                opened.append(self._open_by(session, keys, item))
            except SealError:
                unreadable = self.unreadable_at(item.column, item.row_id)
                if not pass_over:
                    raise unreadable from None
                opened.append(None)
        return opened

    def _open_by(self, session: Session, keys: Mapping[CipherName, OpenedKey], item: OpenItem) -> bytes | None:
        name = cipher_name(item.owner, item.column.compartment.value, generation_of(item.sealed))
        key = keys.get(name)
        if key is None:
            self.owners.require_shredded(session, name)
            return None
        return open_sealed(key.cipher, self.place(item.column), bound_to(item.row_id, item.owner), item.sealed)

    def unreadable_at(self, column: SealedColumn, row_id: UUID) -> UnreadableError:
        """The error to raise for a value that does not open, after telling of its place."""
        place = Place(column.table, column.column, row_id)
        self.unreadable.note(place)
        return UnreadableError(place)

    def key_for(self, session: Session, name: CipherName, *, near: object = None) -> OpenedKey:
        """Key of one value; keys of rows loaded along with the row *near* are fetched ahead.

        Raises:
            ShreddedError: where it was destroyed.
        """
        mine = self.owners.held_for_opening(session, name)
        if mine is not None:
            return mine
        return self.owners.for_opening(session, name, others=self._read_ahead(session, near, name[1]))

    def digests(self, session: Session, index: BlindIndex, values: Iterable[str]) -> list[tuple[bytes, bytes | None]]:
        """For each of *values* what belongs into the index column and into the column beside it, for bulk writing.

        To be called in the transaction that writes them.
        """
        connection = driver_connection(session)
        if connection.info.transaction_status == TransactionStatus.IDLE:
            connection.execute(b"SELECT")  # who changes versions waits for transactions that have begun
        self.keep_fresh(session)
        return [self.indexer.both(index, value) for value in values]

    def place(self, column: SealedColumn) -> bytes:
        """What values of *column* are bound to in this deployment."""
        found = self._places.get(column)
        if found is None:
            found = self._places[column] = place(self._deployment, column)
        return found

    def _read_ahead(self, session: Session, near: object, compartment: str) -> list[UUID]:
        """Owners whose keys will be wanted next; more of them at each miss, as a file system reads ahead."""
        if not isinstance(near, SealedRow):
            return []
        width: int = session.info.get("vault.read_ahead", 0)
        session.info["vault.read_ahead"] = min(max(READ_AHEAD, width * READ_AHEAD), READ_AHEAD_LIMIT)
        if width == 0:
            return []
        owners: dict[UUID, None] = {}
        for row in session.identity_map.values():
            if isinstance(row, SealedRow):
                owner = row.__dict__.get("owner_id")
                if owner is not None and self.cache.get((owner.bytes, compartment, 1)) is None:
                    owners[owner] = None
                    if len(owners) >= width:
                        break
        return list(owners)


def _slots(items: Iterable[SealItem]) -> Iterator[KeySlot]:
    """Owner and compartment of each of *items*, without what merely repeats the one before."""
    before: SealItem | None = None
    for item in items:
        if before is None or item.owner is not before.owner or item.column.compartment is not before.column.compartment:
            yield item.owner, item.column.compartment.value
        before = item


def vault_of(session: Session) -> Vault:
    """The vault that *session* was opened with."""
    vault: Vault = session.info["vault"]
    return vault


@event.listens_for(SealedSession, "before_flush")
def _seal_pending(session: Session, _context: UOWTransaction, _instances: object) -> None:
    """Seal all pending values of this flush, keys fetched in one statement.

    New rows are sealed from what is known of them even where they were sealed before: the first attempt may have been
    rolled back, and its keys with it.
    """
    wanted: list[tuple[SealedRow, str, bytes]] = []
    for row in session.new:
        if isinstance(row, SealedRow):
            wanted.extend(_known(row))
    for row in session.dirty:
        if isinstance(row, SealedRow):
            wanted.extend((row, name, field.pending_plaintext(row)) for name, field in row.pending_fields())
    if not wanted:
        return
    vault = vault_of(session)
    items = [SealItem(row.sealed_fields[name].place, row.id, _owner(row), text) for row, name, text in wanted]
    values = vault.seal_many(session, items)
    vault.keep_fresh(session)
    for (row, name, plaintext), sealed in zip(wanted, values, strict=True):
        _settle(vault, row, name, plaintext, sealed)
    for row, _, _ in wanted:
        row.__dict__.pop(PENDING, None)


def _known(row: SealedRow) -> list[tuple[SealedRow, str, bytes]]:
    found = ((name, field.known_plaintext(row)) for name, field in row.sealed_fields.items())
    return [(row, name, plaintext) for name, plaintext in found if plaintext is not None]


def _owner(row: SealedRow) -> UUID:
    owner: Any = row.owner_id
    if owner is None:
        raise UnsealedWriteError(f"A {type(row).__name__} with sealed values needs its key owner before it is stored.")
    return UUID(bytes=owner.bytes)


def _settle(vault: Vault, row: SealedRow, name: str, plaintext: bytes, sealed: bytes) -> None:
    field = row.sealed_fields[name]
    field.settle(row, sealed)
    if field.indexed:
        index = field.index_of(row)
        digest, beside = (None, None) if index is None else vault.indexer.both(index, field.index_text(plaintext))
        setattr(row, field.index_name, digest)
        setattr(row, field.next_name, beside)


@event.listens_for(SealedSession, "do_orm_execute")
def _before_statement(state: ORMExecuteState) -> None:
    """Ask the blind indexes by versions that are in use; refuse values by attribute, which bulk statements drop."""
    vault_of(state.session).keep_fresh(state.session)
    mapper = state.bind_mapper
    if (state.is_insert or state.is_update) and mapper is not None and issubclass(mapper.class_, SealedRow):
        given: Any = state.parameters or ()
        rows = (given,) if isinstance(given, Mapping) else given
        if any(name in row for row in rows for name in mapper.class_.sealed_fields):
            refuse_bulk(mapper.class_)


@event.listens_for(SealedSession, "after_rollback")
@event.listens_for(SealedSession, "after_soft_rollback")
def _forget_rolled_back(session: Session, *_previous: SessionTransaction) -> None:
    forget_rolled_back(session)


@event.listens_for(SealedSession, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        forget_transaction(session)
        session.info.pop("vault.read_ahead", None)
