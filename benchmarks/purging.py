"""Send checks over HTTP at a steady pace, while a run of retention erases people in another process, and while not."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import text

from benchmarks import erasing
from benchmarks.callers import Caller
from benchmarks.check_single import single_checks
from benchmarks.figures import Figure
from benchmarks.mailing import mailing_store, web_service
from governance.custody.opening import open_store
from governance.executors import install
from governance.kernel.settings import Settings
from governance.kernel.work import SYSTEM, open_work
from governance.retention import operations as retention
from governance.retention.operations import RunId, RunState

PEOPLE: Final = 20_000
ERASED: Final = 12_000
A_SECOND: Final = 20
QUIET_SECONDS: Final = 15.0
BAR: Final = 2.0
_AWAY: Final = """
INSERT INTO person_sign (person_id, last_at, proven)
SELECT id, CASE WHEN id = ANY(:people) THEN CAST(:at AS timestamptz) ELSE now() END, true FROM person
ON CONFLICT (person_id) DO UPDATE SET last_at = excluded.last_at, proven = true
"""
_TOLD: Final = """
INSERT INTO retention_warning (person_id, policy_key, warned_at)
SELECT person_id, 'inactive_customers', :told FROM person_sign WHERE last_at = :at
"""


def _begin(settings: Settings) -> RunId:
    """A run that may begin: people who were away for years, and were told so long ago."""
    named = {"at": datetime(2020, 1, 1, tzinfo=UTC), "told": datetime.now(UTC) - timedelta(days=40)}
    with open_store(settings) as store:
        install(store.database)
        people = erasing.people_with(store.database, ERASED, rows=1, mark=1)
        with open_work(store.database, SYSTEM) as work:
            drafted = retention.draft_shipped(work, key="inactive_customers")
            retention.look_ahead(work, policy=drafted.id)
            retention.propose_activation(work, policy=drafted.id, reason="Benchmark.")
        with open_work(store.database, SYSTEM) as work:
            work.session.execute(text(_AWAY), {**named, "people": people})
            work.session.execute(text(_TOLD), named)
            begun = retention.begin(work, at_once=True)
            if begun.state is RunState.FUSED:
                retention.propose_resumption(work, run=begun.id, reason="Benchmark.")
    return begun.id


def _purge(data_dir: Path, run: UUID, ready: "Queue[int]", go: "Queue[int]", done: "Queue[int]") -> None:
    with open_store(Settings(data_dir=data_dir)) as store:
        ready.put(1)
        go.get()
        done.put(retention.see_through(store.database, actor=SYSTEM, run=RunId(run)).parts[0].people)


def _ask(caller: Caller, asked: list[bytes], *, until: Callable[[float], bool]) -> list[float]:
    """Milliseconds of each answer, so many times a second; what is late is asked at once."""
    waits: list[float] = []
    began = time.perf_counter()
    while not until(time.perf_counter() - began):
        time.sleep(max(0.0, began + len(waits) / A_SECOND - time.perf_counter()))
        at = time.perf_counter()
        caller.ask(asked[len(waits) % len(asked)])
        waits.append((time.perf_counter() - at) * 1000)
    return waits


def run() -> list[Figure]:
    """The slowest checks of a hundred while a purge runs, against those of quiet times in the same run."""
    context = get_context("spawn")
    ready: Queue[int] = context.Queue()
    go: Queue[int] = context.Queue()
    done: Queue[int] = context.Queue()
    with mailing_store(PEOPLE) as settings, web_service(settings) as web:
        asked = single_checks(web.key, PEOPLE, seed=1)
        random.Random(2).shuffle(asked)
        begun = _begin(settings)
        purge = context.Process(target=_purge, args=(settings.data_dir, begun, ready, go, done))
        purge.start()
        ready.get()
        caller = Caller(web.port)
        _ask(caller, asked, until=lambda seconds: seconds > QUIET_SECONDS / 5)
        quiet = _ask(caller, asked, until=lambda seconds: seconds > QUIET_SECONDS)
        go.put(1)
        busy = _ask(caller, asked, until=lambda _: not done.empty())
        erased = done.get()
        purge.join()
    if erased < ERASED // 2 or len(busy) < 100:
        raise RuntimeError(f"the purge was over too soon: {erased} people, {len(busy)} checks")
    least, most = (statistics.quantiles(one, n=100)[98] for one in (quiet, busy))
    ratio = most / least
    return [
        Figure(
            "check while a purge runs, 99th percentile", most, "ms", f"<= {BAR}x", ratio <= BAR, "quiet", least, ratio
        )
    ]
