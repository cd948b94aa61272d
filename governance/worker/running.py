"""One process: the queue's worker, the timetable, and the loops of the audit log."""

import asyncio
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from procrastinate import App, PsycopgConnector

from governance import executors
from governance.accounts.portal import operations as portal
from governance.audit.errors import SignerBusyError
from governance.custody import backup
from governance.custody.anchoring import anchors_of, tell_anchors
from governance.custody.opening import Store, open_store, require_protected_log
from governance.custody.signing import has_signing_key, place_entries, sign_where_due
from governance.kernel.clock import SystemClock
from governance.kernel.jobs import QUEUE
from governance.kernel.logs import get_logger
from governance.kernel.settings import Settings
from governance.kernel.work import SYSTEM, open_work
from governance.messages import operations as messages
from governance.worker.loops import Loop
from governance.worker.surroundings import Surroundings
from governance.worker.tasks import find_interrupted, make_app
from governance.worker.timetable import Timetable, entries
from governance.worker.webhooks import webhooks_loop

CONCURRENCY: Final = 2
HEARTBEAT_SECONDS: Final = 5.0
STALLED_AFTER_SECONDS: Final = 20.0
GRACE_SECONDS: Final = 20.0
SEQUENCER_SECONDS: Final = 0.2
SIGNER_SECONDS: Final = 2.0
ANCHORS_SECONDS: Final = 5.0
TIMETABLE_SECONDS: Final = 5.0
IMPORTS_SECONDS: Final = 10.0
MAIL_SECONDS: Final = 2.0
FORGET_MAIL_SECONDS: Final = 60.0
FORGET_VISITS_SECONDS: Final = 60.0

log = get_logger(__name__)


def run(settings: Settings) -> int:
    """Run the worker until SIGINT or SIGTERM; returns the exit code.

    Raises:
        GovernanceError: the store cannot be opened.
    """
    with open_store(settings, listen=True) as store:
        require_protected_log(store.database)
        executors.install(store.database)
        return asyncio.run(_run(store))


async def _run(store: Store) -> int:
    stopping = threading.Event()
    clock = SystemClock()
    timetable = Timetable(store.database, entries(store.settings, backups=_can_back_up(store)), clock=clock)
    connector = PsycopgConnector(conninfo=store.server.app_url(), min_size=1, max_size=4)
    around = Surroundings(store, clock, stopping)
    app = make_app(connector, around)
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    timetable.start()
    try:
        async with app.open_async():
            with webhooks_loop(around) as webhooks:
                return await _until_asked(app, [*_loops(around, timetable), webhooks], stopping, asked)
    finally:
        timetable.stop()


def _can_back_up(store: Store) -> bool:
    """Whether the nightly backup can be made from here; said now, not in the night."""
    hindrance = backup.hindrance(store)
    if hindrance is not None:
        log.warning("worker.makes_no_backups", reason=hindrance)
    return hindrance is None


def _loops(around: Surroundings, timetable: Timetable) -> Sequence[Loop]:
    store, clock = around.store, around.clock

    def deliver() -> None:
        messages.deliver_due(store.database, store.settings, clock=clock)

    def forget() -> None:
        messages.forget_ended(store.database, clock=clock)
        messages.remove_files(store.database, store.settings, clock=clock)

    def forget_visits() -> None:
        with open_work(store.database, SYSTEM, clock=clock) as work:
            portal.forget_visits(work)

    found = [
        Loop("imports", lambda: find_interrupted(around), every_seconds=IMPORTS_SECONDS),
        Loop("timetable", timetable.flush, every_seconds=TIMETABLE_SECONDS),
        Loop("sequencer", lambda: place_entries(store), every_seconds=SEQUENCER_SECONDS),
        Loop("signer", lambda: sign_where_due(store), every_seconds=SIGNER_SECONDS, expected=(SignerBusyError,)),
        Loop("mail", deliver, every_seconds=MAIL_SECONDS),
        Loop("forget_mail", forget, every_seconds=FORGET_MAIL_SECONDS),
        Loop("forget_visits", forget_visits, every_seconds=FORGET_VISITS_SECONDS),
    ]
    if anchors_of(store.settings):
        found.append(Loop("anchors", lambda: tell_anchors(store, clock=clock), every_seconds=ANCHORS_SECONDS))
    if not has_signing_key(store.settings.secrets_dir):
        log.warning("worker.signs_nothing")  # another host holds the key
    return found


async def _until_asked(app: App, loops: Sequence[Loop], stopping: threading.Event, asked: asyncio.Event) -> int:
    """Run all parts until a signal comes, or one of them ends by itself, which is an error."""
    worker = asyncio.create_task(
        app.run_worker_async(
            queues=[QUEUE],
            concurrency=CONCURRENCY,
            delete_jobs="successful",
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_AFTER_SECONDS,
        )
    )
    parts = [worker, asyncio.create_task(_revive(app))]
    # Threads of their own: the few that asyncio keeps by default are for the jobs.
    threads = ThreadPoolExecutor(len(loops), thread_name_prefix="loop")
    running = asyncio.get_running_loop()
    parts += [asyncio.ensure_future(running.run_in_executor(threads, one.run, stopping)) for one in loops]
    signalled = asyncio.create_task(asked.wait())
    log.info("worker.started")
    await asyncio.wait([*parts, signalled], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    for part in parts[:2]:
        part.cancel()
    results = await asyncio.gather(*parts, return_exceptions=True)
    threads.shutdown()
    log.info("worker.stopped")
    failures = [one for one in results if isinstance(one, Exception)]
    for failure in failures:
        log.error("worker.failed", exc_info=failure)
    return 0 if asked.is_set() and not failures else 1


async def _revive(app: App) -> None:
    """Put jobs back into the queue whose worker was killed while it had them."""
    while True:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
            await app.job_manager.retry_job(job)
            log.warning("worker.job_revived", task=job.task_name, job=job.id)
        await asyncio.sleep(STALLED_AFTER_SECONDS)
