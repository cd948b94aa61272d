"""Erasing: one person with a hundred rows, five hundred by two workers, and batches against plain DELETE statements.

Purchases are of the year 2015, which no law wants kept any more, so that everything goes, keys included.
"""

import statistics
import time
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg

from benchmarks.figures import Figure
from benchmarks.mailing import mailing_store
from benchmarks.spending import Spent, beside_plain, spent
from benchmarks.stores import BenchStore, bench_store
from governance.custody.opening import open_store
from governance.custody.tombstones import INFO, Tombstones
from governance.customers.bulk import create_people
from governance.customers.bulk_events import record_interactions, record_purchases
from governance.customers.codes import ContactKind, Ground, InteractionKind, Source
from governance.customers.records import (
    InteractionOf,
    NewContact,
    NewInteraction,
    NewPerson,
    NewPurchase,
    Origin,
    PurchaseOf,
)
from governance.erasure import operations as erasures
from governance.erasure.operations import ErasureId, OriginKind
from governance.erasure.operations import Origin as ErasedBy
from governance.kernel.db import Database
from governance.kernel.ids import BatchId, SubjectId, uuid7
from governance.kernel.work import SYSTEM, open_work
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

ALONE: Final = 40
ROWS_EACH: Final = 98
"""Purchases and talks of one person, beside two contacts."""
OPEN: Final = 500
WORKERS: Final = 2
MANY: Final = 10_000
BATCH: Final = 1_000
FEW_AROUND: Final = 10_000
MANY_AROUND: Final = 1_000_000
LONGEST_MS: Final = 500
LEAST_PER_SECOND: Final = 10
LEAST_OF_PLAIN: Final = 0.2
MOST_AMONG_MANY: Final = 1.3
_LONG_AGO: Final = date(2015, 3, 1)
_ASKED: Final = ErasedBy(OriginKind.REQUEST, uuid7())


