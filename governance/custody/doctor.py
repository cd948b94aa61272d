"""What is wrong with a store, or soon will be: findings with their remedies, worst first.

Each check looks at one thing and says nothing where it is in order.
"""

import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, text

from governance.audit.enforcement import verify_enforcement
from governance.audit.errors import SigningKeyChangedError, SigningKeyError
from governance.audit.keys import check_signing_key
from governance.audit.progress import progress
from governance.custody import rotation
from governance.custody.backup import hindrance
from governance.custody.errors import TombstoneError
from governance.custody.keeping import is_overdue, last_backup
from governance.custody.opening import Store
from governance.custody.places import Places
from governance.custody.recovery import status as sheet_status
from governance.custody.rows import sealed_tables
from governance.custody.signing import has_signing_key, outside_of, public_key_of
from governance.custody.tombstones import Tombstones
from governance.kernel.clock import Clock
from governance.kernel.work import OPERATOR, Work, open_work
from governance.vault.aside import replaced_rings
from governance.vault.enforcement import verify_sealing
from governance.vault.epochs import index_states

CLOCK_SKEW: Final = timedelta(seconds=5)
"""Between host and database; deadlines are days, but checkpoints follow each other by seconds."""
BACKLOG_AGE: Final = timedelta(minutes=2)
"""A worker places entries every 200 ms and signs every few seconds."""
LEAST_FREE_BYTES: Final = 1 << 30
GROUP_AND_OTHERS: Final = 0o077

_BESIDE: Final = """
SELECT datname FROM pg_database WHERE datname IN (current_database() || '_replaced', current_database() || '_restoring')
"""


class Level(StrEnum):
    """How bad it is."""

    FAILING = "failing"
    """A promise does not hold now."""
    WARNING = "warning"
    """It holds, but something that it rests on is missing or late."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not in order.

    Attributes:
        code: stable name, kebab-case.
        level: how bad it is.
        sentence: what was found.
        remedy: what to do.
    """

    code: str
    level: Level
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Patient:
    store: Store
    work: Work


def examine(store: Store, *, clock: Clock | None = None) -> list[Finding]:
    """All findings on an open store, failing ones first."""
    with open_work(store.database, OPERATOR, clock=clock) as work:
        patient = _Patient(store, work)
        found = [finding for check in CHECKS for finding in check(patient)]
    return sorted(found, key=lambda finding: finding.level is not Level.FAILING)


def _protection(patient: _Patient) -> Iterator[Finding]:
    for missing in verify_enforcement(patient.work.session.connection()):
        yield Finding(
            "audit-unprotected",
            Level.FAILING,
            f"The database no longer protects the audit log: {missing}.",
            "Find out who changed it, verify the log (governance audit verify), then run: governance migrate",
        )


def _sealing(patient: _Patient) -> Iterator[Finding]:
    for missing in verify_sealing(patient.work.session.connection(), sealed_tables()):
        yield Finding(
            "vault-unprotected",
            Level.FAILING,
            f"The database no longer protects sealed values and keys: {missing}.",
            "Find out who changed it; then put the protection back, or restore a backup",
        )


def _alarm(patient: _Patient) -> Iterator[Finding]:
    for alarm in outside_of(patient.store.settings.data_dir).alarms():
        yield Finding(
            alarm.slug,
            Level.FAILING,
            f"The audit log raised an alarm on {alarm.since}: {alarm.detail}",
            "governance audit verify tells more; after a restore on purpose: governance audit open-tree",
        )


def _signing_key(patient: _Patient) -> Iterator[Finding]:
    """Whether the key on this host is the one that signed until now."""
    settings = patient.store.settings
    outside, put_back = outside_of(settings.data_dir), "Put the key back from a copy; if it is lost: governance audit "
    if not has_signing_key(settings.secrets_dir):
        if outside.last() is not None:
            yield Finding(
                "signing-key-missing",
                Level.FAILING,
                "Checkpoints were signed on this host, but the key is gone: nothing is signed any more.",
                put_back + "open-tree --new-key",
            )
        return
    try:
        public_key = public_key_of(settings.secrets_dir)
        check_signing_key(patient.work.session, outside=outside, public_key=public_key)
    except (SigningKeyError, SigningKeyChangedError) as error:
        yield Finding(error.slug, Level.FAILING, error.detail, put_back + "open-tree")


def _backlog(patient: _Patient) -> Iterator[Finding]:
    at = progress(patient.work)
    if at.oldest_pending_at is not None and patient.work.now - at.oldest_pending_at > BACKLOG_AGE:
        yield Finding(
            "audit-backlog",
            Level.WARNING,
            f"{at.pending} entries of the log wait for their place in the tree, the oldest since "
            f"{at.oldest_pending_at:%Y-%m-%d %H:%M} UTC.",
            "Start the worker: governance worker (or governance up)",
        )
    late = at.signed_at is None or patient.work.now - at.signed_at > BACKLOG_AGE
    if at.size > at.signed_size and late and at.pending == 0:
        yield Finding(
            "checkpoint-late",
            Level.WARNING,
            f"{at.size - at.signed_size} entries are under no checkpoint yet; the database alone protects them.",
            "Start the worker on the host that holds secrets/audit-signing.key",
        )


