"""The bytes of a sealed value and of a wrapped key (version 1).

Sealed value: ``version(1) | algorithm(1) | generation(4) | nonce(12) | ciphertext | tag(16)``.
Wrapped key: ``version(1) | algorithm(1) | nonce(12) | ciphertext(32) | tag(16)``.
AES-256-GCM with random 96-bit nonces (NIST SP 800-38D, 8.2.2).
"""

import os
from collections.abc import Iterator
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.vault.compartments import SealedColumn, prefixed, prefixed_id
from governance.vault.errors import SealError

VERSION = 1
AES_256_GCM = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 6
MINIMUM_SEALED_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
WRAPPED_BYTES = 2 + NONCE_BYTES + KEY_BYTES + TAG_BYTES

_PREAMBLE = bytes((VERSION, AES_256_GCM))
_BODY = HEADER_BYTES + NONCE_BYTES


@lru_cache(maxsize=64)
def header(generation: int) -> bytes:
    """First six bytes of every value sealed by the key of *generation* (1 and up)."""
    return _PREAMBLE + generation.to_bytes(4, "big")


def generation_of(sealed: bytes) -> int:
    """Generation of the key that sealed this value.

    Raises:
        SealError: where these bytes are no sealed value of a known version and algorithm.
    """
    if sealed[:2] != _PREAMBLE or len(sealed) < MINIMUM_SEALED_BYTES:
        raise SealError("These bytes are no sealed value of a known version.")
    return int.from_bytes(sealed[2:HEADER_BYTES], "big")


def place(deployment: bytes, column: SealedColumn) -> bytes:
    """What a value is bound to, as far as all rows of a column share it."""
    return prefixed(deployment) + column.tail


ROW_PREFIX = b"\x00\x10"
"""Length of an id, which stands before it."""


def bound_to(row_id: UUID, owner: UUID) -> bytes:
    """The part of what a value is bound to that all columns of a row share."""
    return prefixed_id(row_id) + prefixed_id(owner)


def random_pieces(count: int, length: int) -> Iterator[bytes]:
    """*count* times *length* random bytes, drawn together: one call of the system for all."""
    drawn = os.urandom(length * count)
    return (drawn[at : at + length] for at in range(0, len(drawn), length))


def nonces(count: int) -> Iterator[bytes]:
    """Random nonces, drawn together."""
    return random_pieces(count, NONCE_BYTES)


def seal(
    cipher: AESGCM, generation: int, where: bytes, row: bytes, plaintext: bytes, *, nonce: bytes | None = None
) -> bytes:
    """Seal *plaintext*; *where* comes from `place`, *row* from `bound_to`, a fresh *nonce* from `nonces` if given."""
    head = header(generation)
    nonce = nonce or os.urandom(NONCE_BYTES)
    return head + nonce + cipher.encrypt(nonce, plaintext, head + where + row)


def open_sealed(cipher: AESGCM, where: bytes, row: bytes, sealed: bytes) -> bytes:
    """Open what `seal` sealed at the same place, row and owner.

    Raises:
        SealError: where a single bit differs, in the value or in where it stands.
    """
    try:
        return cipher.decrypt(sealed[HEADER_BYTES:_BODY], sealed[_BODY:], sealed[:HEADER_BYTES] + where + row)
    except InvalidTag:
        raise SealError("A sealed value does not open: it was changed, moved, or sealed under another key.") from None


class KeyPlaces:
    """What wrapped data keys of one compartment are bound to."""

    def __init__(self, deployment: bytes, compartment: str) -> None:
        self._before = _PREAMBLE + prefixed(b"governance/data-key") + prefixed(deployment) + b"\x00\x10"
        self._after = prefixed(compartment.encode())

    def of(self, owner: bytes, generation: int, epoch: int) -> bytes:
        """Binding of one key: its owner (sixteen bytes), generation and epoch."""
        before, after = self.around(generation, epoch)
        return before + owner + after

    def around(self, generation: int, epoch: int) -> tuple[bytes, bytes]:
        """What stands before and behind the owner in a binding: the same for all owners."""
        return self._before, self._after + (generation << 32 | epoch).to_bytes(8, "big")


def wrap(kek: AESGCM, key: bytes, where: bytes, *, nonce: bytes | None = None) -> bytes:
    """Wrap a data key; *where* comes from `KeyPlaces`, a fresh *nonce* from `nonces` if given."""
    nonce = nonce or os.urandom(NONCE_BYTES)
    return _PREAMBLE + nonce + kek.encrypt(nonce, key, where)


def unwrap(kek: AESGCM, wrapped: bytes, where: bytes) -> bytes:
    """Unwrap a data key.

    Raises:
        SealError: where the wrapped key was changed or moved to another owner, compartment, generation or epoch.
    """
    if wrapped[:2] != _PREAMBLE or len(wrapped) != WRAPPED_BYTES:
        raise SealError("These bytes are no wrapped key of a known version.")
    try:
        return kek.decrypt(wrapped[2 : 2 + NONCE_BYTES], wrapped[2 + NONCE_BYTES :], where)
    except InvalidTag:
        raise SealError("A wrapped key does not open: it was changed, moved, or is of another keyring.") from None
