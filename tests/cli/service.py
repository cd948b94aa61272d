"""The whole service as an operator runs it, for tests: processes, logs and a store of its own."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from tests import forks
from tests.cli.conftest import SETUP
from tests.stores import Store

START_LIMIT_SECONDS = 90.0
VARIABLES = {
    "GOVERNANCE_CONTROLLER_NAME": SETUP[1],
    "GOVERNANCE_CONTROLLER_ADDRESS": SETUP[3],
    "GOVERNANCE_COUNTRY": SETUP[5],
    "GOVERNANCE_ADMIN_NAME": SETUP[7],
    "GOVERNANCE_ADMIN_EMAIL": SETUP[9],
    "GOVERNANCE_WEB_WORKERS": "1",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """The service on a folder with a space in its name, as `governance up` makes it.

    Args:
        folder: its data folder; log and files lie beside it.
        store: a database for it, which spares making a server and migrating; by default it makes its own.
    """

    def __init__(self, folder: Path, *, store: Store | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.output = folder.parent / "output.log"
        self.process: forks.Fork | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GOVERNANCE_")},
            **VARIABLES,
            "GOVERNANCE_DATA_DIR": str(folder),
            "GOVERNANCE_BIND": f"127.0.0.1:{self.port}",
        }
        if store is not None:
            self.environment |= {
                "GOVERNANCE_DATABASE_URL": store.app_url,
                "GOVERNANCE_DATABASE_ADMIN_URL": store.admin_url,
                "GOVERNANCE_ROLE_PREFIX": store.roles.prefix,
            }

    def start(self) -> str:
        """Start it; answers what it said until it was ready."""
        self.output.write_bytes(b"")
        with self.output.open("ab") as log:
            self.process = forks.Fork("-m", "governance", "up", env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while "Ready:" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        return self.said()

    def said(self) -> str:
        """All that it told and logged."""
        return self.output.read_text("utf-8")

    def get(self, path: str, *, key: str | None = None, body: str | None = None) -> tuple[int, bytes]:
        """Ask it, with an API client's *key* where there is one; with a *body* of JSON this is a POST."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body and body.encode())
        request.add_header("Content-Type", "application/json")
        if key is not None:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def destroy(self) -> None:
        """Kill whatever of it is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for process in self.family():
            process.kill()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same store."""
        return forks.run("-m", "governance", *arguments, env=self.environment)

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
