"""Key providers: where key-encryption keys and index roots come from.

`KeyProvider` is the protocol (a cloud service can stand behind it later); `Keyring` keeps the keys in a file of mode
0600. Losing it is total loss, which is why a recovery sheet is made from it (`governance.custody`).
"""

import base64
import hmac
import json
import os
import secrets
import stat
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.kernel.clock import require_aware
from governance.kernel.ids import uuid4
from governance.vault.compartments import prefixed
from governance.vault.errors import KeyringError
from governance.vault.formats import KEY_BYTES

FILE_VERSION = 1
CHECK_BYTES = 16


def derive(key: bytes, *parts: bytes, length: int = KEY_BYTES) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of *key* for the purpose named by *parts* (each length-prefixed)."""
    context = b"".join(prefixed(part) for part in parts)
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=context).derive(key)


@dataclass(frozen=True, slots=True)
class Epoch:
    """A key-encryption key and its life.

    Attributes:
        id: 1, 2, 3...; written beside each data key that it wraps.
        created_at: aware UTC; data keys are moved to a younger epoch within 30 days of it.
        check: derived from the key, tells a wrong key from the right one without giving anything away.
    """

    id: int
    created_at: datetime
    check: bytes


@dataclass(frozen=True, slots=True)
class IndexRoot:
    """Root of the blind indexes of one version."""

    version: int
    created_at: datetime
    check: bytes


class KeyProvider(Protocol):
    """Where keys come from. Each call answers from memory; providers refresh themselves when they must."""

    @property
    def deployment(self) -> UUID:
        """Random id of this installation; enters every binding and derivation."""
        ...

    def epochs(self) -> tuple[Epoch, ...]:
        """The epochs whose keys still exist, oldest first; the last one wraps new data keys."""
        ...

    def epoch_key(self, epoch_id: int) -> bytes:
        """The key of an epoch.

        Raises:
            KeyringError: where it was destroyed or was never here.
        """
        ...

    def index_roots(self) -> tuple[IndexRoot, ...]:
        """Versions of the index root, oldest first."""
        ...

    def index_root(self, version: int) -> bytes:
        """Key material of one version of the index root."""
        ...

    def add_epoch(self, *, now: datetime) -> Epoch:
        """Make a new key-encryption key and keep it durably before answering."""
        ...

    def destroy_epoch(self, epoch_id: int) -> None:
        """Forget a key-encryption key durably."""
        ...

    def add_index_root(self, *, now: datetime) -> IndexRoot:
        """Make a new version of the index root and keep it durably before answering."""
        ...

    def destroy_index_root(self, version: int) -> None:
        """Forget a version of the index root durably."""
        ...


def check_value(key: bytes, kind: str, number: int) -> bytes:
    """Check value of a key: HKDF output, never a block encryption, so it opens nothing."""
    return derive(key, b"governance/check", kind.encode(), str(number).encode(), length=CHECK_BYTES)


@dataclass(frozen=True, slots=True)
class _Held:
    number: int
    created_at: datetime
    key: bytes
    check: bytes


@dataclass(frozen=True, slots=True)
class _Contents:
    deployment: UUID
    epochs: tuple[_Held, ...]
    index_roots: tuple[_Held, ...]


class Keyring:
    """Keys in a file of mode 0600.

    Another process may rotate keys: an epoch that is not known yet makes the ring read its file again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._contents = _read(path)

    @classmethod
    def create(cls, path: Path, *, now: datetime) -> "Keyring":
        """Make a keyring with one epoch and one index root.

        Raises:
            KeyringError: where the file stands already; a keyring is never overwritten.
        """
        if path.exists():
            raise KeyringError(f"A keyring stands already at {path}; it is never overwritten.")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path, _Contents(uuid4(), (_new_key("epoch", 1, now),), (_new_key("index", 1, now),)))
        return cls(path)

    @property
    def deployment(self) -> UUID:
        """Random id of this installation."""
        return self._contents.deployment

    def epochs(self) -> tuple[Epoch, ...]:
        """The epochs whose keys still exist, oldest first."""
        return tuple(Epoch(held.number, held.created_at, held.check) for held in self._contents.epochs)

    def epoch_key(self, epoch_id: int) -> bytes:
        """The key of an epoch; reads the file again before giving up."""
        for attempt in (0, 1):
            for held in self._contents.epochs:
                if held.number == epoch_id:
                    return held.key
            if attempt == 0:
                self.reload()
        raise KeyringError(
            f"The keyring has no key for epoch {epoch_id}: either it was destroyed after rotation, or this is not the "
            "keyring of this database. Restore the right keyring or the recovery sheet (governance keys recovery)."
        )

    def index_roots(self) -> tuple[IndexRoot, ...]:
        """Versions of the index root, oldest first."""
        return tuple(IndexRoot(held.number, held.created_at, held.check) for held in self._contents.index_roots)

    def index_root(self, version: int) -> bytes:
        """Key material of one version of the index root; reads the file again before giving up."""
        for attempt in (0, 1):
            for held in self._contents.index_roots:
                if held.number == version:
                    return held.key
            if attempt == 0:
                self.reload()
        raise KeyringError(f"The keyring has no index root of version {version}; restore the right keyring.")

    def add_epoch(self, *, now: datetime) -> Epoch:
        """Make a new key-encryption key; it is on disk before this answers."""
        with self._lock:
            self._contents = _read(self.path)
            held = _new_key("epoch", self._contents.epochs[-1].number + 1, now)
            self._replace(epochs=(*self._contents.epochs, held))
        return Epoch(held.number, held.created_at, held.check)

    def destroy_epoch(self, epoch_id: int) -> None:
        """Forget a key-encryption key; the youngest one is refused."""
        with self._lock:
            self._contents = _read(self.path)
            if self._contents.epochs[-1].number == epoch_id:
                raise KeyringError("The youngest epoch cannot be destroyed; rotate first.")
            self._replace(epochs=tuple(held for held in self._contents.epochs if held.number != epoch_id))

    def add_index_root(self, *, now: datetime) -> IndexRoot:
        """Make a new version of the index root; it is on disk before this answers."""
        with self._lock:
            self._contents = _read(self.path)
            held = _new_key("index", self._contents.index_roots[-1].number + 1, now)
            self._replace(index_roots=(*self._contents.index_roots, held))
        return IndexRoot(held.number, held.created_at, held.check)

    def destroy_index_root(self, version: int) -> None:
        """Forget a version of the index root; the youngest one is refused."""
        with self._lock:
            self._contents = _read(self.path)
            if self._contents.index_roots[-1].number == version:
                raise KeyringError("The youngest index root cannot be destroyed.")
            self._replace(index_roots=tuple(held for held in self._contents.index_roots if held.number != version))

    def reload(self) -> None:
        """Read the file again (another process may have rotated)."""
        with self._lock:
            self._contents = _read(self.path)

    def export(self) -> bytes:
        """All of it as bytes, for the recovery sheet and key backups; handle like the keys themselves."""
        return _encode(self._contents)

    @classmethod
    def restore(cls, path: Path, exported: bytes) -> "Keyring":
        """Put back what `export` gave; an existing different ring is kept aside as `.replaced`."""
        contents = _decode(exported, source="the recovery sheet or key backup")
        if path.exists():
            path.replace(path.with_suffix(".replaced"))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path, contents)
        return cls(path)

    def _replace(
        self, *, epochs: tuple[_Held, ...] | None = None, index_roots: tuple[_Held, ...] | None = None
    ) -> None:
        contents = _Contents(
            self._contents.deployment, epochs or self._contents.epochs, index_roots or self._contents.index_roots
        )
        _write(self.path, contents)
        self._contents = contents


