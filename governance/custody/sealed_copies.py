"""Copies of the keyring that lie with the backups and that only a recovery sheet opens: sealed to its public half."""

import json
import zlib
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.custody.errors import RecoveryError
from governance.vault import keyfile
from governance.vault.derivation import derive
from governance.vault.formats import NONCE_BYTES
from governance.vault.keyfile import Contents

MAGIC: Final = b"GRC\x01"
PUBLIC_BYTES: Final = 32
FINGERPRINT_BYTES: Final = 32


def names(contents: Contents) -> dict[str, str]:
    """The keys of a keyring by name (`epoch 3`), each with its check value in hex, which opens nothing."""
    kinds = {
        "epoch": contents.epochs,
        "index root": contents.index_roots,
        "backup root": contents.backup_roots,
        "ledger root": contents.ledger_roots,
    }
    return {f"{kind} {held.number}": held.check.hex() for kind, keys in kinds.items() for held in keys}


def fingerprint(contents: Contents) -> bytes:
    """A digest over the check values of all keys; opens nothing, and changes with every key."""
    told = json.dumps([str(contents.deployment), names(contents)], sort_keys=True)
    return sha256(b"governance/keyring" + told.encode()).digest()


def seal(ring_export: bytes, *, public: bytes) -> bytes:
    """Seal a keyring to the public half of a sheet.

    Bytes: ``GRC | version(1) | fingerprint(32) | ephemeral public key(32) | nonce(12) | ciphertext | tag(16)``; the key
    is HKDF of the X25519 agreement, bound to both public keys.
    """
    ephemeral = X25519PrivateKey.generate()
    ours = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public))
    nonce = sha256(ours).digest()[:NONCE_BYTES]  # the key is used once
    header = MAGIC + fingerprint(keyfile.decode(ring_export, source="memory")) + ours + nonce
    key = derive(shared, b"governance/keyring-copy", ours, public)
    return header + AESGCM(key).encrypt(nonce, zlib.compress(ring_export, 9), header)


def open_(sealed: bytes, *, secret: X25519PrivateKey) -> bytes:
    """What `seal` sealed.

    Raises:
        RecoveryError: it was changed, or is sealed to another sheet.
    """
    size = len(MAGIC) + FINGERPRINT_BYTES + PUBLIC_BYTES + NONCE_BYTES
    header, content = sealed[:size], sealed[size:]
    theirs, nonce = header[-PUBLIC_BYTES - NONCE_BYTES : -NONCE_BYTES], header[-NONCE_BYTES:]
    try:
        shared = secret.exchange(X25519PublicKey.from_public_bytes(theirs))
        key = derive(shared, b"governance/keyring-copy", theirs, secret.public_key().public_bytes_raw())
        return zlib.decompress(AESGCM(key).decrypt(nonce, content, header))
    except (InvalidTag, ValueError):
        raise RecoveryError(
            "The sealed copy of the keyring does not open with this sheet: it was changed, or belongs to a sheet that "
            "was confirmed before or after this one."
        ) from None


def fingerprint_of(sealed: bytes) -> bytes:
    """The fingerprint of the keyring that a sealed copy holds, as its header states it."""
    return sealed[len(MAGIC) : len(MAGIC) + FINGERPRINT_BYTES]
