"""New keys for compartments that were shredded because their time was over, and of people who are still there.

What the old key sealed stays unreadable; what comes from now on has a key of the next generation.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from governance.vault.errors import KeyringError
from governance.vault.formats import KEY_BYTES, KeyPlaces, nonces, random_pieces, wrap
from governance.vault.keyring import KeyProvider
from governance.vault.new_keys import binary_rows

_LOCK: Final = "SELECT FROM key_owner WHERE id = ANY(%b) ORDER BY id FOR KEY SHARE"
_EPOCH: Final = "SELECT id FROM key_epoch WHERE retired_at IS NULL ORDER BY id DESC LIMIT 1 FOR SHARE"
_BARE: Final = """
SELECT key.owner_id, max(key.generation) + 1 FROM data_key AS key JOIN key_owner AS owner ON owner.id = key.owner_id
WHERE key.owner_id = ANY(%b) AND key.compartment = %s AND owner.shredded_at IS NULL
GROUP BY key.owner_id HAVING bool_and(key.wrapped IS NULL)
"""
_INSERT: Final = """
INSERT INTO data_key (owner_id, compartment, generation, epoch, wrapped, created_at)
SELECT owner, %s, generation, %s, wrapped, now()
FROM unnest(%b::uuid[], %b::int[], %b::bytea[]) AS made (owner, generation, wrapped)
ON CONFLICT DO NOTHING
"""


def renew(session: Session, keys: KeyProvider, *, owners: Sequence[UUID], compartment: str) -> int:
    """Give those of *owners* a key for *compartment* whose keys of it were all shredded; answers how many.

    An owner that was shredded as a whole gets none.

    Raises:
        KeyringError: where no epoch is open for new keys.
    """
    if not owners:
        return 0
    binary_rows(session, _LOCK, (list(owners),))
    bare = binary_rows(session, _BARE, (list(owners), compartment))
    if not bare:
        return 0
    found = binary_rows(session, _EPOCH, ())
    if not found:
        raise KeyringError("No key epoch is open for new keys; run: governance keys status")
    epoch = found[0][0]
    kek, places = AESGCM(keys.epoch_key(epoch)), KeyPlaces(keys.deployment.bytes, compartment)
    fresh = zip(bare, random_pieces(len(bare), KEY_BYTES), nonces(len(bare)), strict=True)
    wrapped = [
        wrap(kek, key, places.of(owner.bytes, number, epoch), nonce=nonce) for (owner, number), key, nonce in fresh
    ]
    arrays = ([owner for owner, _ in bare], [number for _, number in bare], wrapped)
    binary_rows(session, _INSERT, (compartment, epoch, *arrays))
    return len(bare)
