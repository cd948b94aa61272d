"""What a restore takes: the data of one backup, and the newest dump of keys that fits them."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from governance.custody import keeping, manifests
from governance.custody.errors import BackupError, RestoreError
from governance.custody.keeping import Backup
from governance.custody.manifests import DATA, KEYS, FileFacts, Manifest
from governance.custody.places import Places
from governance.kernel.records import frozen
from governance.kernel.revision import newest
from governance.kernel.server import Server
from governance.vault.keyring import Keyring


@frozen
class Sources:
    """What is restored: data and keys, of one backup or of two."""

    data: Path
    manifest: Manifest
    keys: Path
    keys_manifest: Manifest
    passed_over: tuple[str, ...]

    @property
    def label(self) -> str:
        """Names what is restored, and to which schema."""
        digests = sha256("".join(facts.sha256 for facts in self._files()).encode()).hexdigest()
        return f"restoring {self.manifest.name} with the keys of {self.keys_manifest.name} to {newest()}: {digests}"

    def _files(self) -> tuple[FileFacts, FileFacts]:
        return self.manifest.files[DATA], self.keys_manifest.files[KEYS]


def choose(server: Server, ring: Keyring, folder: Path, keys: Path | None) -> Sources:
    """Find what is restored of the backup in *folder*, by the dump of keys in *keys* or the newest that fits.

    Raises:
        RestoreError: this backup cannot become this store, or no dump of keys fits it.
        BackupError: it is damaged or of another keyring.
    """
    manifest = manifests.read(folder, ring)
    if not manifest.has_data:
        raise RestoreError(f"{folder} is a dump of keys alone; name the folder of a backup.")
    if manifest.schema > newest():
        raise RestoreError(f"The backup's schema is {manifest.schema}, newer than this release; install a newer one.")
    if manifest.role_prefix != server.roles.prefix:
        raise RestoreError(f"The backup is of other roles; set GOVERNANCE_ROLE_PREFIX={manifest.role_prefix}")
    if max(manifest.index_versions) > max(root.version for root in ring.index_roots()):
        raise RestoreError("The keyring is older than the backup: it lacks the root of its blind indexes.")
    own = Places(server.settings.data_dir).backups
    passed_over: list[str] = []
    for one in [keeping.backup_in(keys)] if keys is not None else _key_dumps([folder.parent, own]):
        reason = _why_not(one, manifest, ring)
        if reason is None:
            return Sources(folder, manifest, one.folder, one.manifest, tuple(passed_over))
        passed_over.append(reason)
    raise RestoreError(f"No dump of keys fits this backup. {' '.join(passed_over)}".strip())


def _key_dumps(folders: Iterable[Path]) -> list[Backup]:
    """All dumps of keys at hand, newest first."""
    found = {one.folder.resolve(): one for folder in folders for one in keeping.backups(folder) if one.has_keys}
    return sorted(found.values(), key=lambda one: one.manifest.made_at, reverse=True)


def _why_not(one: Backup, data: Manifest, ring: Keyring) -> str | None:
    """Why a dump of keys cannot be used, or None where it can."""
    name = one.folder.name
    try:
        manifest = manifests.read(one.folder, ring)
        if manifest.made_at < data.made_at:
            return f"{name} is older than the data: it lacks the keys of what was sealed since."
        ended = {manifest.epoch, *manifest.epochs} - {epoch.id for epoch in ring.epochs()}
        if ended:
            return f"The keys in {name} are wrapped by epoch {min(ended)}, which has ended or is not in this keyring."
        if keeping.key_rows(one.folder, manifest, ring) != manifest.keys:
            return f"The dump of keys in {name} is not whole."
    except BackupError as error:
        return error.detail
    return None
