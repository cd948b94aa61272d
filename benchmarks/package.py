"""Packages: of a person with 100 rows from the request to the file, alone and among a million, and one of 100,000 rows.

Web service and worker run as in production; the worker is idle until the job comes.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from time import perf_counter, sleep
from typing import Final
from uuid import UUID

import psutil

from benchmarks.figures import Figure
from benchmarks.mailing import ROOT, gunicorn, mailing_store
from governance.accounts import operations as accounts
from governance.custody.opening import Store, open_store
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
from governance.kernel.ids import BatchId, SubjectId, uuid7
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageId, PackageState

ALONE: Final = 25
WARM_UP: Final = 5
ROWS_EACH: Final = 98
"""Purchases and talks of one person, beside two contacts."""
ROWS_OF_ONE: Final = 100_000
AT_ONCE: Final = 2_000
FEW_AROUND: Final = 10_000
MANY_AROUND: Final = 1_000_000
LONGEST_MS: Final = 400
MOST_AMONG_MANY: Final = 1.3
LONGEST_SECONDS: Final = 30
MOST_MIB: Final = 250
PAUSE_SECONDS: Final = 0.002
GIVE_UP_SECONDS: Final = 120
_LONG_AGO: Final = date(2015, 3, 1)


class _Running:
    """A service with a worker, and a client that may have packages made."""

    def __init__(self, store: Store, port: int, key: str, worker: psutil.Process) -> None:
        self._store = store
        self._door = HTTPConnection("127.0.0.1", port)
        self._key = key
        self._worker = worker

    def spent(self, person: SubjectId, *, rows: int) -> tuple[float, float]:
        """Seconds from the request to the package, and the most MiB that the worker held meanwhile.

        Raises:
            RuntimeError: where it was not made, or has fewer rows.
        """
        began = perf_counter()
        package = self._order(person)
        held = 0.0
        while perf_counter() < began + GIVE_UP_SECONDS:
            with open_work(self._store.database, OPERATOR) as work:
                found = packages.find_package(work, package=package)
            if found.state is PackageState.READY and found.rows >= rows:
                return perf_counter() - began, held
            held = max(held, self._held())
            sleep(PAUSE_SECONDS)
        raise RuntimeError("a package was not made")

    def _held(self) -> float:
        """MiB of the worker, whose child the database is not."""
        own = [self._worker, *(one for one in self._worker.children() if one.name() != "postgres")]
        return sum(one.memory_info().rss for one in own) / 2**20

    def _order(self, person: SubjectId) -> PackageId:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid7().hex,
        }
        self._door.request("POST", "/v1/packages", json.dumps({"customer": str(person)}), headers)
        answer = self._door.getresponse()
        told = json.loads(answer.read())
        if answer.status != 202:
            raise RuntimeError(f"a package was refused: {told['type']}")
        return PackageId(UUID(told["id"]))


@contextmanager
def _service(settings: Settings) -> Iterator[_Running]:
    variables = {"GOVERNANCE_DATA_DIR": str(settings.data_dir), "GOVERNANCE_REQUESTS_PER_MINUTE": "1000000"}
    with open_store(settings) as store:
        with open_work(store.database, OPERATOR) as work:
            scopes = [Permission.PACKAGES_MAKE.value]
            key = accounts.create_client(work, name=f"desk {uuid7()}", scopes=scopes).secret
        command = [sys.executable, "-m", "governance", "worker"]
        environment = {**os.environ, **variables}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with gunicorn("wsgi:app", ["-c", "gunicorn.conf.py"], variables) as (port, _):
                yield _Running(store, port, key, psutil.Process(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _somebody(store: Store, rows: int, *, number: int) -> SubjectId:
    """A person with two contacts and *rows* purchases and talks."""
    with open_work(store.database, OPERATOR) as work:
        contacts = (
            NewContact(ContactKind.EMAIL, f"asked.{number}@example.org"),
            NewContact(ContactKind.PHONE, f"+49179{number:07d}", region="DE"),
        )
        new = NewPerson(family_name=f"Petrenko {number}", given_name="Olena", city="Berlin", contacts=contacts)
        origin = Origin(BatchId(uuid7()), work.now, Source.TILL, Ground.CONTRACT)
        [person] = create_people(work, [new], origin=origin)
    for first in range(0, rows, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, rows))
        with open_work(store.database, OPERATOR) as work:
            record_purchases(work, [_bought(person, one) for one in numbers if one % 2], batch=BatchId(uuid7()))
            record_interactions(work, [_talked(person, one) for one in numbers if not one % 2], batch=BatchId(uuid7()))
    return person


def _bought(person: SubjectId, number: int) -> PurchaseOf:
    day = _LONG_AGO + timedelta(days=number % 3000)
    bought = NewPurchase(paid_at=day, total=Decimal("19.90"), currency="EUR", number=f"R-{number}")
    return PurchaseOf(person, bought)


def _talked(person: SubjectId, number: int) -> InteractionOf:
    at = datetime.combine(_LONG_AGO, time(), UTC) + timedelta(minutes=number)  # what is said twice is kept once
    return InteractionOf(person, NewInteraction(kind=InteractionKind.CALL, at=at, note="asked for a catalogue"))


def _alone(people: int) -> float:
    """Median milliseconds for a person with a hundred rows, in a store of so many customers."""
    with mailing_store(people) as settings, _service(settings) as running:
        with open_store(settings) as store:
            asked = [_somebody(store, ROWS_EACH, number=one) for one in range(WARM_UP + ALONE)]
        spent = [running.spent(one, rows=ROWS_EACH)[0] for one in asked]
    return statistics.median(spent[WARM_UP:]) * 1000


def _large() -> tuple[float, float]:
    """Seconds for a person with very many rows, and MiB of the worker."""
    with mailing_store(FEW_AROUND) as settings, _service(settings) as running:
        with open_store(settings) as store:
            small, large = _somebody(store, ROWS_EACH, number=1), _somebody(store, ROWS_OF_ONE, number=2)
        running.spent(small, rows=ROWS_EACH)
        return running.spent(large, rows=ROWS_OF_ONE)


def run() -> list[Figure]:
    """One person, one among a million, and one with very many rows."""
    seconds, mib = _large()
    few, many = _alone(FEW_AROUND), _alone(MANY_AROUND)
    return [
        Figure("package of a person with 100 rows, from POST to ready", few, "ms", f"<= {LONGEST_MS} ms",
               few <= LONGEST_MS),
        Figure("package among a million people", many, "ms", f"<= {MOST_AMONG_MANY}x", many / few <= MOST_AMONG_MANY,
               "among ten thousand", few, many / few),
        Figure("package of 100,000 rows", seconds, "s", f"<= {LONGEST_SECONDS} s", seconds <= LONGEST_SECONDS),
        Figure("most memory of the worker meanwhile", mib, "MiB", f"<= {MOST_MIB} MiB", mib <= MOST_MIB),
    ]  # fmt: skip
