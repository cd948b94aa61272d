"""Retention: what is due among a million people, looking ahead with it, and runs by one worker and by two.

The million are rows without sealed values, made by the server itself: finding what is due reads none of those. People
who are erased have contacts, a purchase of the year 2015 and keys, as those of `erasing`.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg

from benchmarks import erasing
from benchmarks.figures import Figure
from benchmarks.spending import Spent, beside_plain, server_seconds, spent
from benchmarks.stores import BenchStore, bench_store
from governance.custody.tombstones import INFO, Tombstones
from governance.executors import install
from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.retention import RetentionPolicy
from governance.reference.operations import set_controller
from governance.retention import operations as retention
from governance.retention.operations import RunId, RunState
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

PEOPLE: Final = 1_000_000
FOUND_SECONDS: Final = 5.0
AHEAD_SECONDS: Final = 60.0
ERASED: Final = 12_000
"""A dozen batches: of few, two workers would do the last one while the other has none."""
LEAST_OF_PLAIN: Final = 0.2
LEAST_OF_ONE: Final = 1.5
SHIPPED: Final = ("inactive_customers", "purchases_tax", "behaviour", "interaction_notes", "bounced_contacts")
_LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)

# Two thirds were active within the last two years, the rest before; each bought something ten to no years ago.
_MILLION: Final = """
SET session_replication_role = replica;
INSERT INTO key_owner (id, kind, created_at) SELECT gen_random_uuid(), 'person', now();
CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS id, n FROM generate_series(1, %(people)s) n;
INSERT INTO person (id, owner_id, subject_ref, kind, country, acquired_at, version, created_at, updated_at)
SELECT id, (SELECT id FROM key_owner LIMIT 1), gen_random_uuid(), 'private', 'DE', now(), 1, now(), now() FROM made;
INSERT INTO person_sign (person_id, last_at, proven) SELECT id, now() - (n %% 1095) * interval '1 day', true FROM made;
INSERT INTO purchase (id, owner_id, person_id, paid_at, whole_day, total, currency, created_at)
SELECT gen_random_uuid(), (SELECT id FROM key_owner LIMIT 1), id, now() - (n %% 3650) * interval '1 day', true, 1,
    'EUR', now() FROM made;
