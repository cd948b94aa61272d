"""`governance up`, as an operator runs it: everything in one process group, and nothing left when it ends."""

import contextlib
import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from governance.cli.run import Lease, journal_of
from governance.kernel.embedded import EmbeddedPostgres
from governance.kernel.errors import UnavailableError
from governance.kernel.settings import Settings
from tests.cli.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that is stopped at the end, whatever happened."""
    found = Service(tmp_path / "my store")
    found.environment["GOVERNANCE_WEB_WORKERS"] = "2"
    yield found
    found.destroy()


def _until_gone(service: Service, *, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while left := [process for process in service.family() if _lives(process)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):  # it may end between one look and the next
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def _rotate_beside(service: Service, *, key: str) -> None:
    """Rotate the keys: both web processes are ready throughout, and read and write after it."""
    customer = json.dumps({"family_name": "Brandt", "contacts": [{"kind": "email", "value": "olga@lampion.example"}]})
    status, body = service.get("/v1/customers", key=key, body=customer)
    assert status == 201
    path = f"/v1/customers/{json.loads(body)['id']}"
    with ThreadPoolExecutor(8) as pool:
        rotating = pool.submit(service.run, "keys", "rotate", "--json")
        answers = [service.get("/readyz")[0]]
        while not wait([rotating], timeout=0.05).done:
            answers.append(service.get("/readyz")[0])
        assert rotating.result().returncode == 0, rotating.result().stderr
        # Connections at once go to both processes.
        answers += [one[0] for one in pool.map(service.get, ["/readyz"] * 24)]
        read = list(pool.map(lambda _: service.get(path, key=key), range(24)))
        written = list(
            pool.map(lambda _: service.get("/v1/customers", key=key, body='{"given_name": "Ida"}')[0], range(24))
        )
    assert set(answers) == {200}, service.said()
    assert {one[0] for one in read} == {200}
    assert set(written) == {201}
    assert "not_ready" not in service.said()


def test_everything_runs_from_one_terminal_and_leaves_nothing_behind(service: Service) -> None:
    first = service.start()
    assert "The first administrator is on record" in first
    assert service.get("/readyz")[0] == 200
    assert service.get("/v1/docs")[0] == 200

    # A second one is told plainly, and commands work beside the first.
    second = service.run("up")
    assert (second.returncode, second.stdout) == (1, "")
    assert "already runs" in second.stderr
    made = service.run("clients", "create", "--name", "till", "--scopes", "audit:read,customers:create,customers:read")
    assert made.returncode == 0, made.stderr
    assert service.get("/v1/audit/entries?limit=1", key=made.stdout.strip())[0] == 200
    _rotate_beside(service, key=made.stdout.strip())

    assert service.process is not None
    service.process.kill()
    service.process.wait()
    _until_gone(service)

    secrets = {path.name: path.read_bytes() for path in (service.folder / "secrets").iterdir()}
    again = service.start()
    assert "administrator" not in again
    assert {path.name: path.read_bytes() for path in (service.folder / "secrets").iterdir()} == secrets
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(60) == 0
    _until_gone(service)
    verified = service.run("audit", "verify")
    assert verified.stdout.endswith("WHOLE\n"), verified.stderr
    assert verified.returncode == 0
    for line in service.said().splitlines():
        assert "Traceback" not in line


def test_a_port_in_use_is_said_plainly(service: Service) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", service.port))
        other.listen()

        told = service.run("up")

    assert told.returncode == 1
    assert f"127.0.0.1:{service.port}" in told.stderr
    assert "GOVERNANCE_BIND" in told.stderr


@pytest.mark.parametrize(
    ("terminal", "log_format", "kept"), [(True, "auto", True), (False, "auto", False), (True, "json", False)]
)
def test_the_log_goes_to_a_file_only_where_a_terminal_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: bool, log_format: str, kept: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)

    journal = journal_of(Settings(data_dir=tmp_path, log_format=log_format))

    assert (journal is not None) == kept
    assert journal is None or journal.path == tmp_path / "log" / "service.log"


def test_a_database_that_a_full_disk_stopped_is_started_again_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_server: EmbeddedPostgres) -> socket.socket:
        raise UnavailableError("PostgreSQL stopped while starting.")

    acquired, keeper = socket.socketpair()
    with acquired, keeper:
        server = EmbeddedPostgres(tmp_path, settings={})
        lease = Lease(server)
        monkeypatch.setattr(EmbeddedPostgres, "_acquire", refuse)
        with pytest.raises(UnavailableError, match="while starting"):
            lease.keep()
        monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=0))
        lease.keep()
        lease.keep()  # too soon to look again
        assert capsys.readouterr().err.count("The disk is full") == 1

        monkeypatch.setattr(EmbeddedPostgres, "_acquire", lambda _server: acquired)
        again = Lease(server)
        again.keep()
        assert not server.renew()
