"""What a segment costs among a million customers: counted while its rule is written, begun, and evaluated.

The rule asks after readable columns; what opening sealed values costs beside that is told by `segments`, by people a
second. The limit of an evaluation is one statement that counts the same people without keeping who they are.
"""

import time
from typing import Any, Final, LiteralString

import psycopg

from benchmarks.figures import Figure
from benchmarks.mailing import mailing_store
from benchmarks.populating import told
from governance.consent import segmenting
from governance.consent.segment_trials import try_rule
from governance.custody.opening import Store, open_store
from governance.kernel.work import OPERATOR, open_work
from governance.policies.documents import Titles

PEOPLE: Final = 1_000_000
ROUNDS: Final = 9
BOUGHT: Final[dict[str, Any]] = {"field": "purchases.last_at", "op": "within", "value": "P180D"}
COUNTED_BAR: Final = 1.0
BEGUN_BAR: Final = 0.5
EVALUATED_BAR: Final = 60.0
_BARE: Final[LiteralString] = (
    "SELECT count(*) FROM person p WHERE p.merged_into IS NULL AND EXISTS "
    "(SELECT FROM purchase q WHERE q.person_id = p.id AND q.paid_at > now() - interval '180 days')"
)


def run() -> list[Figure]:
    """The count of a rule that is tried, the beginning of an evaluation, and all of it."""
    with mailing_store(PEOPLE) as settings, open_store(settings) as store:
        bare, tried = _seconds_bare(store), _seconds_trying(store)
        begun, evaluated = _seconds_evaluating(store)
    ends = f"<= {EVALUATED_BAR:g} s"
    return [
        Figure("count of a rule as it is written", tried * 1000, "ms", f"<= {COUNTED_BAR:g} s", tried <= COUNTED_BAR),
        Figure("an evaluation begun", begun * 1000, "ms", f"<= {BEGUN_BAR:g} s", begun <= BEGUN_BAR),
        Figure("evaluated", evaluated, "s", ends, evaluated <= EVALUATED_BAR, "counting alone", bare, evaluated / bare),
    ]


def _seconds_bare(store: Store) -> float:
    with psycopg.connect(store.server.admin_url(), autocommit=True) as connection:
        connection.execute(_BARE)
        began = time.perf_counter()
        connection.execute(_BARE)
        return time.perf_counter() - began


def _seconds_trying(store: Store) -> float:
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with open_work(store.database, OPERATOR) as work:
            try_rule(work, rule=BOUGHT)
        spent.append(time.perf_counter() - began)
    return sorted(spent)[ROUNDS // 2]


def _seconds_evaluating(store: Store) -> tuple[float, float]:
    """To begin an evaluation, as a page does it, and to see it through, as the worker does."""
    with open_work(store.database, OPERATOR) as work:
        segment = segmenting.define(work, key="bought", titles=Titles("Bought", "", ""), rule=BOUGHT).id
    began = time.perf_counter()
    with open_work(store.database, OPERATOR) as work:
        run = segmenting.evaluate(work, segment=segment).id
    begun = time.perf_counter()
    segmenting.see_through(store.database, actor=OPERATOR, run=run)
    ended = time.perf_counter()
    with open_work(store.database, OPERATOR) as work:
        told(f"{segmenting.run(work, run=run).matched} of {PEOPLE:,} people found")
    return begun - began, ended - begun
