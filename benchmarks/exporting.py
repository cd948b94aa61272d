"""Making an export of many people, and tracing a leaked file of it among exports that overlap.

The measured path is the product's own: a proposal, an approval, the job with its parts, the fetching, the trace of a
file. Memory is that which the process gains while it gathers the second half of the people and hands them out: what
grows with people shows there. The limit of a trace is digesting each cell of the file once.
"""

import csv
import io
import random
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import psutil
import psycopg
from sqlalchemy import inspect

from benchmarks.figures import Figure
from benchmarks.stores import BenchStore, bench_store
from governance import executors
from governance.accounts import operations as accounts
from governance.custody.tombstones import INFO, Tombstones
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind, Ground, Sex, Source
from governance.customers.records import NewContact, NewPerson, Origin
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import ExportFormat, ExportId
from governance.disclosures.prints import Print, digest, pack
from governance.disclosures.tables import ExportPrintRow, ExportRow
from governance.disclosures.tracing import held_prints
from governance.kernel.ids import BatchId, OwnerId, uuid7
from governance.kernel.work import OPERATOR, Actor, open_work
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from governance.reference.recipients import RecipientKind
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

PEOPLE: Final = 100_000
AT_ONCE: Final = 5_000
MOST_MEBIBYTES: Final = 32
OVERLAPPING: Final = 39
LEAKED: Final = 20_000
MOST_SECONDS: Final = 20.0
FIELDS: Final = ("person.family_name", "person.given_name", "contact.email")
_MEBIBYTE: Final = 1 << 20


def run() -> list[Figure]:
    """Mebibytes that making grows by, and seconds of a trace."""
    with bench_store() as store:
        store.database.remember(**{INFO: Tombstones(store.data_dir / "tombstones.jsonl")})
        executors.install(store.database)
        clerk = _fill(store)
        export, grown, seconds, file = _whole(store, clerk)
        chance = random.Random(1)
        _overlapping(store, export, chance)
        leak = _leak(file, chance)
        traced, limit = _traced(store, leak), _limit(leak)
    return [
        Figure(
            name=f"memory that making and handing out an export grows by, second half of {PEOPLE:,} people",
            value=grown,
            unit="MiB",
            bar=f"<= {MOST_MEBIBYTES}",
            holds=grown <= MOST_MEBIBYTES,
        ),
        Figure(
            name=f"making an export of {PEOPLE:,} people",
            value=PEOPLE / seconds,
            unit="people/s of the processor",
            bar="none",
            holds=True,
        ),
        Figure(
            name=f"tracing {LEAKED:,} rows among {OVERLAPPING + 1} exports that overlap",
            value=traced,
            unit="s of the processor",
            bar=f"<= {MOST_SECONDS:g}",
            holds=traced <= MOST_SECONDS,
            limit_name="digesting each cell once",
            limit_value=limit,
            ratio=traced / limit,
        ),
    ]


def _fill(store: BenchStore) -> Actor:
    with open_work(store.database, OPERATOR) as work:
        set_controller(work, legal_name="Benchmark", address="Nowhere 1", country="DE")
        disclosures.define_recipient(
            work,
            key="letters",
            name="Letters GmbH",
            kind=RecipientKind.PROCESSOR,
            country="DE",
            purposes=["service"],
            fields=FIELDS,
            safeguard="domestic",
        )
        made = accounts.create_staff(work, name="Clerk", email="clerk@example.org", roles=["steward"])
    origin = Origin(BatchId(uuid7()), datetime.now(UTC), Source.TILL, Ground.CONTRACT)
    for start in range(0, PEOPLE, AT_ONCE):
        people = [
            NewPerson(
                family_name=f"Шевченко-{number}",
                given_name="Олена",
                sex=Sex.FEMALE,
                contacts=(NewContact(ContactKind.EMAIL, f"buyer{number}@example.org"),),
            )
            for number in range(start, start + AT_ONCE)
        ]
        with open_work(store.database, OPERATOR) as work:
            create_people(work, people, origin=origin)
    with psycopg.connect(store.admin_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    with open_work(store.database, OPERATOR) as work:
        return accounts.staff_actor(work, staff=made.id)


def _whole(store: BenchStore, clerk: Actor) -> tuple[ExportId, float, float, bytes]:
    """An export of everybody, what making and fetching it grew by in its second half, its seconds, and the file."""
    with open_work(store.database, clerk) as work:
        made = disclosures.propose_export(
            work,
            recipient="letters",
            purpose="service",
            channels=[Channel.EMAIL],
            format=ExportFormat.CSV,
            fields=FIELDS,
            reason="Benchmark",
        )
    export, process = ExportId(made.id), psutil.Process()
    parts: list[float] = []
    began = time.process_time()
    disclosures.make(
        store.database, export=export, on_progress=lambda _: parts.append(process.memory_info().rss / _MEBIBYTE)
    )
    seconds = time.process_time() - began
    with open_work(store.database, clerk) as work:
        fetched = disclosures.fetch(work, export=export)
    most, file = max(parts), bytearray()
    for piece in disclosures.export_pieces(store.database, fetched, actor=clerk):
        file += piece
        most = max(most, (process.memory_info().rss - 2 * len(file)) / _MEBIBYTE)
    return export, most - parts[len(parts) // 2], seconds, bytes(file)


def _overlapping(store: BenchStore, export: ExportId, chance: random.Random) -> None:
    """Exports of some of the people each, as they lie in the store once they were fetched."""
    with open_work(store.database, OPERATOR) as work:
        whole = work.session.get_one(ExportRow, export)
        prints = [Print(UUID(bytes=person), 1, digests) for person, digests in held_prints(work, whole)]
        said = {
            one.key: getattr(whole, one.key) for one in inspect(ExportRow).columns if not one.key.endswith("_sealed")
        }
        key = whole.print_key
    for _ in range(OVERLAPPING):
        some = sorted(chance.sample(prints, LEAKED))
        with open_work(store.database, OPERATOR) as work:
            owner, row = OwnerId(uuid7()), uuid7()
            vault_of(work.session).owners.create(work.session, OwnerKind.EXPORT, [owner])
            work.session.add(ExportRow(**{**said, "id": row, "owner_id": owner, "rows": LEAKED}, print_key=key))
            work.session.flush()
            packed = ExportPrintRow(id=uuid7(), owner_id=owner, export_id=row, number=1, prints=pack(some))
            work.session.add(packed)


def _leak(file: bytes, chance: random.Random) -> bytes:
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))[1:]
    leak = io.StringIO()
    csv.writer(leak).writerows(chance.sample(rows, LEAKED))
    return leak.getvalue().encode()


def _traced(store: BenchStore, leak: bytes) -> float:
    began = time.process_time()
    with open_work(store.database, OPERATOR) as work:
        traced = disclosures.trace(work, file=io.BytesIO(leak))
    assert traced.recognised == LEAKED, traced
    return time.process_time() - began


def _limit(leak: bytes) -> float:
    key, began = b"k" * 32, time.process_time()
    for row in csv.reader(io.StringIO(leak.decode())):
        for cell in row:
            digest(key, cell)
    return time.process_time() - began
