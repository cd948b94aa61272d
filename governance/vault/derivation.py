"""Keys made of keys, and keyed digests: HKDF-SHA-256 (RFC 5869), HMAC-SHA-256 (RFC 2104)."""

import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.vault.compartments import prefixed
from governance.vault.formats import KEY_BYTES

CHECK_BYTES = 16


def derive(key: bytes, *parts: bytes, salt: bytes | None = None, length: int = KEY_BYTES) -> bytes:
    """HKDF-SHA-256 of *key* for the purpose named by *parts* (each length-prefixed)."""
    return hkdf(key, b"".join(prefixed(part) for part in parts), salt=salt, length=length)


def hkdf(key: bytes, purpose: bytes, *, salt: bytes | None, length: int) -> bytes:
    """HKDF-SHA-256 as it stands in RFC 5869, *purpose* being its `info`."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=purpose).derive(key)


def mac(key: bytes, message: bytes, *, length: int = 32) -> bytes:
    """The first *length* bytes of HMAC-SHA-256."""
    return hmac.digest(key, message, "sha256")[:length]


def check_value(key: bytes, kind: str, number: int) -> bytes:
    """Check value of a key: HKDF output, never a block encryption, so it opens nothing."""
    return derive(key, b"governance/check", kind.encode(), str(number).encode(), length=CHECK_BYTES)
