"""What the figures of send checks share: a store full of customers with consents, the web service on it, and mailers.

Customers are copied in with sealed columns of the usual lengths that open to nothing: a check opens nothing. Half of
the contacts are addresses, half numbers; of those asked about, nine in ten are known.
"""

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from uuid import UUID

import psutil
import psycopg

from governance.accounts import operations as accounts
from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.notices import NoticeText
from governance.consent.states import COLUMNS as STATE_COLUMNS
from governance.consent.tables import ConsentStateRow, ConsentSubjectRow
from governance.custody import founding
from governance.custody.opening import Store, open_store
from governance.customers.codes import ContactKind
from governance.customers.copying import Copier
from governance.customers.normal import index_of
from governance.customers.tables import ContactRow, PersonRow, PurchaseRow
from governance.kernel.clock import SystemClock
from governance.kernel.folders import prepare_data_dir
from governance.kernel.ids import uuid7
from governance.kernel.server import reach
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, Work, open_work
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

ROOT = Path(__file__).resolve().parents[1]
PURPOSE = "own_offers"
NOTICE = 1
KNOWN = 0.9
PART = 20_000
WORKERS, THREADS = 2, 4
_SEALED = bytes((1, 1, 0, 0, 0, 1))
_PERSON = Copier(
    PersonRow,
    (
        *("id", "owner_id", "subject_ref", "kind", "country", "ground", "age_at_least", "acquired_at", "version"),
        *("created_at", "updated_at", "family_name_sealed", "given_name_sealed", "patronymic_sealed"),
        *("birth_date_sealed", "sex_sealed", "city_sealed", "street_sealed", "note_sealed"),
    ),
)
_CONTACT = Copier(
    ContactRow,
    (
        *("id", "owner_id", "person_id", "kind", "is_primary", "is_login", "opt_out_offered_at", "created_at"),
        *("value_sealed", "value_index"),
    ),
)
_PURCHASE = Copier(
    PurchaseRow,
    ("id", "owner_id", "person_id", "paid_at", "whole_day", "total", "currency", "created_at", "number_sealed"),
)
_STATE = Copier(ConsentStateRow, STATE_COLUMNS)
_SUBJECT = Copier(ConsentSubjectRow, ("person_id", "sequence", "recorded_at"))