def people_with(database: Database, count: int, *, rows: int, mark: int) -> list[SubjectId]:
    """People with two contacts and *rows* purchases and talks."""
    made: list[SubjectId] = []
    at_once = max(1, BATCH // rows)
    for first in range(0, count, at_once):
        with open_work(database, SYSTEM) as work:
            origin = Origin(BatchId(uuid7()), work.now, Source.TILL, Ground.CONTRACT)
            people = create_people(
                work, [_new(mark, number) for number in range(first, min(first + at_once, count))], origin=origin
            )
            bought = [_purchase(one, number) for one in people for number in range((rows + 1) // 2)]
            spoken = [_talk(one, number) for one in people for number in range(rows // 2)]
            record_purchases(work, bought, batch=BatchId(uuid7()))
            record_interactions(work, spoken, batch=BatchId(uuid7()))
        made += people
    return made


def _new(mark: int, number: int) -> NewPerson:
    contacts = (
        NewContact(ContactKind.EMAIL, f"erased.{mark}.{number}@example.org"),
        NewContact(ContactKind.PHONE, f"+4917{mark}{number:07d}", region="DE"),
    )
    return NewPerson(family_name=f"Petrenko {number}", given_name="Olena", city="Berlin", contacts=contacts)


def _purchase(person: SubjectId, number: int) -> PurchaseOf:
    bought = NewPurchase(paid_at=_LONG_AGO, total=Decimal("19.90"), currency="EUR", number=f"R-{number}")
    return PurchaseOf(person, bought)


def _talk(person: SubjectId, number: int) -> InteractionOf:
    talk = NewInteraction(
        kind=InteractionKind.CALL, at=_LONG_AGO + timedelta(days=number), note="Asked for a catalogue"
    )
    return InteractionOf(person, talk)


def _alone(database: Database, *, mark: int) -> float:
    """Median milliseconds from the start of an erasure to all its receipts, each step in its own transaction."""
    spent = []
    for person in people_with(database, ALONE, rows=ROWS_EACH, mark=mark):
        began = time.perf_counter()
        with open_work(database, SYSTEM) as work:
            begun = erasures.begin(work, person=person, origin=_ASKED)
        through = erasures.run(database, erasure=begun)
        spent.append(time.perf_counter() - began)
        if not through:
            raise RuntimeError("an erasure was not seen through")
    return statistics.median(spent) * 1000


def _worker(url: str, ring: Path, erasures_of: Sequence[UUID], ready: "Queue[int]", go: "Queue[int]") -> None:
    """See erasures through in this order; what somebody else has in hand, or has done, is passed over."""
    database = Database(url, pool_size=2)
    Vault.install(database, Keyring(ring))
    _with_tombstones(database, ring)
    ready.put(1)
    go.get()
    for erasure in erasures_of:
        erasures.run(database, erasure=ErasureId(erasure))


def _with_tombstones(database: Database, ring: Path) -> None:
    database.remember(**{INFO: Tombstones(ring.with_name("tombstones.jsonl"))})


def _together(store: BenchStore) -> float:
    """People per second of two workers who see five hundred open erasures through, one of them killed on the way."""
    people = people_with(store.database, OPEN, rows=2, mark=5)
    with open_work(store.database, SYSTEM) as work:
        begun = [erasures.begin(work, person=one, origin=_ASKED) for one in people]
    context = get_context("spawn")
    ready: Queue[int] = context.Queue()
    go: Queue[int] = context.Queue()
    ring = store.data_dir / "secrets" / "keyring.json"
    shares = [begun[::WORKERS] + begun[1::WORKERS], begun[1::WORKERS] + begun[::WORKERS]]
    workers = [context.Process(target=_worker, args=(store.app_url, ring, share, ready, go)) for share in shares]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.get()
    began = time.perf_counter()
    for _ in workers:
        go.put(1)
    with psycopg.connect(store.admin_url, autocommit=True) as connection:
        while _open(connection) > OPEN * 2 // 3:
            time.sleep(0.1)
        workers[0].kill()
        # The one that is left does the rest; what the killed one had in hand is free when its connection ends.
        workers[1].join()
        _see_rest_through(store)
        spent = time.perf_counter() - began
        _require_each_once(connection, begun)
    return OPEN / spent


def _open(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    [(found,)] = connection.execute("SELECT count(*) FROM erasure WHERE state = 'running'").fetchall()
    return int(str(found))


def _see_rest_through(store: BenchStore) -> None:
    """As the worker does every few minutes: take up what was lost with whoever was killed."""
    with open_work(store.database, SYSTEM) as work:
        left = erasures.resume(work)
    for one in left:
        erasures.run(store.database, erasure=one)


def _require_each_once(connection: psycopg.Connection[tuple[object, ...]], begun: Sequence[UUID]) -> None:
    told = connection.execute(
        "SELECT object_id, count(*) FROM audit_body WHERE action = 'erasure:step:done' "
        "AND object_id = ANY(%s) GROUP BY object_id",
        (list(begun),),
    ).fetchall()
    steps = {count for _, count in told}
    closed = connection.execute(
        "SELECT count(*) FROM erasure WHERE id = ANY(%s) AND state = 'closed'", (list(begun),)
    ).fetchall()
    if len(told) != len(begun) or len(steps) != 1 or closed != [(len(begun),)]:
        raise RuntimeError("an erasure was lost, or a step was done twice")


def _batches(store: BenchStore) -> tuple[Spent, Spent]:
    """Erasing people in batches, with keys, entries and certificates; and by plain DELETE statements."""
    ours = people_with(store.database, MANY, rows=1, mark=6)
    theirs = people_with(store.database, MANY, rows=1, mark=7)
    run = ErasedBy(OriginKind.POLICY_RUN, uuid7(), "inactive_customers")

    def erase() -> None:
        for first in range(0, MANY, BATCH):
            with open_work(store.database, SYSTEM) as work:
                erasures.erase_many(work, people=ours[first : first + BATCH], origin=run)

    settle(store)
    erased = spent(store, MANY, erase)
    settle(store)
    return erased, spent(store, MANY, lambda: delete_all_plainly(store, theirs))


def settle(store: BenchStore) -> None:
    """Do now what the server does by itself some minutes after rows came, and would do amid what is measured."""
    with psycopg.connect(store.admin_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def delete_all_plainly(store: BenchStore, people: Sequence[SubjectId]) -> None:
    """The limit: the same rows by plain statements, in batches of the same size."""
    with psycopg.connect(store.admin_url, autocommit=True) as connection:
        for first in range(0, len(people), BATCH):
            with connection.transaction():
                delete_plainly(connection, people[first : first + BATCH])


def delete_plainly(connection: psycopg.Connection[tuple[object, ...]], people: Sequence[SubjectId]) -> None:
    named = {"people": list(people)}
    owners = connection.execute("SELECT owner_id FROM person WHERE id = ANY(%(people)s)", named).fetchall()
    for table in ("contact", "purchase", "interaction"):
        connection.execute(f"DELETE FROM {table} WHERE person_id = ANY(%(people)s)", named)
    connection.execute("DELETE FROM person WHERE id = ANY(%(people)s)", named)
    connection.execute("DELETE FROM data_key WHERE owner_id = ANY(%s)", ([owner for (owner,) in owners],))


def _among(people: int) -> float:
    """Milliseconds of one erasure in a store of so many customers."""
    with mailing_store(people) as settings, open_store(settings) as store:
        return _alone(store.database, mark=8)


def run() -> list[Figure]:
    """One person, five hundred, batches, and one among a million."""
    with bench_store() as store:
        _with_tombstones(store.database, store.data_dir / "secrets" / "keyring.json")
        alone, together = _alone(store.database, mark=4), _together(store)
        erased, plain = _batches(store)
    few, many = _among(FEW_AROUND), _among(MANY_AROUND)
    return [
        Figure("erasure of one person with 100 rows", alone, "ms", f"<= {LONGEST_MS} ms", alone <= LONGEST_MS),
        Figure(f"{OPEN} open erasures, {WORKERS} workers, one killed", together, "/s", f">= {LEAST_PER_SECOND} /s",
               together >= LEAST_PER_SECOND),
        *beside_plain("people erased in batches", erased, plain, LEAST_OF_PLAIN),
        Figure("erasure among a million people", many, "ms", f"<= {MOST_AMONG_MANY}x", many / few <= MOST_AMONG_MANY,
               "among ten thousand", few, many / few),
    ]  # fmt: skip
