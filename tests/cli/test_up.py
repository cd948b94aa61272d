"""`governance up`, as an operator runs it: everything in one process group, and nothing left when it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import SETUP

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_SECONDS = 90.0
VARIABLES = {
    "GOVERNANCE_CONTROLLER_NAME": SETUP[1],
    "GOVERNANCE_CONTROLLER_ADDRESS": SETUP[3],
    "GOVERNANCE_COUNTRY": SETUP[5],
    "GOVERNANCE_ADMIN_NAME": SETUP[7],
    "GOVERNANCE_ADMIN_EMAIL": SETUP[9],
    "GOVERNANCE_WEB_WORKERS": "1",
}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """A store in a folder with a space in its name, and the service on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.output = folder.parent / "output.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GOVERNANCE_")},
            **VARIABLES,
            "GOVERNANCE_DATA_DIR": str(folder),
            "GOVERNANCE_BIND": f"127.0.0.1:{self.port}",
        }

    def start(self) -> str:
        """Start it; answers what it said until it was ready."""
        self.output.write_bytes(b"")
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "governance", "up"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while "Ready:" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        return self.said()

    def said(self) -> str:
        """All that it told and logged."""
        return self.output.read_text("utf-8")

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask it."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.status, answer.read()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same store."""
        command = [sys.executable, "-m", "governance", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def family(self) -> list[psutil.Process]:
        """All processes of this store: supervisor, web service, worker, server and its keeper."""
        mine = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("GOVERNANCE_DATA_DIR") == str(self.folder) or str(self.folder) in " ".join(
                    process.cmdline()
                ):
                    mine.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return mine


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that is stopped at the end, whatever happened."""
    found = Service(tmp_path / "my store")
    yield found
    if found.process is not None and found.process.poll() is None:
        found.process.kill()
        found.process.wait()
    for process in found.family():
        process.kill()


def _until_gone(service: Service, *, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while left := [process for process in service.family() if process.status() != psutil.STATUS_ZOMBIE]:
        assert time.monotonic() < deadline, [process.cmdline() for process in left]
        time.sleep(0.2)


def test_everything_runs_from_one_terminal_and_leaves_nothing_behind(service: Service) -> None:
    first = service.start()
    assert "The first administrator is on record" in first
    assert service.get("/readyz")[0] == 200
    assert service.get("/v1/docs")[0] == 200

    # A second one is told plainly, and commands work beside the first.
    second = service.run("up")
    assert (second.returncode, second.stdout) == (1, "")
    assert "already runs" in second.stderr
    made = service.run("clients", "create", "--name", "till", "--scopes", "audit:read")
    assert made.returncode == 0, made.stderr
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.port}/v1/audit/entries?limit=1",
        headers={"Authorization": f"Bearer {made.stdout.strip()}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200

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
