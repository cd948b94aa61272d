"""Key providers: where key-encryption keys and index roots come from.

`KeyProvider` is the protocol (a cloud service can stand behind it later); `Keyring` keeps the keys in a file of mode
0600. Losing it is total loss, which is why a recovery sheet is made from it (`governance.custody`).
"""

import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from governance.kernel.clock import require_aware
from governance.kernel.durable import replace_file
from governance.kernel.ids import uuid4
from governance.kernel.records import frozen
from governance.vault import aside, keyfile
from governance.vault.errors import KeyringError
from governance.vault.keyfile import Contents, HeldKey


@frozen
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


@frozen
class IndexRoot:
    """Root of the blind indexes of one version."""

    version: int
    created_at: datetime
    check: bytes


@frozen
class BackupRoot:
    """What the keys of backups are derived from; outlives epochs, since it opens no personal value."""

    version: int
    check: bytes


@frozen
class LedgerRoot:
    """What one layer of the suppression ledger is keyed by; never destroyed, since the layers above stand on it."""

    layer: int
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

    def backup_roots(self) -> tuple[BackupRoot, ...]:
        """Versions of the backup root, oldest first."""
        ...

    def backup_root(self, version: int) -> bytes:
        """Key material of one version of the backup root."""
        ...

    def ledger_roots(self) -> tuple[LedgerRoot, ...]:
        """Layers of the suppression ledger, innermost first."""
        ...

    def ledger_root(self, layer: int) -> bytes:
        """Key material of one layer of the suppression ledger."""
        ...

    def add_ledger_root(self, *, now: datetime) -> LedgerRoot:
        """Make the key of a further layer and keep it durably before answering."""
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

    def sweep(self) -> int:
        """Remove copies, kept aside by the provider, that only keep destroyed keys alive; answers how many."""
        ...

    def refresh(self) -> None:
        """Take over what other processes have changed since the keys were read; cheap where nothing was."""
        ...


