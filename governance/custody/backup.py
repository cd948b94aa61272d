"""Backups: two encrypted files of one snapshot, and a manifest, verified before they count.

`data.gov` is all but the data keys, under a key that lives as long as the store. `keys.gov` is the data keys, under the
key of the present epoch: when that is destroyed, within its thirty days, whoever kept a copy of both files has lost the
keys of everyone who was erased meanwhile. Restoring takes the newest dump of keys.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import args_row
from sqlalchemy.orm import Session

from governance import __version__
from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.entries import Fact
from governance.custody import dumps, keeping, manifests
from governance.custody.errors import BackupError
from governance.custody.keeping import DRAFT, Backup, Pruned
from governance.custody.manifests import DATA, KEYS, FileFacts, LogFacts, Manifest
from governance.custody.opening import Store
from governance.custody.places import SECRET, Places, private_folder
from governance.custody.recovery import renew_copy
from governance.custody.shredding import settle
from governance.custody.streams import Header, StreamWriter
from governance.custody.tombstones import Tombstones
from governance.kernel.clock import Clock, SystemClock
from governance.kernel.db import driver_connection, psycopg_url
from governance.kernel.durable import sync_folder
from governance.kernel.errors import ConfigurationError
from governance.kernel.logs import get_logger
from governance.kernel.outage import outage_named
from governance.kernel.records import frozen
from governance.kernel.work import Actor, open_work
from governance.vault.keyring import KeyProvider

log = get_logger(__name__)

Connection = psycopg.Connection[tuple[object, ...]]

_SEEN: Final[LiteralString] = """
SELECT pg_export_snapshot(),
    (SELECT version_num FROM alembic_version),
    current_setting('server_version_num')::int,
    (SELECT max(id) FROM key_epoch WHERE retired_at IS NULL),
    (SELECT coalesce(array_agg(DISTINCT epoch ORDER BY epoch), '{}') FROM data_key WHERE wrapped IS NOT NULL),
    (SELECT array_agg(version::int ORDER BY version) FROM index_version WHERE state <> 'dropped')
"""
_CLOSED: Final[LiteralString] = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
AND NOT has_table_privilege(oid, 'SELECT') ORDER BY relname
"""
_LOG: Final[LiteralString] = """
SELECT t.origin, h.size, encode(h.root, 'hex'), (SELECT count(*) FROM audit_pending),
    (SELECT coalesce(max(c.size), 0) FROM audit_checkpoint c WHERE c.tree_id = t.tree_id)
FROM audit_tree t JOIN audit_head h USING (tree_id) ORDER BY t.tree_id DESC LIMIT 1
"""


@frozen
class Nightly:
    """What a night's work was: a backup made, others removed."""

    made: Backup
    pruned: Pruned


def nightly(store: Store, actor: Actor, *, clock: Clock | None = None) -> Nightly:
    """Make a backup and keep as many as the settings say; a day's second call makes another one.

    Raises:
        BackupError: what was written is not what was read.
        BusyError: another process is at it.
        ConfigurationError: settings name no connection that pg_dump could use.
        UnavailableError: the database does not answer, or pg_dump failed.
    """
    places = Places(store.settings.data_dir)
    with open_work(store.database, actor, clock=clock) as work:
        settle(work, Tombstones(places.tombstones))
    made = make_backup(store, actor, clock=clock)
    return Nightly(made, keeping.prune(places, store.keyring, keep=store.settings.backup_keep))


def make_backup(store: Store, actor: Actor, *, clock: Clock | None = None) -> Backup:
    """Make a backup in the data folder's `backups/`; raises as `nightly` does."""
    return _make(store, actor, with_data=True, clock=clock or SystemClock())


def make_key_dump(store: Store, actor: Actor, *, clock: Clock | None = None) -> Backup:
    """Make a dump of the keys alone, under the present epoch; raises as `nightly` does.

    Due before the key of an older epoch is destroyed: with it go the dumps of keys made in that epoch, and the data
    beside them would be lost.
    """
    return _make(store, actor, with_data=False, clock=clock or SystemClock())


def hindrance(store: Store, session: Session | None = None) -> str | None:
    """Why no backup can be made, known before one is tried; None where nothing is in the way.

    Args:
        store: of which.
        session: of the service, by which it is asked where the service's own role makes the backups; another role, or
            any where there is no session, needs a connection of its own.
    """
    try:
        url = store.server.backup_url()
    except ConfigurationError as error:
        return error.detail
    if session is not None and url == store.server.app_url():
        closed, user = _closed(driver_connection(session))
    else:
        with outage_named(), psycopg.connect(psycopg_url(url)) as connection:
            closed, user = _closed(connection)
    if closed:
        return (
            f"The database role {user} may not read {', '.join(closed[:3])}{' and others' if closed[3:] else ''}; as "
            f'an administrator: GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{user}", and the same ON ALL SEQUENCES.'
        )
    return None


def _closed(connection: psycopg.Connection[Any]) -> tuple[list[str], str]:
    """Tables and sequences that the role of a connection may not read, and its name."""
    return [str(name) for (name,) in connection.execute(_CLOSED)], connection.info.user


