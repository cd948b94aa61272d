"""Restoring a backup: into a new database beside the old one, which it replaces in one step at the very end.

1. The backup is authentic, of this store, and of a schema and keys that can be had.
2. The newest dump of keys that the keyring opens is chosen; it may be younger than the data.
3. A new database: roles, data, keys, schema brought up to this release.
4. Keys are what the keyring holds; whatever was shredded since is shredded again. Where the root of the blind indexes
   was rotated away, all digests are made anew; whoever is interrupted in that goes on with it by the next restore.
5. The log is compared with the last checkpoint kept outside the database. If the backup is older, signing stays refused
   until an operator opens a new tree.
6. The new database takes the name of the old one, which is kept beside it until it is dropped.

Killed before the last step, all is as it was; what was being made is dropped by the next restore.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.errors import AuditRollbackError
from governance.audit.operations import verify_enforcement
from governance.custody import dumps, keeping
from governance.custody.continuing import compare_log
from governance.custody.errors import RestoreError
from governance.custody.founding import app_password
from governance.custody.manifests import DATA, KEYS, Manifest
from governance.custody.opening import KEYRING
from governance.custody.places import Places
from governance.custody.reindexing import Progress, adopt_root, rebuild
from governance.custody.replaying import load_keys, replay, settle_epochs
from governance.custody.rows import indexed_fields
from governance.custody.signing import outside_of
from governance.custody.sources import Sources, choose
from governance.custody.swapping import Fresh, Neighbours, fresh_database, neighbours, swap
from governance.custody.tombstones import Tombstones
from governance.kernel import schema
from governance.kernel.clock import Clock, SystemClock
from governance.kernel.db import Database
from governance.kernel.logs import get_logger
from governance.kernel.outage import outage_named
from governance.kernel.records import frozen
from governance.kernel.revision import newest
from governance.kernel.server import Server, remember_place
from governance.kernel.settings import Settings
from governance.kernel.supervisor import sole_supervisor
from governance.kernel.work import Actor, open_work
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

log = get_logger(__name__)

Say = Callable[[str], None]


@frozen
class Restored:
    """What a restore has done.

    Attributes:
        backup, made_at: where the data is from, and of which instant.
        keys, keys_made_at: the same of the keys.
        passed_over: why younger dumps of keys were not used.
        shredded: data keys that were destroyed once more.
        reindexed: version of the blind indexes that were made anew, None where they had not to be.
        log_warning: why checkpoints will not be signed, where that is so.
        replaced: name of the database that was replaced and still stands.
    """

    backup: str
    made_at: datetime
    keys: str
    keys_made_at: datetime
    passed_over: tuple[str, ...]
    shredded: int
    reindexed: int | None
    log_warning: str | None
    replaced: str | None


def newest_backup(data_dir: Path) -> Path:
    """The folder of the newest whole backup of a store.

    Raises:
        RestoreError: there is none.
    """
    last = keeping.last_backup(data_dir)
    if last is None:
        raise RestoreError(f"There is no backup in {Places(data_dir).backups}; name the folder of one.")
    return last.folder


def require_keyring(settings: Settings) -> None:
    """Refuse early, before a server is made, where nothing could be opened.

    Raises:
        KeyringError: there is no keyring.
    """
    Keyring(settings.secrets_dir / KEYRING)


def restore(
    server: Server,
    folder: Path,
    actor: Actor,
    *,
    keys: Path | None = None,
    clock: Clock | None = None,
    say: Say,
    progress: Progress | None = None,
) -> Restored:
    """Restore the backup in *folder*; the service must not be running.

    Args:
        server: where the store lives, or is to live.
        folder: of the backup.
        actor: who restores.
        keys: folder of the dump of keys to use; by default the newest that the keyring opens, beside the backup or in
            the store's own folder of backups.
        clock: dates the entry.
        say: tells the operator of each step.
        progress: told of tables, and of the rows in them whose digests are made anew.

    Raises:
        RestoreError: the service runs, or this backup cannot become this store. Nothing has changed then.
        BackupError: the backup is damaged or of another keyring. Nothing has changed then.
        KeyringError: there is no keyring.
        UnavailableError: the database does not answer, or its programs failed.
    """
    clock = clock or SystemClock()
    settings = server.settings
    places = Places(settings.data_dir)
    ring = Keyring(settings.secrets_dir / KEYRING)
    with sole_supervisor(settings.data_dir), keeping.alone(places), outage_named():
        sources = choose(server, ring, folder, keys)
        beside = neighbours(server)
        say(f"Restoring the data of {_instant(sources.manifest)} with the keys of {_instant(sources.keys_manifest)}.")
        with fresh_database(beside, label=sources.label) as fresh:
            if fresh.filled:
                say("The same restore was interrupted; going on with it.")
            else:
                _fill(server, ring, sources, beside, fresh.admin_url)
                say("Data and keys are loaded.")
            with _opened(server, ring, beside, actor, fresh, clock=clock) as (database, reindexed):
                if reindexed is not None:
                    say("Their blind indexes are of a root that was rotated away, and are made anew.")
                    rebuild(database, actor, fields=indexed_fields(), version=reindexed, progress=progress)
                    fresh.forget()
                shredded = replay(database, actor, Tombstones(places.tombstones).standing(), clock=clock)
                warning = compare_log(database, settings.data_dir)
                _tell(database, actor, sources, shredded, warning, clock=clock)
            replaced = swap(beside)
    remember_place(server)
    if warning is not None:
        outside_of(settings.data_dir).raise_alarm(AuditRollbackError.slug, warning, at=clock.now())
    log.warning("custody.restored", backup=sources.manifest.name, keys=sources.keys_manifest.name)
    return Restored(
        backup=sources.manifest.name,
        made_at=sources.manifest.made_at,
        keys=sources.keys_manifest.name,
        keys_made_at=sources.keys_manifest.made_at,
        passed_over=sources.passed_over,
        shredded=shredded,
        reindexed=reindexed,
        log_warning=warning,
        replaced=beside.replaced if replaced else None,
    )


def _fill(server: Server, ring: Keyring, sources: Sources, beside: Neighbours, admin_url: str) -> None:
    """Roles, data, keys, and the schema of this release."""
    schema.provision(admin_url, roles=server.roles, app_password=app_password(server))
    dump = keeping.read(sources.data, DATA, sources.manifest, ring)
    dumps.load_data(server.client_environment(), dump, database=beside.fresh)
    load_keys(admin_url, keeping.read(sources.keys, KEYS, sources.keys_manifest, ring))
    if sources.manifest.schema < newest():
        schema.migrate(admin_url, roles=server.roles)


@contextmanager
def _opened(
    server: Server, ring: Keyring, beside: Neighbours, actor: Actor, fresh: Fresh, *, clock: Clock
) -> Iterator[tuple[Database, int | None]]:
    """The restored database as the service sees it, its keys known to be the keyring's, its log to be protected.

    With it comes the version of the blind indexes by which all digests are to be made anew, if they are.
    """
    database = Database(beside.url_of(beside.fresh, server.app_url()), pool_size=1)
    try:
        with open_work(database, actor, clock=clock) as work:
            settle_epochs(work.session, ring, now=work.now)
            adopted = adopt_root(work, ring)
        if adopted:
            fresh.keep()
        Vault.install(database, ring)
        with database.sessions() as session:
            missing = verify_enforcement(session.connection())
        if missing:
            raise RestoreError(f"The restored log would not be protected: {'; '.join(missing)}.")
        yield database, ring.index_roots()[-1].version if adopted or fresh.filled else None
    finally:
        database.dispose()


def _tell(
    database: Database, actor: Actor, sources: Sources, shredded: int, warning: str | None, *, clock: Clock
) -> None:
    with open_work(database, actor, clock=clock) as work:
        append(
            work,
            Action.BACKUP_RESTORED,
            facts={
                "backup": sources.manifest.name,
                "made_at": sources.manifest.made_at,
                "keys": sources.keys_manifest.name,
                "shredded_again": shredded,
                "log_size": sources.manifest.log.size,
                "log_continues": warning is None,
            },
        )


def _instant(manifest: Manifest) -> str:
    return f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"
