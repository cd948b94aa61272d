"""What the figures of send checks share: a store full of customers with consents, the web service on it, and mailers.

Half of the contacts are addresses, half numbers; of those asked about, nine in ten are known. Stores are kept between
runs in the system's folder of temporary files, and each run works on a copy.
"""

import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil
import psycopg

from benchmarks import populating
from benchmarks.populating import address, populate
from governance.accounts import operations as accounts
from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.notices import NoticeText
from governance.custody import founding
from governance.custody.opening import open_store
from governance.kernel.clock import SystemClock
from governance.kernel.folders import prepare_data_dir
from governance.kernel.ids import uuid7
from governance.kernel.revision import VERSIONS
from governance.kernel.server import Server, reach
from governance.kernel.settings import Settings
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import set_controller

ROOT = Path(__file__).resolve().parents[1]
PURPOSE = populating.PURPOSE
NOTICE = 1
KNOWN = 0.9
WORKERS, THREADS = 2, 4
SEGMENTS = 24


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
        """Processor time that its workers have used; the embedded server, which they keep, is none of them."""
        workers = [child for child in self.process.children() if child.name() != "postgres"]
        times = [worker.cpu_times() for worker in workers]
        return sum(each.user + each.system for each in times)


@contextmanager
def mailing_store(people: int) -> Iterator[Settings]:
    """A store with so many customers for as long as it is held; give its settings."""
    kept = _kept(people)
    with tempfile.TemporaryDirectory(prefix="governance-bench-") as folder:
        shutil.copytree(kept, Path(folder) / "store", symlinks=True)
        os.sync()  # else the copy is written to the disk while something is measured
        yield _settings(Path(folder) / "store")


def _settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, web_workers=WORKERS, web_threads=THREADS)


def _kept(people: int) -> Path:
    """The folder of a store that is only copied; made where there is none of this schema yet."""
    folder = Path(tempfile.gettempdir()) / f"governance-benchmarks-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise RuntimeError(f"{folder} belongs to somebody else.")
    name = f"{people}-{_fingerprint()}"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / name).is_dir():
            for old in (*folder.glob(f"{people}-*"), *folder.glob("making-*")):
                shutil.rmtree(old)
            populating.told(f"making a store of {people:,} customers; it is kept for the next run")
            making = folder / f"making-{people}"
            _make(making, people)
            making.rename(folder / name)
    return folder / name


def _fingerprint() -> str:
    """Of all that a kept store is made by."""
    made = hashlib.sha256()
    for path in (*sorted(VERSIONS.glob("[0-9]*")), Path(populating.__file__), Path(__file__)):
        made.update(path.read_bytes())
    return made.hexdigest()[:12]


def _make(data_dir: Path, people: int) -> None:
    settings = _settings(data_dir)
    prepare_data_dir(data_dir)
    with reach(settings) as server:
        founding.found(server, clock=SystemClock(), say=lambda _sentence: None)
        with open_store(settings) as store:
            with open_work(store.database, OPERATOR) as work:
                set_controller(work, legal_name="Benchmark", address="Nowhere 1", country="DE")
                texts = {"en": NoticeText("Offers", "I agree to get offers of Benchmark.")}
                consent.publish_notice(work, kind=NoticeKind.CONSENT, key=PURPOSE, texts=texts, material=True)
            populate(store, people)
        _go_round(server)


def _go_round(server: Server) -> None:
    """Leave what a store that lives has: segments of PostgreSQL's log to use again, which an import would have made."""
    with psycopg.connect(server.admin_url(), autocommit=True) as session:
        for _ in range(SEGMENTS):
            session.execute("SELECT pg_logical_emit_message(false, 'benchmark', 'once round')")
            session.execute("SELECT pg_switch_wal()")
        session.execute("CHECKPOINT")


def database_cpu_seconds(settings: Settings) -> float:
    """Processor time that the server of the database has used, with its processes that still run."""
    master = psutil.Process(int(next(settings.data_dir.rglob("postmaster.pid")).read_text().split()[0]))
    times = [each.cpu_times() for each in (master, *master.children())]
    return sum(each.user + each.system for each in times)


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
