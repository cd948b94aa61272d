"""The folder of backups: which there are, reading their files, removing those of which there are enough.

A backup is a folder named by its instant, with `manifest.json`, `data.gov` and `keys.gov`; a folder whose name begins
with a dot is being made or removed, and counts for nothing.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from io import BufferedIOBase
from pathlib import Path
from typing import BinaryIO, Final, cast

from governance.custody import manifests
from governance.custody.dumps import DumpError, listed
from governance.custody.errors import BackupError, BusyError
from governance.custody.manifests import DATA, KEYS, FileFacts, Manifest
from governance.custody.places import Places, private_folder
from governance.custody.streams import Header, KeyOf, read_stream
from governance.kernel.durable import sync_folder
from governance.kernel.folders import try_lock
from governance.kernel.records import frozen
from governance.vault.derivation import derive
from governance.vault.errors import KeyringError
from governance.vault.keyring import KeyProvider

OVERDUE: Final = timedelta(hours=26)
"""A nightly backup that is older was missed."""
DRAFT: Final = ".making-"
DROPPED: Final = ".removing-"


@frozen
class Backup:
    """A backup in the folder of backups.

    Attributes:
        manifest: what it says of itself.
        has_keys: whether its dump of keys is still there; it goes when its epoch ends.
    """

    folder: Path
    manifest: Manifest
    has_keys: bool


@frozen
class Pruned:
    """What was removed.

    Attributes:
        backups: names of backups.
        keys: names of backups whose dump of keys was removed, its epoch having ended.
        damaged: names of folders that are no backups any more; they were left where they are.
    """

    backups: tuple[str, ...]
    keys: tuple[str, ...]
    damaged: tuple[str, ...]


@contextlib.contextmanager
def alone(places: Places) -> Iterator[None]:
    """Hold the folder of backups, and clear what a crash has left in it.

    Raises:
        BusyError: another process is making, removing or restoring a backup.
    """
    private_folder(places.lock.parent)
    lock = try_lock(places.lock)
    if lock is None:
        raise BusyError("Another process is making or restoring a backup; wait until it has ended.")
    try:
        private_folder(places.backups)
        for left in [*places.backups.glob(f"{DRAFT}*"), *places.backups.glob(f"{DROPPED}*")]:
            shutil.rmtree(left)
        yield
    finally:
        os.close(lock)


def backups(folder: Path) -> list[Backup]:
    """What lies in a folder of backups, newest first, dumps of keys alone included; nothing vouches for it yet."""
    found: list[Backup] = []
    for one in folder.iterdir() if folder.is_dir() else ():
        if one.is_dir() and not one.name.startswith("."):
            with contextlib.suppress(BackupError):
                found.append(backup_in(one))
    return sorted(found, key=lambda backup: backup.manifest.made_at, reverse=True)


def backup_in(folder: Path) -> Backup:
    """The backup in *folder*; nothing vouches for it yet.

    Raises:
        BackupError: there is none.
    """
    return Backup(folder, manifests.peek(folder), (folder / KEYS).is_file())


def last_backup(data_dir: Path) -> Backup | None:
    """The newest whole backup of a store."""
    return next((one for one in backups(Places(data_dir).backups) if one.manifest.has_data), None)


def is_overdue(last: Backup | None, *, now: datetime) -> bool:
    """Whether a nightly backup was missed: there is none, or the last is older than 26 hours."""
    return last is None or now - last.manifest.made_at > OVERDUE


def prune(places: Places, keys: KeyProvider, *, keep: int) -> Pruned:
    """Remove all but the newest *keep* backups, and dumps of keys that have become worthless or superfluous.

    A dump of keys goes when its epoch has ended: then nothing opens it. One that was made alone goes as soon as there
    is a younger dump.

    Raises:
        BusyError: another process is making, removing or restoring a backup.
    """
    removed: list[str] = []
    lost_keys: list[str] = []
    damaged: list[str] = []
    living = {epoch.id for epoch in keys.epochs()}
    whole, younger_keys = 0, False
    with alone(places):
        for one in backups(places.backups):
            try:
                manifest = manifests.read(one.folder, keys)
            except BackupError:
                damaged.append(one.folder.name)
                continue
            whole += manifest.has_data
            alive = one.has_keys and manifest.epoch in living
            if (manifest.has_data and whole > keep) or (not manifest.has_data and (younger_keys or not alive)):
                _remove(one.folder)
                removed.append(one.folder.name)
            elif one.has_keys and not alive:
                (one.folder / KEYS).unlink()
                sync_folder(one.folder)
                lost_keys.append(one.folder.name)
            younger_keys = younger_keys or alive
    return Pruned(tuple(removed), tuple(lost_keys), tuple(damaged))


def verify(folder: Path, keys: KeyProvider) -> Manifest:
    """Decrypt a backup to its end and compare it with its manifest; a dump of keys that is gone by age is no fault.

    Raises:
        BackupError: something in it was changed, cut off, exchanged, or is of another keyring.
    """
    manifest = manifests.read(folder, keys)
    if manifest.has_data and data_objects(folder, manifest, keys) != manifest.objects:
        raise BackupError(f"The dump of data in {folder.name} does not hold what its manifest says.")
    if (folder / KEYS).exists() and key_rows(folder, manifest, keys) != manifest.keys:
        raise BackupError(f"The dump of keys in {folder.name} does not hold what its manifest says.")
    return manifest


def data_objects(folder: Path, manifest: Manifest, keys: KeyProvider) -> int:
    """How many things the dump of data holds; all of it is decrypted.

    Raises:
        BackupError: it was changed, or is no dump.
    """
    try:
        return listed(read(folder, DATA, manifest, keys))
    except DumpError:
        raise BackupError(f"The dump of data in {folder.name} is not readable for PostgreSQL.") from None


def key_rows(folder: Path, manifest: Manifest, keys: KeyProvider) -> int:
    """How many rows the dump of keys holds; all of it is decrypted.

    Raises:
        BackupError: it was changed, or its epoch has ended.
    """
    return sum(chunk.count(b"\n") for chunk in read(folder, KEYS, manifest, keys))


def read(folder: Path, name: str, manifest: Manifest, keys: KeyProvider) -> Iterator[bytes]:
    """Decrypt a file of a backup; it is known to be the manifest's only when the last chunk has come.

    Raises:
        BackupError: it was changed, cut off or exchanged, or its key is gone.
    """
    facts = manifest.files.get(name)
    try:
        file = (folder / name).open("rb")
    except OSError as error:
        raise BackupError(f"{name} of the backup {folder.name} cannot be read ({error.strerror}).") from None
    with file:
        hashing = _Hashing(file)
        yield from read_stream(cast(BinaryIO, hashing), _key_of(name, manifest, keys))
        if facts is None or hashing.facts() != facts:
            raise BackupError(f"{name} of the backup {folder.name} is not the file that its manifest names.")


def header_of(name: str, backup: str, key: str, number: int) -> Header:
    """Header of an encrypted file: which one of which backup it is, and what its key is derived from."""
    return {"backup": backup, "file": name, "key": key, "number": number}


def stream_key(keys: KeyProvider, header: Header) -> bytes:
    """The key that a header names.

    Raises:
        BackupError: the keyring does not have it, or no longer.
    """
    number = header.get("number")
    try:
        if header.get("key") == "epoch" and isinstance(number, int):
            return derive(keys.epoch_key(number), b"governance/backup-keys")
        if header.get("key") == "backup" and isinstance(number, int):
            return derive(keys.backup_root(number), b"governance/backup-data")
    except KeyringError:
        raise BackupError(
            f"The keyring has no {header['key']} key {number}: it was destroyed when its epoch ended, or the backup is "
            "of another keyring."
        ) from None
    raise BackupError("The header of an encrypted file is damaged.")


def _key_of(name: str, manifest: Manifest, keys: KeyProvider) -> KeyOf:
    def find(header: Header) -> bytes:
        if (header.get("backup"), header.get("file")) != (manifest.name, name):
            raise BackupError(f"A file of the backup {manifest.name} is of another backup, or of another name.")
        return stream_key(keys, header)

    return find


class _Hashing(BufferedIOBase):
    """Reads from a file, and knows length and SHA-256 of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = sha256()
        self._length = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = self._file.read(-1 if size is None else size)
        self._digest.update(chunk)
        self._length += len(chunk)
        return chunk

    def facts(self) -> FileFacts:
        return FileFacts(self._length, self._digest.hexdigest())


def _remove(folder: Path) -> None:
    """Take it out of sight in one step, then remove it."""
    doomed = folder.with_name(DROPPED + folder.name)
    folder.rename(doomed)
    sync_folder(folder.parent)
    shutil.rmtree(doomed)
