"""What the store itself needs: partitions, backups, keys, indexes, forgetting what was kept for a time."""

from governance.accounts import operations as accounts
from governance.accounts.portal import operations as portal
from governance.audit import operations as audit
from governance.consent import operations as consent
from governance.consent import segmenting
from governance.custody import backup, rotation
from governance.custody.duties import duties_of
from governance.custody.errors import BusyError
from governance.custody.reindexing import IndexRotation
from governance.custody.rows import indexed_fields
from governance.intake import operations as intake
from governance.kernel import idempotency, jobs
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, open_work
from governance.messages import operations as messages
from governance.messages.webhooks import operations as webhooks
from governance.worker.surroundings import StoppedError, Surroundings

log = get_logger(__name__)


def purge(around: Surroundings) -> None:
    """Forget what was kept for a time: requests a day, refused rows and subscriptions a week, mail and jobs a month."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        requests = idempotency.purge(work)
        imports = intake.purge_refused(work)
        failed = jobs.purge_failed(work)
        mail = messages.purge(work)
        hooks = webhooks.purge(work)
        subscriptions = consent.purge_subscriptions(work)
        proposals = accounts.forget_words(work)
        attempts = accounts.forget_attempts(work)
        sessions = accounts.forget_sessions(work)
        readings = accounts.forget_readings(work)
        counts = portal.forget_counts(work)
        segments = segmenting.expire(work)
    log.info(
        "worker.purged",
        requests=requests,
        imports=imports,
        failed_jobs=failed,
        messages=mail,
        webhooks=hooks,
        subscriptions=subscriptions,
        proposals=proposals,
        attempts=attempts,
        sessions=sessions,
        readings=readings,
        counts=counts,
        segments=segments,
    )


def partitions(around: Surroundings) -> None:
    """Make the partitions of the audit log that the coming months need."""
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        made = audit.ensure_partitions(work)
    log.info("worker.partitions", made=made)


def make_backup(around: Surroundings) -> None:
    """Make the nightly backup, and keep as many as the settings say."""
    done = backup.nightly(around.store, SYSTEM, clock=around.clock)
    log.info("worker.backed_up", backup=done.made.folder.name, removed=len(done.pruned.backups))


def rotate_keys(around: Surroundings) -> None:
    """Begin a new key epoch where that is due, and see a rotation through that was begun."""
    store = around.store
    done = rotation.rotate(
        store.database,
        store.keyring,
        SYSTEM,
        duties=duties_of(store, SYSTEM),
        if_due_after_days=store.settings.epoch_days,
        clock=around.clock,
    )
    log.info("worker.keys_seen_to", epoch=done.epoch, rewrapped=done.rewrapped, destroyed=len(done.destroyed))


def resume_indexes(around: Surroundings) -> None:
    """Go on with a rotation of the blind indexes that was interrupted, until it is done or the worker is to end."""
    store = around.store

    rotating = IndexRotation(
        store.database,
        store.keyring,
        SYSTEM,
        fields=indexed_fields(),
        duties=duties_of(store, SYSTEM),
        clock=around.clock,
        progress=around.stop_where_told,
    )
    try:
        if rotating.is_pending():
            log.info("worker.indexes_rotated", version=rotating.resume())
    except StoppedError:
        return
    except BusyError as error:
        log.info("worker.indexes_wait", reason=error.detail)  # the next call goes on
