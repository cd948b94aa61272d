"""Key owners and their data keys: made on first sealing, locked while sealing, gone when shredded.

A transaction that seals holds `FOR KEY SHARE` on the owner's row, shredding takes `FOR UPDATE`: so a value is never
sealed under a key that is being destroyed, and an owner that was shredded never gets a key again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.orm import Session

from governance.kernel.arrays import uuids
from governance.kernel.db import driver_connection, id_list, one_trip
from governance.vault.ciphers import CipherCache, CipherName, OpenedKey, cipher_name
from governance.vault.compartments import OwnerKind
from governance.vault.errors import KeyringError, SealError, ShreddedError
from governance.vault.formats import KEY_BYTES, KeyPlaces, random_pieces, unwrap, wrap
from governance.vault.holding import HELD, SHREDDED, Held, KeySlot
from governance.vault.keyring import KeyProvider
from governance.vault.new_keys import FIRST_GENERATION, Wrapping, binary_rows, insert_keys

NOTIFY_CHANNEL = "governance_keys"
EPOCH_ATTEMPTS = 3

_MAKE_OWNERS = """
INSERT INTO key_owner (id, kind, created_at) SELECT id, %s, now() FROM unnest(%b::uuid[]) AS id
"""
_LOCK = "SELECT id, shredded_at IS NOT NULL FROM key_owner WHERE id = ANY(%b) FOR KEY SHARE"
_LOAD_LOCKED = "SELECT owner_id, compartment, generation, epoch, wrapped FROM data_key WHERE owner_id = ANY(%b)"
_LOAD = """
SELECT uuid_send(owner_id), generation, epoch, wrapped FROM data_key
WHERE owner_id = ANY(%b) AND compartment = %s AND wrapped IS NOT NULL
"""
_WHY_MISSING = """
SELECT EXISTS (SELECT FROM key_owner WHERE id = %(owner)s AND shredded_at IS NOT NULL) OR EXISTS (
    SELECT FROM data_key WHERE owner_id = %(owner)s AND compartment = %(compartment)s AND wrapped IS NULL
    AND generation IN (0, %(generation)s)
)
"""


class Owners:
    """Data keys of key owners, behind one key provider and one cache of opened ciphers."""

    def __init__(self, keys: KeyProvider, cache: CipherCache) -> None:
        self._keys = keys
        self._cache = cache
        self._deployment = keys.deployment.bytes
        self._keks: dict[int, AESGCM] = {}
        self.current_epoch = keys.epochs()[-1].id

    def create(self, session: Session, kind: OwnerKind, ids: Sequence[UUID]) -> None:
        """Make key owners. Their keys are made when something is sealed for them."""
        if ids:
            binary_rows(session, _MAKE_OWNERS, (kind.value, list(ids)))
            self._held(session).new.update(ids)

    def _held(self, session: Session) -> Held:
        held: Held = session.info.setdefault(HELD, Held(self._cache))
        return held

    def for_sealing(self, session: Session, slots: Iterable[KeySlot]) -> Mapping[KeySlot, tuple[int, AESGCM]]:
        """Newest generation and cipher of each slot, the owners locked until the transaction ends.

        Raises:
            ShreddedError: where an owner, or this compartment of it, was shredded.
            KeyringError: where no epoch is open for new keys.
        """
        held = self._held(session)
        wanted = [slot for slot in dict.fromkeys(slots) if slot not in held.sealing]
        if wanted:
            unlocked = {owner for owner, _ in wanted} - held.locked - held.new
            if unlocked:
                self._lock_and_load(session, held, unlocked)
            missing = [slot for slot in wanted if slot not in held.sealing]
            if missing:
                self._create_keys(session, held, missing)
        return held.sealing

    def ask_for_sealing(self, session: Session, owners: Iterable[UUID]) -> Callable[[], None]:
        """Lock *owners* and fetch their keys within a `one_trip`; what is given back takes them over behind it.

        So `for_sealing` finds them at hand. It raises as that does.
        """
        held = self._held(session)
        wanted = set(owners) - held.locked - held.new
        return self._ask(session, held, wanted) if wanted else _nothing

    def _lock_and_load(self, session: Session, held: Held, owners: set[UUID]) -> None:
        with one_trip(session):
            take = self._ask(session, held, owners)
        take()

    def _ask(self, session: Session, held: Held, owners: set[UUID]) -> Callable[[], None]:
        connection, asked = driver_connection(session), (uuids(owners),)
        # Two statements: one that waited for a lock would still see the keys as they were before.
        locked = connection.cursor(binary=True).execute(_LOCK, asked)
        keys = connection.cursor(binary=True).execute(_LOAD_LOCKED, asked)
        return lambda: self._take(held, owners, locked.fetchall(), keys.fetchall())

    def _take(
        self, held: Held, owners: set[UUID], locked: Sequence[tuple[Any, ...]], keys: Sequence[tuple[Any, ...]]
    ) -> None:
        if any(gone for _, gone in locked):
            raise ShreddedError("The key of this data was destroyed; nothing can be stored for it any more.")
        if len(locked) != len(owners):
            raise ShreddedError("A key owner that values are to be sealed for does not exist.")
        for owner, compartment, generation, epoch, wrapped in keys:
            slot = (owner, compartment)
            if wrapped is None:
                held.shredded.add(slot)
            elif slot not in held.sealing or held.sealing[slot][0] < generation:
                cipher = self._unwrap(owner, compartment, generation, epoch, wrapped)
                held.sealing[slot] = (generation, cipher)
                held.opening[cipher_name(owner, compartment, generation)] = self._cache.opened(
                    cipher, mark=self._cache.mark
                )
        held.locked |= owners

    def _create_keys(self, session: Session, held: Held, slots: list[KeySlot]) -> None:
        if any(slot in held.shredded for slot in slots):
            raise ShreddedError("The key of this compartment was destroyed; nothing can be stored in it any more.")
        for _ in range(EPOCH_ATTEMPTS):
            fresh = dict(zip(slots, random_pieces(len(slots), KEY_BYTES), strict=True))
            epoch, unshared = self.current_epoch, all(owner in held.new for owner, _ in slots)
            wrapping = Wrapping(self._kek(epoch), epoch, self._deployment)
            made = insert_keys(session, fresh, wrapping=wrapping, unshared=unshared)
            mark = self._cache.mark
            for slot in made:
                cipher, name = AESGCM(fresh[slot]), cipher_name(*slot, FIRST_GENERATION)
                held.sealing[slot] = (FIRST_GENERATION, cipher)
                held.opening[name] = self._cache.opened(cipher, mark=mark)
                held.made.add(name)
            slots = [slot for slot in slots if slot not in made]
            if not slots:
                return
            # Either another transaction has just made them, or the epoch was retired meanwhile.
            self._lock_and_load(session, held, {owner for owner, _ in slots})
            slots = [slot for slot in slots if slot not in held.sealing]
            if not slots:
                return
            self._find_epoch(session)
        raise KeyringError("No key epoch is open for new keys; run: governance keys status")

    def _find_epoch(self, session: Session) -> None:
        found = binary_rows(session, "SELECT max(id) FROM key_epoch WHERE retired_at IS NULL", ())
        if found and found[0][0] is not None:
            self.current_epoch = found[0][0]

    def for_opening(self, session: Session, name: CipherName, *, others: Iterable[UUID] = ()) -> OpenedKey:
        """One key; keys of *others* in the same compartment come along in the same statement.

        Raises:
            ShreddedError: where the key was destroyed.
            SealError: where there never was such a key.
        """
        mine = self.held_for_opening(session, name)
        if mine is not None:
            return mine
        found = self._cache.get(name) or self.load(session, [UUID(bytes=name[0]), *others], name[1]).get(name)
        if found is None:
            self.require_shredded(session, name)
            raise ShreddedError("The key of this data was destroyed; the value cannot be read any more.")
        return found

    def held_for_opening(self, session: Session, name: CipherName) -> OpenedKey | None:
        """The key, where this transaction holds it already."""
        held: Held | None = session.info.get(HELD)
        return None if held is None else held.opening.get(name)

    def require_shredded(self, session: Session, name: CipherName) -> None:
        """Make sure that a key that is not there was shredded.

        Raises:
            SealError: where there never was such a key; a value that names it was changed or moved.
        """
        named = {"owner": UUID(bytes=name[0]), "compartment": name[1], "generation": name[2]}
        if not binary_rows(session, _WHY_MISSING, named)[0][0]:
            raise SealError("A sealed value names a key that never was: it was changed, moved, or its keys were lost.")

    def load(self, session: Session, owners: Sequence[UUID], compartment: str) -> dict[CipherName, OpenedKey]:
        """Keys of one compartment of many owners, in one statement; shredded ones are not among them."""
        mark = self._cache.mark
        rows = binary_rows(session, _LOAD, (uuids(owners), compartment))
        return self.take_over(session, rows, compartment, mark=mark)

    def take_over(
        self, session: Session, rows: Iterable[tuple[Any, ...]], compartment: str, *, mark: int
    ) -> dict[CipherName, OpenedKey]:
        """Open keys of one compartment that another statement has read along.

        Args:
            session: whose statement it was.
            rows: sixteen bytes of the owner, generation, epoch, wrapped key.
            compartment: whose keys they are.
            mark: of the cache, from before the statement.
        """
        places = KeyPlaces(self._deployment, compartment)
        found: dict[CipherName, OpenedKey] = {}
        for owner, generation, epoch, wrapped in rows:
            try:
                key = unwrap(self._kek(epoch), wrapped, places.of(owner, generation, epoch))
            except SealError:
                continue  # what it sealed is told of when it is opened; keys of others must not wait for it
            found[(owner, compartment, generation)] = self._cache.opened(AESGCM(key), mark=mark)
        held: Held | None = session.info.get(HELD)
        if held is None or not held.made:
            self._cache.put(found, mark=mark)
            return found
        # What this transaction itself made is not known to others until it commits.
        held.opening.update({name: key for name, key in found.items() if name in held.made})
        self._cache.put({name: key for name, key in found.items() if name not in held.made}, mark=mark)
        return found

    def shred(self, session: Session, owners: Sequence[UUID], *, compartments: Sequence[str] | None = None) -> int:
        """Destroy the data keys of *owners*: all of them, or those of *compartments* only.

        Waits for transactions that are sealing for these owners. All processes forget their copies on commit.
        The dead row versions are removed by VACUUM, the wrapping key at the end of its epoch.

        Returns:
            Number of data keys destroyed.
        """
        session.info.pop(HELD, None)
        session.info[SHREDDED] = self._cache
        connection = session.connection()
        ids = id_list(owners)
        connection.execute(
            text("SELECT id FROM key_owner WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"),
            {"ids": ids},
        )
        if compartments is None:
            connection.execute(
                text(
                    "UPDATE key_owner SET shredded_at = now() "
                    "WHERE id = ANY(CAST(:ids AS uuid[])) AND shredded_at IS NULL"
                ),
                {"ids": ids},
            )
        else:
            # A compartment that has no key yet gets a mark, or one could still be made.
            connection.execute(
                text(
                    "INSERT INTO data_key (owner_id, compartment, generation, epoch, created_at, shredded_at) "
                    "SELECT o, c, 0, 0, now(), now() FROM unnest(CAST(:ids AS uuid[])) o, "
                    "unnest(CAST(:names AS text[])) c ON CONFLICT DO NOTHING"
                ),
                {"ids": ids, "names": list(compartments)},
            )
        done = connection.execute(
            text(
                "UPDATE data_key SET wrapped = NULL, shredded_at = now() WHERE owner_id = ANY(CAST(:ids AS uuid[])) "
                "AND wrapped IS NOT NULL AND (CAST(:names AS text[]) IS NULL OR compartment = ANY(:names))"
            ),
            {"ids": ids, "names": None if compartments is None else list(compartments)},
        )
        connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": NOTIFY_CHANNEL})
        self._cache.clear()
        return done.rowcount

    def rewrap(self, session: Session, *, from_epoch: int, to_epoch: int, limit: int) -> int:
        """Move up to *limit* data keys from one epoch to another; answers how many were moved."""
        rows = binary_rows(
            session,
            "SELECT owner_id, compartment, generation, epoch, wrapped FROM data_key "
            "WHERE epoch = %s AND wrapped IS NOT NULL ORDER BY owner_id LIMIT %s FOR UPDATE SKIP LOCKED",
            (from_epoch, limit),
        )
        if not rows:
            return 0
        old, new = self._kek(from_epoch), self._kek(to_epoch)
        moved: list[bytes] = []
        for owner, compartment, generation, epoch, wrapped in rows:
            places = KeyPlaces(self._deployment, compartment)
            key = unwrap(old, wrapped, places.of(owner.bytes, generation, epoch))
            moved.append(wrap(new, key, places.of(owner.bytes, generation, to_epoch)))
        binary_rows(
            session,
            "UPDATE data_key k SET epoch = %s, wrapped = m.wrapped "
            "FROM unnest(%b::uuid[], %b::text[], %b::int[], %b::bytea[]) AS m (owner, compartment, generation, wrapped)"
            " WHERE (k.owner_id, k.compartment, k.generation) = (m.owner, m.compartment, m.generation) RETURNING 1",
            (to_epoch, [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], moved),
        )
        return len(rows)

    def forget_epochs(self) -> None:
        """Drop opened key-encryption keys (after one was destroyed)."""
        self._keks.clear()

    def _kek(self, epoch: int) -> AESGCM:
        kek = self._keks.get(epoch)
        if kek is None:
            kek = self._keks[epoch] = AESGCM(self._keys.epoch_key(epoch))
        return kek

    def _unwrap(self, owner: UUID, compartment: str, generation: int, epoch: int, wrapped: bytes) -> AESGCM:
        where = KeyPlaces(self._deployment, compartment).of(owner.bytes, generation, epoch)
        return AESGCM(unwrap(self._kek(epoch), wrapped, where))


def _nothing() -> None:
    """All keys are at hand."""