def _new_key(kind: str, number: int, now: datetime) -> _Held:
    key = secrets.token_bytes(KEY_BYTES)
    return _Held(number, require_aware(now), key, check_value(key, kind, number))


def _encode(contents: _Contents) -> bytes:
    def listed(held: tuple[_Held, ...]) -> list[dict[str, object]]:
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
    }
    return json.dumps(document, indent=1).encode()


def _decode(text: bytes, *, source: str) -> _Contents:
    try:
        document = json.loads(text)
        if document["v"] != FILE_VERSION:
            raise KeyringError(
                f"The keyring in {source} is of version {document['v']}, which this release cannot read."
            )
        contents = _Contents(
            UUID(document["deployment"]),
            tuple(_held("epoch", entry) for entry in document["epochs"]),
            tuple(_held("index", entry) for entry in document["index_roots"]),
        )
    except (ValueError, KeyError, TypeError):
        raise KeyringError(f"The keyring in {source} is damaged; restore it from the recovery sheet.") from None
    if not contents.epochs or not contents.index_roots:
        raise KeyringError(f"The keyring in {source} holds no keys; restore it from the recovery sheet.")
    return contents


def _held(kind: str, entry: dict[str, str]) -> _Held:
    key, check = base64.b64decode(entry["key"], validate=True), base64.b64decode(entry["check"], validate=True)
    number = int(entry["id"])
    if len(key) != KEY_BYTES or not hmac.compare_digest(check, check_value(key, kind, number)):
        raise ValueError("a key does not match its check value")
    return _Held(number, require_aware(datetime.fromisoformat(entry["created_at"])), key, check)


def _read(path: Path) -> _Contents:
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
    return _decode(text, source=str(path))


def _write(path: Path, contents: _Contents) -> None:
    """Replace the file in one step; it is on disk before this returns."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_encode(contents))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
