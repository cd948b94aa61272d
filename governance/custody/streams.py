"""Encrypted streams (version 1): files of any size in constant memory, whose end cannot be cut off unnoticed.

File: a line ``governance-stream-1``, the length of the header in four bytes, the header (JSON), chunks. The header
names the key from which the stream's own is derived: HKDF(key, salt, SHA-256 of the header). A chunk is AES-256-GCM
over 64 KiB under the nonce ``counter(11) | last(1)``: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár
2015), as in the age format.
"""

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.custody.errors import BackupError
from governance.vault.derivation import derive

MAGIC: Final = b"governance-stream-1\n"
CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
SALT_BYTES: Final = 32
HEADER_LIMIT: Final = 64 * 1024

Header = Mapping[str, object]
KeyOf = Callable[[Header], bytes]
"""Finds the key that a header names."""


class StreamWriter:
    """Encrypts what is written to it into a file; the stream is whole only after `finish`.

    Args:
        file: opened for binary writing.
        key: 32 bytes that the stream's key is derived from.
        header: what is told in the clear about the stream, the name of the key included; it is authenticated.
    """

    def __init__(self, file: BinaryIO, key: bytes, header: Header) -> None:
        salt = secrets.token_bytes(SALT_BYTES)
        told = json.dumps({**header, "salt": base64.b64encode(salt).decode()}, sort_keys=True).encode()
        self._file = file
        self._cipher = AESGCM(_stream_key(key, told, salt))
        self._counter = 0
        self._pending = bytearray()
        file.write(MAGIC + len(told).to_bytes(4, "big") + told)

    def write(self, content: bytes) -> None:
        """Add *content*."""
        self._pending += content
        while len(self._pending) > CHUNK_BYTES:  # the last chunk must be known as such, so one is always held back
            self._put(bytes(self._pending[:CHUNK_BYTES]), last=False)
            del self._pending[:CHUNK_BYTES]

    def finish(self) -> None:
        """Write the last chunk."""
        self._put(bytes(self._pending), last=True)
        self._pending.clear()

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._counter, last=last), chunk, None))
        self._counter += 1


def read_stream(file: BinaryIO, key_of: KeyOf) -> Iterator[bytes]:
    """Decrypt a stream chunk by chunk.

    Raises:
        BackupError: where a bit was changed, chunks were moved, or the end was cut off or prolonged.
    """
    told, header = _split_header(file)
    try:
        salt = base64.b64decode(str(header["salt"]), validate=True)
    except (KeyError, ValueError):
        raise BackupError("The header of an encrypted file is damaged.") from None
    cipher = AESGCM(_stream_key(key_of(header), told, salt))
    counter, sealed = 0, file.read(CHUNK_BYTES + TAG_BYTES)
    while True:
        following = file.read(CHUNK_BYTES + TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(counter, last=not following), sealed, None)
        except (InvalidTag, ValueError):
            raise BackupError("An encrypted file was changed or cut off, or is of another keyring.") from None
        if not following:
            return
        counter, sealed = counter + 1, following


def _split_header(file: BinaryIO) -> tuple[bytes, Header]:
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupError("This is no encrypted file of this service.")
    length = int.from_bytes(file.read(4), "big")
    told = file.read(length) if length <= HEADER_LIMIT else b""
    try:
        header = json.loads(told)
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise BackupError("The header of an encrypted file is damaged.")
    return told, header


def _stream_key(key: bytes, told: bytes, salt: bytes) -> bytes:
    return derive(key, b"governance/stream", sha256(told).digest(), salt=salt)


def _nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + bytes((last,))