"""


def _fill(store: BenchStore) -> None:
    with psycopg.connect(store.admin_url, autocommit=True) as connection:
        for statement in _MILLION.strip().split(";\n"):
            connection.execute(statement.rstrip(";"), {"people": PEOPLE} if "%" in statement else None)
        connection.execute("ANALYZE")


def _force(database: Database, *keys: str) -> None:
    """Put shipped policies into force; people without an address need no warning."""
    for key in keys:
        with open_work(database, SYSTEM) as work:
            drafted = retention.draft_shipped(work, key=key)
            retention.look_ahead(work, policy=drafted.id)
            retention.propose_activation(work, policy=drafted.id, reason="Benchmark.")


def _timed(database: Database, act: Callable[[Work], object]) -> float:
    with open_work(database, SYSTEM) as work:
        began = time.perf_counter()
        act(work)
        return time.perf_counter() - began


def _ready(store: BenchStore) -> None:
    with open_work(store.database, SYSTEM) as work:
        set_controller(work, legal_name="Benchmark", address="Street 1", country="DE")
    install(store.database)
    ring = store.data_dir / "secrets" / "keyring.json"
    store.database.remember(**{INFO: Tombstones(ring.with_name("tombstones.jsonl"))})


def _among_many() -> tuple[float, float]:
    """Seconds to find who is inactive among a million people, and to look two years ahead with all policies."""
    with bench_store() as store:
        _ready(store)
        _fill(store)
        _force(store.database, *SHIPPED)
        inactive = next(one for one in _shipped(store.database) if one.key == "inactive_customers")
        found = _timed(store.database, lambda work: retention.simulate(work, policies=[inactive], curve=False))
        return found, _timed(store.database, retention.simulate)


def _shipped(database: Database) -> Sequence[RetentionPolicy]:
    with open_work(database, SYSTEM) as work:
        return retention.shipped(work)


def _worker(url: str, ring: Path, run: UUID, ready: "Queue[int]", go: "Queue[int]", done: "Queue[float]") -> None:
    database = Database(url, pool_size=2)
    Vault.install(database, Keyring(ring))
    database.remember(**{INFO: Tombstones(ring.with_name("tombstones.jsonl"))})
    ready.put(1)
    go.get()
    before = time.process_time()
    retention.see_through(database, actor=SYSTEM, run=RunId(run), rest=0)
    done.put(time.process_time() - before)


def _run_by(store: BenchStore, *, workers: int, mark: int) -> Spent:
    """A run that erases people, by so many workers."""
    people = erasing.people_with(store.database, ERASED, rows=1, mark=mark)
    _make_inactive(store, people)
    with open_work(store.database, SYSTEM) as work:
        begun = retention.begin(work, at_once=True)
        if begun.state is RunState.FUSED:
            retention.propose_resumption(work, run=begun.id, reason="Benchmark.")
    context = get_context("spawn")
    ready: Queue[int] = context.Queue()
    go: Queue[int] = context.Queue()
    done: Queue[float] = context.Queue()
    ring = store.data_dir / "secrets" / "keyring.json"
    made = [
        context.Process(target=_worker, args=(store.app_url, ring, begun.id, ready, go, done)) for _ in range(workers)
    ]
    for one in made:
        one.start()
    for _ in made:
        ready.get()
    erasing.settle(store)
    server, began = server_seconds(store), time.perf_counter()
    for _ in made:
        go.put(1)
    client = sum(done.get() for _ in made)
    seconds = time.perf_counter() - began
    server = server_seconds(store) - server
    for one in made:
        one.join()
    with open_work(store.database, SYSTEM) as work:
        told = retention.find_run(work, run=begun.id)
    if told.state is not RunState.DONE or told.parts[0].rows != ERASED:
        raise RuntimeError("somebody was left, or erased twice")
    return Spent(ERASED / seconds, client / ERASED * 1e6, server / ERASED * 1e6)


def _make_inactive(store: BenchStore, people: Sequence[SubjectId]) -> None:
    """Let people have been away for years, and have been told so long ago."""
    with psycopg.connect(store.admin_url, autocommit=True) as connection:
        named = {"people": list(people), "at": _LONG_AGO, "told": datetime.now(UTC) - timedelta(days=40)}
        connection.execute("UPDATE person_sign SET last_at = %(at)s WHERE person_id = ANY(%(people)s)", named)
        connection.execute(
            "INSERT INTO retention_warning (person_id, policy_key, warned_at) "
            "SELECT unnest(%(people)s::uuid[]), 'inactive_customers', %(told)s",
            named,
        )


def _plain(store: BenchStore) -> Spent:
    people = erasing.people_with(store.database, ERASED, rows=1, mark=13)
    erasing.settle(store)
    return spent(store, ERASED, lambda: erasing.delete_all_plainly(store, people))


def run() -> list[Figure]:
    """Finding and looking ahead among a million; runs by one worker and by two, beside plain DELETE."""
    found, ahead = _among_many()
    with bench_store() as store:
        _ready(store)
        _force(store.database, "inactive_customers")
        one = _run_by(store, workers=1, mark=11)
        two = _run_by(store, workers=2, mark=12)
        plain = _plain(store)
    return [
        Figure("who is due among a million people", found, "s", f"<= {FOUND_SECONDS} s", found <= FOUND_SECONDS),
        Figure("two years ahead, all policies, a million people", ahead, "s", f"< {AHEAD_SECONDS} s",
               ahead < AHEAD_SECONDS),
        *beside_plain("people that a run erases", one, plain, LEAST_OF_PLAIN),
        Figure("the same with two workers", two.per_second, "/s", f">= {LEAST_OF_ONE}x",
               two.per_second / one.per_second >= LEAST_OF_ONE, "one worker", one.per_second,
               two.per_second / one.per_second),
    ]  # fmt: skip
