"""Recording one interaction with one sealed field by ORM: with its audit entry against without, eight clients.

The clients are processes, as web workers are, started once: starting them took longer than all turns together. Both
kinds run in turns on the same store, so that drift hits both alike.
"""

import statistics
import time
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from uuid import UUID

from benchmarks.figures import Figure
from benchmarks.stores import bench_store
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.tables import InteractionRow, PersonRow
from governance.kernel.db import Database
from governance.kernel.ids import SubjectRef, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.vault.compartments import OwnerKind
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault, vault_of

CLIENTS = 8
PEOPLE_EACH = 50
SECONDS = 2.0
ROUNDS = 6
STARTING = 60.0
"""Seconds that eight processes may take to start, all of them together."""
BAR = 0.7

People = list[tuple[UUID, UUID, UUID]]
"""Id, key owner and subject reference."""


def _people(work: Work, count: int) -> People:
    made = [(uuid7(), uuid7(), uuid7()) for _ in range(count)]
    vault_of(work.session).owners.create(work.session, OwnerKind.PERSON, [owner for _, owner, _ in made])
    for person_id, owner, ref in made:
        row = PersonRow(
            id=person_id, owner_id=owner, subject_ref=ref, kind="private", version=1, acquired_at=work.now,
            created_at=work.now, updated_at=work.now,
        )  # fmt: skip
        work.session.add(row)
    return made


def _record(work: Work, person: tuple[UUID, UUID, UUID], *, audited: bool) -> None:
    person_id, owner, ref = person
    row = InteractionRow(
        owner_id=owner, person_id=person_id, kind="call", at=work.now, whole_day=False, seconds=240,
        next_whole_day=False, created_at=work.now, note="Перезвонить после 18, любит скидки",
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    if audited:
        about = ObjectRef("interaction", row.id)
        facts = {"kind": "call"}
        audit.append(work, Action.INTERACTION_RECORDED, subject=SubjectRef(ref), object=about, facts=facts)


def _client(url: str, ring: Path, people: People, turns: Barrier, done: "Queue[int]") -> None:
    """Record in each turn for some seconds; a turn begins when all are ready, and with its entry every second time."""
    database = Database(url, pool_size=1)
    Vault.install(database, Keyring(ring))
    for audited in (False, True):
        with open_work(database, SYSTEM) as work:
            _record(work, people[0], audited=audited)
    for audited in (False, True) * ROUNDS:
        turns.wait(timeout=STARTING)
        recorded, ends = 0, time.monotonic() + SECONDS
        while time.monotonic() < ends:
            with open_work(database, SYSTEM) as work:
                _record(work, people[recorded % len(people)], audited=audited)
            recorded += 1
        done.put(recorded)


def run() -> list[Figure]:
    """One figure: throughput with entries, as a share of throughput without."""
    with bench_store() as store:
        with open_work(store.database, SYSTEM) as work:
            people = [_people(work, PEOPLE_EACH) for _ in range(CLIENTS)]
        ring = store.data_dir / "secrets" / "keyring.json"
        context = get_context("spawn")
        done: Queue[int] = context.Queue()
        turns = context.Barrier(CLIENTS + 1)
        clients = [context.Process(target=_client, args=(store.app_url, ring, mine, turns, done)) for mine in people]
        for client in clients:
            client.start()
        spent: dict[bool, list[float]] = {False: [], True: []}
        for audited in (False, True) * ROUNDS:
            turns.wait(timeout=STARTING)
            spent[audited].append(sum(done.get(timeout=STARTING) for _ in clients) / SECONDS)
        for client in clients:
            client.join()
    value, limit = statistics.median(spent[True]), statistics.median(spent[False])
    ratio = statistics.median(a / b for a, b in zip(spent[True], spent[False], strict=True))
    name = "one interaction by ORM with its audit entry, 8 clients"
    return [Figure(name, value, "/s", f">= {BAR}x", ratio >= BAR, "without the entry", limit, ratio)]