@frozen
class _Seen:
    """What a snapshot shows, and the name by which pg_dump can share it."""

    snapshot: str
    schema: str
    server: int
    epoch: int
    epochs: list[int]
    index_versions: list[int]


def _make(store: Store, actor: Actor, *, with_data: bool, clock: Clock) -> Backup:
    places = Places(store.settings.data_dir)
    with keeping.alone(places), outage_named():
        name = _free_name(places, f"{clock.now():%Y%m%dT%H%M%SZ}")
        draft = private_folder(places.backups / f"{DRAFT}{name}")
        try:
            store.keyring.reload()
            manifest = _write_files(store, draft, name, with_data=with_data, clock=clock)
            manifests.write(draft, manifest, store.keyring)
            keeping.verify(draft, store.keyring)
            with open_work(store.database, actor, clock=clock) as work:
                renew_copy(work, places=places, ring=store.keyring)
                append(work, Action.BACKUP_MADE, facts=_facts(manifest))
                # Before the commit: an entry never tells of a backup that does not stand.
                draft.rename(places.backups / name)
                sync_folder(places.backups)
        except OSError as error:
            raise BackupError(f"The backup cannot be written to {places.backups} ({error.strerror}).") from None
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    log.info("custody.backup_made", backup=name, data=with_data)
    return keeping.backup_in(places.backups / name)


def _write_files(store: Store, draft: Path, name: str, *, with_data: bool, clock: Clock) -> Manifest:
    """Write the files out of one snapshot; answers what is in them, counted in what was written."""
    ring, server, url = store.keyring, store.server, store.server.backup_url()
    root = ring.backup_roots()[-1].version
    files: dict[str, FileFacts] = {}
    with _snapshot(url) as connection:
        seen, log_facts = _look(connection)
        made_at = clock.now()
        if with_data:
            dump = dumps.data_dump(server.client_environment(url), snapshot=seen.snapshot)
            files[DATA] = _seal(draft / DATA, dump, ring, keeping.header_of(DATA, name, "backup", root))
        counting = _Counting(_key_dump(connection))
        files[KEYS] = _seal(draft / KEYS, counting, ring, keeping.header_of(KEYS, name, "epoch", seen.epoch))
    sync_folder(draft)
    manifest = Manifest(
        name=name,
        made_at=made_at,
        deployment=ring.deployment,
        service=__version__,
        schema=seen.schema,
        server=seen.server,
        role_prefix=server.roles.prefix,
        backup_root=root,
        epoch=seen.epoch,
        epochs=tuple(seen.epochs),
        index_versions=tuple(seen.index_versions),
        keys=counting.lines,
        objects=0,
        log=log_facts,
        files=files,
    )
    if not with_data:
        return manifest
    objects = keeping.data_objects(draft, manifest, ring)
    if objects == 0:
        raise BackupError("The dump of data is empty.")
    return replace(manifest, objects=objects)


@contextlib.contextmanager
def _snapshot(url: str) -> Iterator[Connection]:
    """A transaction that sees one state throughout, however long it takes."""
    with psycopg.connect(psycopg_url(url)) as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection


def _look(connection: Connection) -> tuple[_Seen, LogFacts]:
    with connection.cursor(row_factory=args_row(_Seen)) as cursor:
        seen = cursor.execute(_SEEN).fetchone()
    with connection.cursor(row_factory=args_row(LogFacts)) as cursor:
        log_facts = cursor.execute(_LOG).fetchone()
    if seen is None or log_facts is None:
        raise BackupError("The database has no audit log; run: governance migrate")
    return seen, log_facts


def _key_dump(connection: Connection) -> Iterator[bytes]:
    with connection.cursor() as cursor, cursor.copy(dumps.KEYS) as copy:
        for chunk in copy:
            yield bytes(chunk)


def _seal(path: Path, content: Iterable[bytes], keys: KeyProvider, header: Header) -> FileFacts:
    """Encrypt into a file, on disk before this returns; answers what was written."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, SECRET)
    with os.fdopen(descriptor, "wb") as file:
        writer = StreamWriter(file, keeping.stream_key(keys, header), header)
        for chunk in content:
            writer.write(chunk)
        writer.finish()
        file.flush()
        os.fsync(file.fileno())
    with path.open("rb") as file:
        return FileFacts(path.stat().st_size, file_digest(file, "sha256").hexdigest())


class _Counting:
    """Passes chunks on and counts their lines."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.lines = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.lines += chunk.count(b"\n")
            yield chunk


def _free_name(places: Places, instant: str) -> str:
    """The instant, with a number where there are more backups of that second."""
    name, number = instant, 1
    while (places.backups / name).exists():
        number += 1
        name = f"{instant}-{number}"
    return name


def _facts(manifest: Manifest) -> dict[str, Fact]:
    digests: dict[str, Fact] = {
        name: {"bytes": facts.length, "sha256": facts.sha256} for name, facts in manifest.files.items()
    }
    return {
        "backup": manifest.name,
        "files": digests,
        "epoch": manifest.epoch,
        "keys": manifest.keys,
        "log_size": manifest.log.size,
    }