def _sheet(patient: _Patient) -> Iterator[Finding]:
    sheet = sheet_status(Places(patient.store.settings.data_dir), patient.store.keyring)
    if sheet.warning is not None:
        yield Finding("recovery-sheet", Level.WARNING, sheet.warning, "governance keys recovery")


def _epoch(patient: _Patient) -> Iterator[Finding]:
    keys = rotation.status(patient.work, epoch_days=patient.store.settings.epoch_days)
    if patient.work.now > keys.ends_at:
        yield Finding(
            "epoch-over",
            Level.FAILING,
            f"The key epoch was to end on {keys.ends_at:%Y-%m-%d}; what was shredded in it still opens in copies.",
            "governance keys rotate (the worker does it by itself while it runs)",
        )
    elif keys.is_pending:
        yield Finding(
            "rotation-pending",
            Level.WARNING,
            f"A rotation of keys is not done: {keys.to_rewrap} data keys wait, {len(keys.to_destroy)} old keys stand.",
            "governance keys rotate (the worker goes on with it while it runs)",
        )
    if set(index_states(patient.work.session).values()) - {"live", "dropped"}:
        yield Finding(
            "indexes-pending",
            Level.WARNING,
            "A rotation of the blind indexes is not done.",
            "governance keys rotate --indexes (the worker goes on with it while it runs)",
        )


def _copies(patient: _Patient) -> Iterator[Finding]:
    """A copy of the keyring, or of the database, keeps alive what was destroyed in the one in use."""
    for copy in replaced_rings(patient.store.keyring.path):
        yield Finding(
            "keyring-copy",
            Level.WARNING,
            f"{copy} is a keyring that was replaced. It keeps keys alive that are destroyed in the one in use.",
            "The next rotation removes it where nothing else is in it (governance keys rotate); else look what it is, "
            f"then: rm {_quoted(copy)}",
        )
    for (name,) in patient.work.session.execute(text(_BESIDE)):
        what = "that a restore replaced" if name.endswith("_replaced") else "of a restore that did not end"
        yield Finding(
            f"{name.rpartition('_')[2]}-database",
            Level.WARNING,
            f"The database {name} {what} still stands, with wrapped keys: until the epoch ends, what was erased since "
            "can be read in it by whoever holds the keyring.",
            "governance restore --drop-old",
        )


def _tombstones(patient: _Patient) -> Iterator[Finding]:
    try:
        unsettled = len(Tombstones(Places(patient.store.settings.data_dir).tombstones).unsettled())
    except TombstoneError as damaged:
        yield Finding("tombstones-damaged", Level.FAILING, damaged.detail, "Put the file back from a copy")
        return
    if unsettled:
        yield Finding(
            "tombstones-unsettled",
            Level.WARNING,
            f"Of {unsettled} shreddings it is not written down whether they were committed.",
            "The nightly backup finds out by itself",
        )


def _backup(patient: _Patient) -> Iterator[Finding]:
    last = last_backup(patient.store.settings.data_dir)
    if is_overdue(last, now=patient.work.now):
        told = "There is no backup" if last is None else f"The last backup is of {last.manifest.made_at:%Y-%m-%d %H:%M}"
        yield Finding("backup-overdue", Level.WARNING, f"{told}.", "governance backup")


def _hindrance(patient: _Patient) -> Iterator[Finding]:
    hindered = hindrance(patient.store)
    if hindered is not None:
        yield Finding(
            "backup-impossible",
            Level.WARNING,
            f"The worker can make no backups, and end no key epoch. {hindered}",
            "Change that and start the worker anew; until then let a timer run governance backup as somebody who can",
        )


def _clock(patient: _Patient) -> Iterator[Finding]:
    theirs = patient.work.session.scalar(select(func.clock_timestamp()))
    if theirs is not None and abs(theirs - patient.work.now) > CLOCK_SKEW:
        seconds = (theirs - patient.work.now).total_seconds()
        yield Finding(
            "clock-skew",
            Level.WARNING,
            f"The clock of the database is {seconds:+.0f} seconds from that of this host.",
            "Let both follow the same time servers (chrony, systemd-timesyncd)",
        )


def _space(patient: _Patient) -> Iterator[Finding]:
    free = shutil.disk_usage(patient.store.settings.data_dir).free
    if free < LEAST_FREE_BYTES:
        yield Finding(
            "disk-nearly-full",
            Level.WARNING,
            f"Only {free >> 20} MiB are free where the data folder lies.",
            "Make room; a full disk stops the database and its backups",
        )


def _modes(patient: _Patient) -> Iterator[Finding]:
    secrets = patient.store.settings.secrets_dir
    for path in (patient.store.settings.data_dir, secrets, *sorted(secrets.iterdir())):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & GROUP_AND_OTHERS:
            yield Finding(
                "open-to-others",
                Level.FAILING,
                f"{path} can be reached by other users (mode {mode:04o}).",
                f"chmod go= {_quoted(path)}",
            )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"


CHECKS: Final[tuple[Callable[[_Patient], Iterator[Finding]], ...]] = (
    _protection,
    _alarm,
    _signing_key,
    _modes,
    _sealing,
    _epoch,
    _copies,
    _tombstones,
    _backlog,
    _backup,
    _hindrance,
    _sheet,
    _clock,
    _space,
)
