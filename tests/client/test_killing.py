"""The client and the whole service as an operator runs it, killed in between."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from governance.client import Client, UnreachableError
from tests.cli.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    found = Service(tmp_path / "store")
    try:
        found.start()
        yield found
    finally:
        found.destroy()


def web(service: Service) -> psutil.Process:
    """The process that serves: it listens on the port, and is nobody's worker."""
    listening = []
    for one in service.family():
        ports = {each.laddr.port for each in one.net_connections("tcp") if each.status == psutil.CONN_LISTEN}
        if service.port in ports:
            listening.append(one)
    pids = {one.pid for one in listening}
    return next(one for one in listening if one.ppid() not in pids)


def test_a_killed_service_says_no_and_goes_on_where_it_was_when_it_is_back(service: Service) -> None:
    key = service.run("clients", "create", "--name", "mailer", "--scopes", "consent:check").stdout.strip()
    url = f"http://127.0.0.1:{service.port}"
    with Client(url, key, patience_seconds=0.5) as hasty, Client(url, key, patience_seconds=60) as patient:
        assert hasty.may_send("newsletter", "email", ["a@example.org"])[0].reason == "no_ground"

        web(service).kill()
        (answer,) = patient.may_send("newsletter", "email", ["a@example.org"])
        assert (answer.allowed, answer.reason, answer.answered) == (False, "no_ground", True)

        service.destroy()
        began = time.monotonic()
        (answer,) = hasty.may_send("newsletter", "email", ["a@example.org"])
        assert (answer.allowed, answer.reason, answer.answered) == (False, "unreachable", False)
        assert time.monotonic() - began < 5
    with pytest.raises(UnreachableError), Client(url, key, patience_seconds=0.5, when_unreachable="raise") as raising:
        raising.may_send("newsletter", "email", ["a@example.org"])
