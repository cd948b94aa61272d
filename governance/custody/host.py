"""What can be seen of a store on its host, without opening it: files, their modes, backups, keyring, and the database.

Each check looks at one thing and says nothing where it is in order.
"""

import shlex
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg

from governance.custody.errors import TombstoneError
from governance.custody.findings import Finding, Level
from governance.custody.founding import stands_at
from governance.custody.keeping import is_overdue, last_backup
from governance.custody.opening import KEYRING
from governance.custody.places import Places
from governance.custody.signing import outside_of
from governance.custody.tombstones import Tombstones
from governance.kernel.cluster import FOLDER
from governance.kernel.db import psycopg_url
from governance.kernel.errors import GovernanceError
from governance.kernel.folders import OURS
from governance.kernel.records import frozen
from governance.kernel.revision import newest
from governance.kernel.server import Server, reach
from governance.kernel.settings import Settings
from governance.vault.aside import replaced_rings
from governance.vault.errors import KeyringError
from governance.vault.keyring import Keyring

LEAST_FREE_BYTES: Final = 1 << 30
GROUP_AND_OTHERS: Final = 0o077


@frozen
class Host:
    """What is looked at, and when."""

    settings: Settings
    now: datetime


def look_at_host(host: Host) -> list[Finding]:
    """Findings on the data folder; it exists."""
    return [finding for check in CHECKS for finding in check(host)]


def look_at_doors(settings: Settings) -> Iterator[Finding]:
    """Findings on what a store opens with: the keyring, the database and its schema."""
    try:
        Keyring(settings.secrets_dir / KEYRING)
    except KeyringError as error:
        yield Finding("keyring", Level.FAILING, error.detail, "Do what it says; never make a new one for an old store")
    elsewhere = settings.database_url is not None or settings.database_admin_url is not None
    if not elsewhere and not (settings.data_dir / FOLDER).is_dir():
        yield Finding(
            "database-missing",
            Level.FAILING,
            "There is no embedded database in the data folder, and settings name none elsewhere.",
            "Set GOVERNANCE_DATABASE_URL, or restore a backup: governance restore",
        )
        return
    try:
        with reach(settings) as server:
            yield from _database(server)
    except GovernanceError as error:
        yield Finding("database-unreachable", Level.FAILING, error.detail, "Do what it says")


def _database(server: Server) -> Iterator[Finding]:
    try:
        stands = stands_at(server.app_url())
    except psycopg.Error as error:
        yield Finding(
            "database-unreachable",
            Level.FAILING,
            f"The role {server.roles.app} does not get in to the database ({type(error).__name__})"
            + (", but an administrator does." if _lets_in_administrator(server) else "."),
            "Look whether the server runs, and at GOVERNANCE_DATABASE_URL with its password; governance init with "
            "GOVERNANCE_DATABASE_ADMIN_URL sets that anew",
        )
        return
    if stands != newest():
        yield Finding(
            "schema-outdated",
            Level.FAILING,
            f"The schema is at {stands or 'nothing'}, this release is at {newest()}.",
            "governance migrate; where the schema is the newer one, install the newer release",
            {"stands": stands or "-", "newest": newest()},
        )


def _lets_in_administrator(server: Server) -> bool:
    try:
        psycopg.connect(psycopg_url(server.admin_url())).close()
    except (psycopg.Error, GovernanceError):
        return False
    return True


def _keyrings(host: Host) -> Iterator[Finding]:
    """A copy of the keyring keeps alive what was destroyed in the one in use."""
    for copy in replaced_rings(host.settings.secrets_dir / KEYRING):
        yield Finding(
            "keyring-copy",
            Level.WARNING,
            f"{copy} is a keyring that was replaced. It keeps keys alive that are destroyed in the one in use.",
            "The next rotation removes it where nothing else is in it (governance keys rotate); else look what it is, "
            f"then: rm {shlex.quote(str(copy))}",
            {"path": str(copy)},
        )


def _alarm(host: Host) -> Iterator[Finding]:
    for alarm in outside_of(host.settings.data_dir).alarms():
        yield Finding(
            alarm.slug,
            Level.FAILING,
            f"The audit log raised an alarm on {alarm.since}: {alarm.detail}",
            "governance audit verify tells more; after a restore on purpose: governance audit open-tree",
            {"since": alarm.since},
            alarm.sentence(),
        )


def _tombstones(host: Host) -> Iterator[Finding]:
    try:
        unsettled = len(Tombstones(Places(host.settings.data_dir).tombstones).unsettled())
    except TombstoneError as damaged:
        yield Finding(
            "tombstones-damaged", Level.FAILING, damaged.detail, "Put the file back from a copy", {}, damaged.detail
        )
        return
    if unsettled:
        yield Finding(
            "tombstones-unsettled",
            Level.WARNING,
            f"Of {unsettled} shreddings it is not written down whether they were committed.",
            "The nightly backup finds out by itself",
            {"count": str(unsettled)},
        )


def _backup(host: Host) -> Iterator[Finding]:
    last = last_backup(host.settings.data_dir)
    if is_overdue(last, now=host.now):
        told = "There is no backup" if last is None else f"The last backup is of {last.manifest.made_at:%Y-%m-%d %H:%M}"
        day = "" if last is None else f"{last.manifest.made_at:%Y-%m-%d}"
        yield Finding("backup-overdue", Level.WARNING, f"{told}.", "governance backup", {"day": day} if day else {})


def _space(host: Host) -> Iterator[Finding]:
    free = shutil.disk_usage(host.settings.data_dir).free
    if free < LEAST_FREE_BYTES:
        yield Finding(
            "disk-nearly-full",
            Level.WARNING,
            f"Only {free >> 20} MiB are free where the data folder lies.",
            "Make room; a full disk stops the database and its backups",
            {"count": str(free >> 20)},
        )


def _modes(host: Host) -> Iterator[Finding]:
    folder, secrets = host.settings.data_dir, host.settings.secrets_dir
    inner = [folder / name for name in (*OURS, "audit", "custody", "backups")]
    for path in (folder, *filter(Path.is_dir, inner), *sorted(secrets.glob("*"))):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & GROUP_AND_OTHERS:
            yield Finding(
                "open-to-others",
                Level.FAILING,
                f"{path} can be reached by other users (mode {mode:04o}).",
                f"chmod go= {shlex.quote(str(path))}",
                {"path": str(path)},
            )


CHECKS: Final[tuple[Callable[[Host], Iterator[Finding]], ...]] = (
    _alarm,
    _modes,
    _keyrings,
    _tombstones,
    _backup,
    _space,
)
