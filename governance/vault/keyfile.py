"""The file of a keyring (version 1): JSON, mode 0600, replaced in one step, changed by one process at a time."""

import base64
import fcntl
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from governance.kernel.clock import require_aware
from governance.kernel.records import frozen
from governance.vault.derivation import check_value
from governance.vault.errors import KeyringError
from governance.vault.formats import KEY_BYTES

FILE_VERSION = 1


@frozen
class HeldKey:
    """A key with its number within its kind."""

    number: int
    created_at: datetime
    key: bytes = field(repr=False)
    check: bytes


@frozen
class Contents:
    """All that a keyring holds.

    Attributes:
        deployment: random id of the installation.
        epochs: key-encryption keys, oldest first.
        index_roots: roots of the blind indexes, oldest first.
        backup_roots: what keys of backups are derived from, oldest first.
        ledger_roots: what the layers of the suppression ledger are keyed by, oldest first; none is ever destroyed.
    """

    deployment: UUID
    epochs: tuple[HeldKey, ...]
    index_roots: tuple[HeldKey, ...]
    backup_roots: tuple[HeldKey, ...]
    ledger_roots: tuple[HeldKey, ...]


def new_key(kind: str, number: int, now: datetime) -> HeldKey:
    """A random key of *kind* (`epoch`, `index`, `backup` or `ledger`)."""
    key = secrets.token_bytes(KEY_BYTES)
    return HeldKey(number, require_aware(now), key, check_value(key, kind, number))


def encode(contents: Contents) -> bytes:
    """The bytes of the file; handle them like the keys themselves."""

    def listed(held: tuple[HeldKey, ...]) -> list[dict[str, object]]:
        return [
            {
                "id": one.number,
                "created_at": one.created_at.isoformat(),
                "key": base64.b64encode(one.key).decode(),
                "check": base64.b64encode(one.check).decode(),
            }
            for one in held
        ]

    document = {
        "v": FILE_VERSION,
        "deployment": str(contents.deployment),
        "epochs": listed(contents.epochs),
        "index_roots": listed(contents.index_roots),
        "backup_roots": listed(contents.backup_roots),
        "ledger_roots": listed(contents.ledger_roots),
    }
    return json.dumps(document, indent=1).encode()


def decode(text: bytes, *, source: str) -> Contents:
    """Read the bytes of a file.

    Raises:
        KeyringError: where they are damaged or of a later version; names *source*.
    """
    try:
        document = json.loads(text)
        if document["v"] != FILE_VERSION:
            raise KeyringError(
                f"The keyring in {source} is of version {document['v']}, which this release cannot read."
            )
        contents = Contents(
            UUID(document["deployment"]),
            tuple(_held("epoch", entry) for entry in document["epochs"]),
            tuple(_held("index", entry) for entry in document["index_roots"]),
            tuple(_held("backup", entry) for entry in document["backup_roots"]),
            tuple(_held("ledger", entry) for entry in document["ledger_roots"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise KeyringError(f"The keyring in {source} is damaged; restore it from the recovery sheet.") from None
    if not (contents.epochs and contents.index_roots and contents.backup_roots and contents.ledger_roots):
        raise KeyringError(f"The keyring in {source} holds no keys; restore it from the recovery sheet.")
    return contents


def _held(kind: str, entry: dict[str, str]) -> HeldKey:
    key, check = base64.b64decode(entry["key"], validate=True), base64.b64decode(entry["check"], validate=True)
    number = int(entry["id"])
    if len(key) != KEY_BYTES or not hmac.compare_digest(check, check_value(key, kind, number)):
        raise ValueError("a key does not match its check value")
    return HeldKey(number, require_aware(datetime.fromisoformat(entry["created_at"])), key, check)


def read(path: Path) -> Contents:
    """Read a keyring.

    Raises:
        KeyringError: where it is missing, unreadable, open to others or damaged.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_bytes()
    except FileNotFoundError:
        raise KeyringError(
            f"There is no keyring at {path}. A new store gets one by `governance init`; for an existing store restore "
            "it from the recovery sheet (governance keys recovery) - without it nothing can be read."
        ) from None
    except OSError:
        raise KeyringError(f"The keyring at {path} cannot be read; check its owner and mode (0600).") from None
    if mode & 0o077:
        raise KeyringError(f"The keyring at {path} is open to others (mode {mode:04o}); run: chmod 600 '{path}'")
    return decode(text, source=str(path))


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes with every change of the file, since it is replaced as a whole; None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from changing the ring between reading and writing; also clears what a crash left."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for draft in path.parent.glob(f".{path.name}.*"):
            draft.unlink()
        yield
    finally:
        os.close(descriptor)
