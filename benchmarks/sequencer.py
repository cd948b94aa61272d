"""How fast the sequencer gives pending entries their place in the tree, beside a bare COPY of the same leaves."""

import time

import psycopg

from benchmarks.figures import Figure
from benchmarks.stores import bench_store
from governance.audit import operations as audit
from governance.audit import sequencer
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.kernel.db import Database
from governance.kernel.ids import SubjectRef, uuid4, uuid7
from governance.kernel.work import SYSTEM, open_work

ENTRIES = 4 * sequencer.BATCH
PER_WORK = 16_384
BAR = 100_000


def run() -> list[Figure]:
    with bench_store() as store:
        for _ in range(ENTRIES // PER_WORK):
            append(store.database, PER_WORK)
        started = time.perf_counter()
        placed = sequencer.drain(store.database).placed
        drained = placed / (time.perf_counter() - started)
        copied = placed / copy_leaves(store.admin_url)
    limit = "COPY of the same leaves into a table without index or trigger"
    holds = placed == ENTRIES and drained >= BAR
    return [
        Figure("sequencer drain", drained, "entries/s", f">= {BAR:,}", holds, limit, copied, drained / copied),
    ]


def append(database: Database, count: int) -> None:
    """Entries as the customer store makes them."""
    facts: dict[str, Fact] = {"kind": "call", "seconds": 120}
    with open_work(database, SYSTEM) as work:
        audit.append_many(
            work,
            [
                NewEntry(
                    Action.INTERACTION_RECORDED, SubjectRef(uuid4()), ObjectRef("interaction", uuid7()), facts=facts
                )
                for _ in range(count)
            ],
        )


def copy_leaves(url: str) -> float:
    """Seconds that COPY takes for all leaves, its rows made in binary beforehand."""
    leaves = "(tree_id, seq, eid, leaf_hash)"
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare AS SELECT tree_id, seq, eid, leaf_hash FROM audit_leaf WITH NO DATA")
        with cursor.copy(f"COPY audit_leaf {leaves} TO STDOUT (FORMAT BINARY)".encode()) as out:
            rows = b"".join(out)
        connection.commit()
        started = time.perf_counter()
        with cursor.copy(f"COPY bare {leaves} FROM STDIN (FORMAT BINARY)".encode()) as into:
            into.write(rows)
        connection.commit()
        return time.perf_counter() - started
