"""What is wrong with a store, or soon will be: findings with their remedies, worst first.

Each check looks at one thing and says nothing where it is in order. What can be seen without opening the store is in
`host`.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, text

from governance.audit.enforcement import verify_enforcement
from governance.audit.errors import SigningKeyChangedError, SigningKeyError
from governance.audit.keys import check_signing_key
from governance.audit.progress import progress
from governance.custody import rotation
from governance.custody.anchoring import late_anchors
from governance.custody.backup import hindrance
from governance.custody.findings import Finding, Level, worst_first
from governance.custody.host import Host, look_at_doors, look_at_host
from governance.custody.opening import Store
from governance.custody.places import Places
from governance.custody.recovery import status as sheet_status
from governance.custody.rows import sealed_tables
from governance.custody.signing import has_signing_key, outside_of, public_key_of
from governance.custody.unreadable import still_unreadable
from governance.kernel import jobs
from governance.kernel.clock import Clock, SystemClock
from governance.kernel.errors import ConfigurationError, GovernanceError
from governance.kernel.outage import outage_named
from governance.kernel.records import frozen
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, Work, open_work
from governance.vault.enforcement import verify_sealing
from governance.vault.epochs import index_states

CLOCK_SKEW: Final = timedelta(seconds=5)
"""Between host and database; deadlines are days, but checkpoints follow each other by seconds."""
BACKLOG_AGE: Final = timedelta(minutes=2)
"""A worker places entries every 200 ms and signs every few seconds."""

MOST_SHOWN: Final = 20

_BESIDE: Final = """
SELECT datname FROM pg_database WHERE datname IN (current_database() || '_replaced', current_database() || '_restoring')
"""


@frozen
class _Patient:
    store: Store
    work: Work


def examine(store: Store, *, clock: Clock | None = None) -> list[Finding]:
    """All findings on an open store, failing ones first."""
    with outage_named(), open_work(store.database, OPERATOR, clock=clock) as work:
        patient = _Patient(store, work)
        found = [finding for check in CHECKS for finding in check(patient)]
        found += look_at_host(Host(store.settings, work.now))
    return worst_first(found)


def examine_closed(settings: Settings, refusal: GovernanceError, *, clock: Clock | None = None) -> list[Finding]:
    """What can be found on a store that does not open, beside the *refusal* itself: host, keyring, database."""
    closed = Finding("store-closed", Level.FAILING, refusal.detail, "Do what it says; then run governance doctor again")
    if not settings.data_dir.is_dir():
        return [closed]
    found = [*look_at_host(Host(settings, (clock or SystemClock()).now())), *look_at_doors(settings)]
    return [closed, *worst_first([one for one in found if one.sentence != refusal.detail])]


def _protection(patient: _Patient) -> Iterator[Finding]:
    for missing in verify_enforcement(patient.work.session.connection()):
        yield Finding(
            "audit-unprotected",
            Level.FAILING,
            f"The database no longer protects the audit log: {missing}.",
            "Find out who changed it, verify the log (governance audit verify); then put the protection back as it "
            "was, or restore a backup from before that: governance restore",
            {"what": missing},
        )


def _sealing(patient: _Patient) -> Iterator[Finding]:
    for missing in verify_sealing(patient.work.session.connection(), sealed_tables()):
        yield Finding(
            "vault-unprotected",
            Level.FAILING,
            f"The database no longer protects sealed values and keys: {missing}.",
            "Find out who changed it; then put the protection back, or restore a backup",
            {"what": missing},
        )


def _unreadable(patient: _Patient) -> Iterator[Finding]:
    """Values that were met and do not open; those that nobody has met are not looked for."""
    left = still_unreadable(patient.work)
    if left:
        shown = "; ".join(map(str, left[:MOST_SHOWN])) + ("; ..." if len(left) > MOST_SHOWN else "")
        yield Finding(
            "unreadable-values",
            Level.FAILING,
            f"Sealed values were changed or damaged where they are kept, and do not open ({len(left)}): {shown}.",
            "Find out who changed them; restore a backup from before that, or record these values anew",
            {"count": str(len(left)), "places": shown},
        )


def _anchors(patient: _Patient) -> Iterator[Finding]:
    try:
        behind = late_anchors(patient.store, now=patient.work.now)
    except ConfigurationError as error:
        yield Finding(
            "anchor-unusable",
            Level.FAILING,
            error.detail,
            "Set GOVERNANCE_AUDIT_TSA_CA to a file of them",
            {},
            error.detail,
        )
        return
    for name in behind:
        yield Finding(
            "anchor-late",
            Level.WARNING,
            f"The anchor {name} was not told what was signed of the audit log in the last hours.",
            "See audit.anchor_failed in the log of the worker; start the worker on the host that signs",
            {"name": name},
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
        yield Finding(error.slug, Level.FAILING, error.detail, put_back + "open-tree", {}, error.detail)


def _backlog(patient: _Patient) -> Iterator[Finding]:
    at = progress(patient.work)
    if at.oldest_pending_at is not None and patient.work.now - at.oldest_pending_at > BACKLOG_AGE:
        yield Finding(
            "audit-backlog",
            Level.WARNING,
            f"{at.pending} entries of the log wait for their place in the tree, the oldest since "
            f"{at.oldest_pending_at:%Y-%m-%d %H:%M} UTC.",
            "Start the worker: governance worker (or governance up)",
            {"count": str(at.pending)},
        )
    late = at.signed_at is None or patient.work.now - at.signed_at > BACKLOG_AGE
    if at.size > at.signed_size and late and at.pending == 0:
        yield Finding(
            "checkpoint-late",
            Level.WARNING,
            f"{at.size - at.signed_size} entries are under no checkpoint yet; the database alone protects them.",
            "Start the worker on the host that holds secrets/audit-signing.key",
            {"count": str(at.size - at.signed_size)},
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
            {"day": f"{keys.ends_at:%Y-%m-%d}"},
        )
    elif keys.is_pending:
        yield Finding(
            "rotation-pending",
            Level.WARNING,
            f"A rotation of keys is not done: {keys.to_rewrap} data keys wait, {len(keys.to_destroy)} old keys stand.",
            "governance keys rotate (the worker goes on with it while it runs)",
            {"count": str(keys.to_rewrap)},
        )
    if set(index_states(patient.work.session).values()) - {"live", "dropped"}:
        yield Finding(
            "indexes-pending",
            Level.WARNING,
            "A rotation of the blind indexes is not done.",
            "governance keys rotate --indexes (the worker goes on with it while it runs)",
        )


def _jobs(patient: _Patient) -> Iterator[Finding]:
    for task, count in jobs.given_up(patient.work).items():
        yield Finding(
            "jobs-failed",
            Level.WARNING,
            f"{count} jobs of {task} were given up after several attempts.",
            "The worker's log says why (worker.job_failed). Jobs of the timetable are due again by themselves, an "
            "import goes on by: governance import resume BATCH",
            {"count": str(count), "task": task},
        )


def _databases(patient: _Patient) -> Iterator[Finding]:
    """A copy of the database keeps alive what was destroyed in the one in use."""
    for (name,) in patient.work.session.execute(text(_BESIDE)):
        what = "that a restore replaced" if name.endswith("_replaced") else "of a restore that did not end"
        yield Finding(
            f"{name.rpartition('_')[2]}-database",
            Level.WARNING,
            f"The database {name} {what} still stands, with wrapped keys: until the epoch ends, what was erased since "
            "can be read in it by whoever holds the keyring.",
            "governance restore --drop-old",
            {"name": name},
        )


def _hindrance(patient: _Patient) -> Iterator[Finding]:
    hindered = hindrance(patient.store, patient.work.session)
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
            {"count": f"{seconds:+.0f}"},
        )


CHECKS: Final[tuple[Callable[[_Patient], Iterator[Finding]], ...]] = (
    _protection,
    _signing_key,
    _anchors,
    _sealing,
    _unreadable,
    _epoch,
    _databases,
    _backlog,
    _hindrance,
    _jobs,
    _sheet,
    _clock,
)