@dataclass(frozen=True, slots=True)
class Web:
    """The web service while its benchmark runs.

    Attributes:
        port: on 127.0.0.1.
        key: of a client that may check and record.
        process: gunicorn's master.
    """

    port: int
    key: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Processor time that its workers have used."""
        times = [worker.cpu_times() for worker in self.process.children(recursive=True)]
        return sum(each.user + each.system for each in times)


@contextmanager
def mailing_store(people: int) -> Iterator[Settings]:
    """Make a store with so many customers, give its settings, and remove it."""
    with tempfile.TemporaryDirectory(prefix="governance-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "store", web_workers=WORKERS, web_threads=THREADS)
        prepare_data_dir(settings.data_dir)
        with reach(settings) as server:
            founding.found(server, clock=SystemClock(), say=lambda _sentence: None)
            with open_store(settings) as store:
                fill(store, people)
            yield settings


def fill(store: Store, people: int, *, first: int = 0) -> None:
    """Put customers into a store, from number *first* up to *people*."""
    if first == 0:
        with open_work(store.database, OPERATOR) as work:
            set_controller(work, legal_name="Benchmark", address="Nowhere 1", country="DE")
            texts = {"en": NoticeText("Offers", "I agree to get offers of Benchmark.")}
            consent.publish_notice(work, kind=NoticeKind.CONSENT, key=PURPOSE, texts=texts, material=True)
    for start in range(first, people, PART):
        with open_work(store.database, OPERATOR) as work:
            _fill_part(work, range(start, min(start + PART, people)))
    with psycopg.connect(store.server.admin_url(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def address(number: int) -> str:
    """The address or number of one customer: of even ones an address."""
    return f"customer.{number}@example-{number % 500}.org" if number % 2 == 0 else f"+49151{number:08d}"


def _sealed(size: int) -> bytes:
    return _SEALED + secrets.token_bytes(28 + size)


def _fill_part(work: Work, numbers: range) -> None:
    """Of 10: six with a confirmed consent, one who withdrew, one who bought, two who never said anything."""
    vault, now, ago = vault_of(work.session), work.now, work.now - timedelta(days=100)
    ids = [(uuid7(), uuid7()) for _ in numbers]
    vault.owners.create(work.session, OwnerKind.PERSON, [owner for _, owner in ids])
    profile = [_sealed(size) for size in (18, 10, 16, 10, 6, 14, 24, 30)]
    _PERSON.write(
        work.session,
        (
            (person, owner, uuid7(), "private", "DE", "contract", 21, ago, 1, now, now, *profile)
            for person, owner in ids
        ),
    )
    rows = []
    for number, (person, owner) in zip(numbers, ids, strict=True):
        kind = ContactKind.EMAIL if number % 2 == 0 else ContactKind.PHONE
        (digest,) = vault.indexer.of_normal(index_of(kind), [address(number).encode()])
        rows.append((uuid7(), owner, person, kind.value, True, False, ago, now, _sealed(26), digest))
    _CONTACT.write(work.session, rows)
    buyers = [one for number, one in zip(numbers, ids, strict=True) if number // 2 % 10 in {0, 7}]
    _PURCHASE.write(
        work.session,
        ((uuid7(), owner, person, ago, False, 10, "EUR", now, _sealed(8)) for person, owner in buyers),
    )
    said = [(number, person) for number, (person, _) in zip(numbers, ids, strict=True) if number // 2 % 10 < 7]
    _SUBJECT.write(work.session, ((person, 2, now) for _, person in said))
    _STATE.write(work.session, (_state(number, person, ago) for number, person in said))


def _state(number: int, person: UUID, at: datetime) -> tuple[object, ...]:
    channel, event = (Channel.EMAIL if number % 2 == 0 else Channel.SMS).value, uuid7()
    if number // 2 % 10 == 6:
        return (person, PURPOSE, channel, 2, "withdrawn", at, event, *[None] * 6)
    return (person, PURPOSE, channel, 2, "given", at, event, at, NOTICE, event, at, NOTICE, event)


@contextmanager
def web_service(settings: Settings) -> Iterator[Web]:
    """Serve a store as production does, with a client that is never too fast."""
    with open_store(settings) as store, open_work(store.database, OPERATOR) as work:
        scopes = [Permission.CONSENT_CHECK.value, Permission.CONSENT_RECORD.value]
        key = accounts.create_client(work, name=f"mailer {uuid7()}", scopes=scopes).secret
    variables = {"GOVERNANCE_DATA_DIR": str(settings.data_dir), "GOVERNANCE_REQUESTS_PER_MINUTE": "1000000"}
    with gunicorn("wsgi:app", ["-c", "gunicorn.conf.py"], variables) as (port, process):
        yield Web(port, key, process)


@contextmanager
def gunicorn(app: str, options: Sequence[str], variables: dict[str, str]) -> Iterator[tuple[int, psutil.Process]]:
    """Run an application with the workers and threads of all these figures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    bind = f"127.0.0.1:{port}"
    environment = {
        **os.environ,
        **variables,
        "GOVERNANCE_BIND": bind,
        "GOVERNANCE_WEB_WORKERS": str(WORKERS),
        "GOVERNANCE_WEB_THREADS": str(THREADS),
    }
    command = [sys.executable, "-m", "gunicorn", *options, app]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield port, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def contacts(channel: Channel, count: int, people: int, *, seed: int) -> list[str]:
    """Contacts to ask about: of customers at random, and one in ten of nobody."""
    chance, parity = random.Random(seed), 0 if channel is Channel.EMAIL else 1
    return [
        address(chance.randrange(people // 2) * 2 + parity)
        if chance.random() < KNOWN
        else address(90_000_000 + chance.randrange(4_000_000) * 2 + parity)
        for _ in range(count)
    ]


def question(channel: Channel, asked: Sequence[str]) -> bytes:
    """The body of a check."""
    told = {"purpose": PURPOSE, "channel": channel.value, "campaign": "bench", "contacts": asked}
    return json.dumps(told).encode()


def request(path: str, key: str, body: bytes, *, media_type: str = "application/json") -> bytes:
    """A whole HTTP request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