class Keyring:
    """Keys in a file of mode 0600.

    Another process may rotate keys: an epoch that is not known yet makes the ring read its file again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._seen = keyfile.stamp(path)
        self._contents = keyfile.read(path)

    @classmethod
    def create(cls, path: Path, *, now: datetime) -> "Keyring":
        """Make a keyring with one key of each kind.

        Raises:
            KeyringError: where the file stands already; a keyring is never overwritten.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = {kind: (keyfile.new_key(kind, 1, now),) for kind in ("epoch", "index", "backup", "ledger")}
        with keyfile.locked(path):
            if path.exists():
                raise KeyringError(f"A keyring stands already at {path}; it is never overwritten.")
            contents = Contents(uuid4(), made["epoch"], made["index"], made["backup"], made["ledger"])
            replace_file(path, keyfile.encode(contents))
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

    def backup_roots(self) -> tuple[BackupRoot, ...]:
        """Versions of the backup root, oldest first."""
        return tuple(BackupRoot(held.number, held.check) for held in self._contents.backup_roots)

    def backup_root(self, version: int) -> bytes:
        """Key material of one version of the backup root."""
        for held in self._contents.backup_roots:
            if held.number == version:
                return held.key
        raise KeyringError(f"The keyring has no backup root of version {version}; restore the right keyring.")

    def ledger_roots(self) -> tuple[LedgerRoot, ...]:
        """Layers of the suppression ledger, innermost first."""
        return tuple(LedgerRoot(held.number, held.check) for held in self._contents.ledger_roots)

    def ledger_root(self, layer: int) -> bytes:
        """Key material of one layer of the suppression ledger; reads the file again before giving up."""
        for attempt in (0, 1):
            for held in self._contents.ledger_roots:
                if held.number == layer:
                    return held.key
            if attempt == 0:
                self.reload()
        raise KeyringError(
            f"The keyring has no key for layer {layer} of the suppression ledger; restore the right keyring."
        )

    def add_ledger_root(self, *, now: datetime) -> LedgerRoot:
        """Make the key of a further layer of the suppression ledger; it is on disk before this answers."""
        with self._lock, keyfile.locked(self.path):
            self._contents = keyfile.read(self.path)
            held = keyfile.new_key("ledger", self._contents.ledger_roots[-1].number + 1, now)
            self._replace(ledger_roots=(*self._contents.ledger_roots, held))
        return LedgerRoot(held.number, held.check)

    def add_epoch(self, *, now: datetime) -> Epoch:
        """Make a new key-encryption key; it is on disk before this answers."""
        with self._lock, keyfile.locked(self.path):
            self._contents = keyfile.read(self.path)
            held = keyfile.new_key("epoch", self._contents.epochs[-1].number + 1, now)
            self._replace(epochs=(*self._contents.epochs, held))
        return Epoch(held.number, held.created_at, held.check)

    def destroy_epoch(self, epoch_id: int) -> None:
        """Forget a key-encryption key; the youngest one is refused."""
        with self._lock, keyfile.locked(self.path):
            self._contents = keyfile.read(self.path)
            if self._contents.epochs[-1].number == epoch_id:
                raise KeyringError("The youngest epoch cannot be destroyed; rotate first.")
            self._replace(epochs=tuple(held for held in self._contents.epochs if held.number != epoch_id))

    def add_index_root(self, *, now: datetime) -> IndexRoot:
        """Make a new version of the index root; it is on disk before this answers."""
        with self._lock, keyfile.locked(self.path):
            self._contents = keyfile.read(self.path)
            held = keyfile.new_key("index", self._contents.index_roots[-1].number + 1, now)
            self._replace(index_roots=(*self._contents.index_roots, held))
        return IndexRoot(held.number, held.created_at, held.check)

    def destroy_index_root(self, version: int) -> None:
        """Forget a version of the index root; the youngest one is refused."""
        with self._lock, keyfile.locked(self.path):
            self._contents = keyfile.read(self.path)
            if self._contents.index_roots[-1].number == version:
                raise KeyringError("The youngest index root cannot be destroyed.")
            self._replace(index_roots=tuple(held for held in self._contents.index_roots if held.number != version))

    def reload(self) -> None:
        """Read the file again (another process may have rotated)."""
        with self._lock:
            # Before the reading: should the file change in between, it is read once more the next time.
            self._seen = keyfile.stamp(self.path)
            self._contents = keyfile.read(self.path)

    def refresh(self) -> None:
        """Read the file again where it was replaced since.

        Raises:
            KeyringError: it is gone by now, open to others or damaged.
        """
        if keyfile.stamp(self.path) != self._seen:
            self.reload()

    def export(self) -> bytes:
        """All of it as bytes, for a sealed copy of it; handle like the keys themselves."""
        return keyfile.encode(self._contents)

    @classmethod
    def restore(cls, path: Path, exported: bytes, *, now: datetime) -> "Keyring":
        """Put back what `export` gave; an older or damaged ring that stands there is kept aside as `.replaced-…`.

        Raises:
            KeyringError: where *exported* is no keyring, or the ring there is younger or of another store.
        """
        given = keyfile.decode(exported, source="the sealed copy")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with keyfile.locked(path):
            standing = path.read_bytes() if path.exists() else exported
            if standing != exported:
                aside.require_superseded(standing, by=given, path=path)
                replace_file(aside.name_for(path, now=require_aware(now)), standing)
            replace_file(path, exported)
        return cls(path)

    def sweep(self) -> int:
        """Remove replaced rings that only keep destroyed keys alive; answers how many."""
        with self._lock, keyfile.locked(self.path):
            self._contents = keyfile.read(self.path)
            return len(aside.sweep(self.path, self._contents))

    def _replace(
        self,
        *,
        epochs: tuple[HeldKey, ...] | None = None,
        index_roots: tuple[HeldKey, ...] | None = None,
        ledger_roots: tuple[HeldKey, ...] | None = None,
    ) -> None:
        held = self._contents
        contents = replace(
            held,
            epochs=epochs or held.epochs,
            index_roots=index_roots or held.index_roots,
            ledger_roots=ledger_roots or held.ledger_roots,
        )
        replace_file(self.path, keyfile.encode(contents))
        self._contents = contents
