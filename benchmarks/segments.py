"""Choosing people by a segment that opens one sealed field of each, readable conditions beside it.

The measured path is the product's own: a segment that is defined, a run that is begun, chunk by chunk with its progress
and its sealed result. The limit is the cryptography alone that nobody can leave out: for each person a data key is
unwrapped and a value opened. Seconds are of the processor: one process uses one core.
"""

import os
import random
import time
from datetime import UTC, datetime
from typing import Final

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.figures import Figure
from benchmarks.stores import BenchStore, bench_store
from governance.consent import segmenting
from governance.customers.bulk import create_people
from governance.customers.codes import Ground, Sex, Source
from governance.customers.records import NewPerson, Origin
from governance.kernel.ids import BatchId, uuid7
from governance.kernel.work import OPERATOR, open_work
from governance.policies.documents import Titles
from governance.reference.operations import set_controller

PEOPLE: Final = 100_000
BAR: Final = 100_000
AT_ONCE: Final = 5_000
ROUNDS: Final = 3
CITIES: Final = ("Київ", "Львів", "Одеса", "Харків", "Дніпро")
RULES: Final[dict[str, dict[str, object]]] = {
    "one sealed field opened": {"field": "city", "op": "is", "value": "Київ"},
    "a sealed field or a recent purchase": {
        "any": [
            {"field": "city", "op": "is", "value": "Київ"},
            {"field": "purchases.last_at", "op": "within", "value": "P90D"},
        ]
    },
}


def run() -> list[Figure]:
    """People a second for each rule."""
    with bench_store() as store:
        _fill(store)
        rates = [_best(store, key, rule) for key, rule in enumerate(RULES.values())]
        limit = max(_limit() for _ in range(ROUNDS))
    return [
        Figure(
            name=f"segment over {PEOPLE:,} people, {name}",
            value=rate,
            unit="people/s of the processor",
            bar=f">= {BAR:,}",
            holds=rate >= BAR,
            limit_name="unwrapping keys and opening values alone",
            limit_value=limit,
            ratio=rate / limit,
        )
        for name, rate in zip(RULES, rates, strict=True)
    ]


def _fill(store: BenchStore) -> None:
    chance = random.Random(1)
    with open_work(store.database, OPERATOR) as work:
        set_controller(work, legal_name="Benchmark", address="Nowhere 1", country="UA")
    origin = Origin(BatchId(uuid7()), datetime.now(UTC), Source.TILL, Ground.CONTRACT)
    for _ in range(0, PEOPLE, AT_ONCE):
        people = [
            NewPerson(family_name="Шевченко", city=chance.choice(CITIES), sex=chance.choice(list(Sex)))
            for _ in range(AT_ONCE)
        ]
        with open_work(store.database, OPERATOR) as work:
            create_people(work, people, origin=origin)
    with psycopg.connect(store.admin_url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _best(store: BenchStore, number: int, rule: dict[str, object]) -> float:
    titles = Titles("Benchmark", "", "")
    with open_work(store.database, OPERATOR) as work:
        segment = segmenting.define(work, key=f"segment_{number}", titles=titles, rule=rule).id
    rates = []
    for _ in range(ROUNDS):
        with open_work(store.database, OPERATOR) as work:
            begun = segmenting.evaluate(work, segment=segment)
        began = time.process_time()
        segmenting.see_through(store.database, actor=OPERATOR, run=begun.id)
        rates.append(PEOPLE / (time.process_time() - began))
    return max(rates)


def _limit() -> float:
    kek, key, nonce, bound = AESGCM(os.urandom(32)), os.urandom(32), os.urandom(12), os.urandom(100)
    wrapped, sealed = kek.encrypt(nonce, key, bound), AESGCM(key).encrypt(nonce, CITIES[0].encode(), bound)
    began = time.process_time()
    for _ in range(PEOPLE):
        AESGCM(kek.decrypt(nonce, wrapped, bound)).decrypt(nonce, sealed, bound)
    return PEOPLE / (time.process_time() - began)
