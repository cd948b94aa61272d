"""What a backup says of itself: sizes, digests, versions, where the audit log stood; nothing personal.

`manifest.json` is ``{"manifest": {…}, "mac": "…"}``: HMAC-SHA-256 over the canonical JSON of the manifest (RFC 8785),
under a key derived from a backup root of the keyring.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import rfc8785

from governance.custody.errors import BackupError
from governance.kernel.durable import replace_file
from governance.kernel.records import frozen
from governance.vault.derivation import derive, mac
from governance.vault.keyring import KeyProvider

FILE: Final = "manifest.json"
DATA: Final = "data.gov"
KEYS: Final = "keys.gov"
VERSION: Final = 1


@frozen
class FileFacts:
    """A file of a backup: its length in bytes and its SHA-256 in hex."""

    length: int
    sha256: str


@frozen
class LogFacts:
    """Where the audit log stood.

    Attributes:
        origin: name of the tree that was growing.
        size: entries that had their place in it.
        root: root of the tree, in hex.
        pending: entries that awaited their place.
        signed: size of the last checkpoint that the backup holds.
    """

    origin: str
    size: int
    root: str
    pending: int
    signed: int


@frozen
class Manifest:
    """What is in a backup.

    Attributes:
        name: of its folder.
        made_at: instant of the snapshot that both files show.
        deployment: id of the store.
        service: version of the service.
        schema: id of the migration.
        server: version of PostgreSQL, as `server_version_num`.
        role_prefix: of the database roles that own what was dumped.
        backup_root: version of the key that opens data and manifest.
        epoch: whose key opens the dump of keys.
        epochs: epochs that wrap the data keys in it.
        index_versions: versions of the blind indexes in use.
        keys: rows in the dump of keys.
        objects: things in the dump of data, as `pg_restore --list` counts them; 0 where there is no data.
        files: by name.
    """

    name: str
    made_at: datetime
    deployment: UUID
    service: str
    schema: str
    server: int
    role_prefix: str
    backup_root: int
    epoch: int
    epochs: tuple[int, ...]
    index_versions: tuple[int, ...]
    keys: int
    objects: int
    log: LogFacts
    files: Mapping[str, FileFacts]

    @property
    def has_data(self) -> bool:
        """Whether it is a whole backup, not a dump of keys alone."""
        return DATA in self.files


def write(folder: Path, manifest: Manifest, keys: KeyProvider) -> None:
    """Put the manifest into its folder."""
    told = _told(manifest)
    document = {"mac": _mac(told, keys.backup_root(manifest.backup_root)).hex(), "manifest": told}
    replace_file(folder / FILE, json.dumps(document, indent=1).encode())


def read(folder: Path, keys: KeyProvider) -> Manifest:
    """The manifest of a folder, known to be ours.

    Raises:
        BackupError: it is missing or damaged, was changed, belongs to another folder, or to another keyring.
    """
    manifest, told, given = _parse(folder)
    if manifest.deployment != keys.deployment:
        raise BackupError(f"The backup {folder.name} is of another store (or another keyring) than this one.")
    if manifest.backup_root not in {root.version for root in keys.backup_roots()}:
        raise BackupError(f"The keyring lacks backup root {manifest.backup_root}, which opens {folder.name}.")
    if not hmac.compare_digest(_mac(told, keys.backup_root(manifest.backup_root)), given):
        raise BackupError(f"The manifest of {folder.name} was changed, or is of another keyring.")
    return manifest


def peek(folder: Path) -> Manifest:
    """The manifest of a folder as it stands there, for those who have no keyring at hand; nothing vouches for it.

    Raises:
        BackupError: it is missing or damaged.
    """
    return _parse(folder)[0]


def _parse(folder: Path) -> tuple[Manifest, dict[str, object], bytes]:
    try:
        document = json.loads((folder / FILE).read_bytes())
        told, given = document["manifest"], bytes.fromhex(document["mac"])
        if told["v"] != VERSION:
            raise BackupError(f"The backup {folder.name} is of version {told['v']}, which this release cannot read.")
        return _manifest(told), told, given
    except FileNotFoundError:
        raise BackupError(f"{folder} is no backup: it has no {FILE}.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BackupError(f"The manifest of {folder.name} is damaged.") from None


def _manifest(told: dict[str, dict[str, dict[str, int | str]]]) -> Manifest:
    fields: dict[str, object] = {name: value for name, value in told.items() if name != "v"}
    converted: dict[str, object] = {
        "made_at": datetime.fromisoformat(str(told["made_at"])),
        "deployment": UUID(str(told["deployment"])),
        "epochs": tuple(told["epochs"]),
        "index_versions": tuple(told["index_versions"]),
        "log": LogFacts(**told["log"]),  # type: ignore[arg-type]  # JSON of ours: its MAC is checked by `read`
        "files": {name: FileFacts(**facts) for name, facts in told["files"].items()},  # type: ignore[arg-type]  # same
    }
    return Manifest(**{**fields, **converted})  # type: ignore[arg-type]  # same


def _told(manifest: Manifest) -> dict[str, object]:
    plain = asdict(manifest) | {"made_at": manifest.made_at.isoformat(), "deployment": str(manifest.deployment)}
    listed = {"epochs": list(manifest.epochs), "index_versions": list(manifest.index_versions)}
    return plain | listed | {"v": VERSION}


def _mac(told: dict[str, object], root: bytes) -> bytes:
    canonical = rfc8785.dumps(told)  # type: ignore[arg-type]  # made of JSON values alone
    return mac(derive(root, b"governance/backup-manifest"), canonical)
