"""Data keys on their way into the database, wrapped."""

from collections.abc import Mapping
from typing import Any, Final, LiteralString

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from governance.kernel.copying import copy_rows
from governance.kernel.db import driver_connection
from governance.kernel.records import frozen
from governance.vault.formats import KeyPlaces, nonces, wrap
from governance.vault.holding import KeySlot

FIRST_GENERATION = 1
_CREATE = """
WITH open_epoch AS (SELECT id FROM key_epoch WHERE id = %s AND retired_at IS NULL FOR SHARE)
INSERT INTO data_key (owner_id, compartment, generation, epoch, wrapped, created_at)
SELECT owner, compartment, %s, open_epoch.id, wrapped, now()
FROM unnest(%b::uuid[], %b::text[], %b::bytea[]) AS made (owner, compartment, wrapped), open_epoch
ON CONFLICT DO NOTHING RETURNING owner_id, compartment
"""
_OPEN_EPOCH = "SELECT now() FROM key_epoch WHERE id = %s AND retired_at IS NULL FOR SHARE"
_COPY: Final[LiteralString] = (
    "COPY data_key (owner_id, compartment, generation, epoch, wrapped, created_at) FROM STDIN (FORMAT BINARY)"
)
_COPY_TYPES = ("uuid", "varchar", "int4", "int4", "bytea", "timestamptz")
COPY_FROM = 200
"""From this many new keys on, COPY is quicker than a statement with arrays."""


@frozen
class Wrapping:
    """The key-encryption key of an epoch, and what keys that it wraps are bound to besides."""

    kek: AESGCM
    epoch: int
    deployment: bytes


def insert_keys(
    session: Session, fresh: Mapping[KeySlot, bytes], *, wrapping: Wrapping, unshared: bool
) -> set[KeySlot]:
    """Keep first keys of owners' compartments.

    Args:
        session: whose transaction makes them.
        fresh: by slot, 32 random bytes.
        wrapping: by what they are wrapped.
        unshared: whether nobody else can know the owners yet, so that no key of theirs can be there.

    Returns:
        Slots that got their key now; others had one already, and none gets one where the epoch was retired.
    """
    epoch = wrapping.epoch
    places = {name: KeyPlaces(wrapping.deployment, name) for name in {name for _, name in fresh}}
    wrapped = [
        wrap(wrapping.kek, key, places[name].of(owner.bytes, FIRST_GENERATION, epoch), nonce=nonce)
        for ((owner, name), key), nonce in zip(fresh.items(), nonces(len(fresh)), strict=True)
    ]
    if unshared and len(fresh) >= COPY_FROM:
        return _copy_keys(session, epoch, list(fresh), wrapped)
    arrays = ([owner for owner, _ in fresh], [name for _, name in fresh], wrapped)
    return {(row[0], row[1]) for row in binary_rows(session, _CREATE, (epoch, FIRST_GENERATION, *arrays))}


def _copy_keys(session: Session, epoch: int, slots: list[KeySlot], wrapped: list[bytes]) -> set[KeySlot]:
    found = binary_rows(session, _OPEN_EPOCH, (epoch,))
    if not found:
        return set()
    now = found[0][0]
    rows = [(*slot, FIRST_GENERATION, epoch, key, now) for slot, key in zip(slots, wrapped, strict=True)]
    copy_rows(session, _COPY, _COPY_TYPES, rows)
    return set(slots)


def binary_rows(
    session: Session, statement: str, parameters: tuple[object, ...] | dict[str, object]
) -> list[tuple[Any, ...]]:
    """Rows of a driver statement in binary form, which spares the parsing of ids and keys from text."""
    cursor = driver_connection(session).cursor(binary=True)
    cursor.execute(statement.encode(), parameters)
    rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
    return rows
