"""Keys made of keys, and keyed digests: HKDF-SHA-256 (RFC 5869), HMAC-SHA-256 (RFC 2104)."""

import hashlib
import hmac
from collections.abc import Iterable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.vault.compartments import prefixed
from governance.vault.formats import KEY_BYTES

CHECK_BYTES = 16
_BLOCK_BYTES = 64


def derive(key: bytes, *parts: bytes, salt: bytes | None = None, length: int = KEY_BYTES) -> bytes:
    """HKDF-SHA-256 of *key* for the purpose named by *parts* (each length-prefixed)."""
    return hkdf(key, b"".join(prefixed(part) for part in parts), salt=salt, length=length)


def hkdf(key: bytes, purpose: bytes, *, salt: bytes | None, length: int) -> bytes:
    """HKDF-SHA-256 as it stands in RFC 5869, *purpose* being its `info`."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=purpose).derive(key)


def mac(key: bytes, message: bytes, *, length: int = 32) -> bytes:
    """The first *length* bytes of HMAC-SHA-256."""
    return hmac.digest(key, message, "sha256")[:length]


class Mac:
    """HMAC-SHA-256 under one key, the key's two blocks hashed once for all messages (RFC 2104, section 4)."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK_BYTES:
            raise ValueError("A key longer than a block is hashed first; derive one of 32 bytes.")
        padded = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def of(self, message: bytes) -> bytes:
        """The 32 bytes of the HMAC of *message*."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    def each(self, messages: Iterable[bytes], *, prefix: bytes, length: int) -> list[bytes]:
        """The first *length* bytes of the HMAC of each of *messages*, behind *prefix*: of many thousands at a time."""
        inner_copy, outer_copy = self._inner.copy, self._outer.copy
        made = []
        for message in messages:
            inner, outer = inner_copy(), outer_copy()
            inner.update(message)
            outer.update(inner.digest())
            made.append(prefix + outer.digest()[:length])
        return made


def check_value(key: bytes, kind: str, number: int) -> bytes:
    """Check value of a key: HKDF output, never a block encryption, so it opens nothing."""
    return derive(key, b"governance/check", kind.encode(), str(number).encode(), length=CHECK_BYTES)
