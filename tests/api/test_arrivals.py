"""Requests that never end arriving do not keep the threads that would answer others."""

import signal
import socket
import time
from collections.abc import Iterator

import pytest

from governance.api.server import Arrivals
from tests import forks


@pytest.fixture
def running() -> Iterator[str]:
    """The service's own gunicorn worker, with a bare application behind it and two threads."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = ["--worker-class", "governance.api.server.Worker", "--threads", "2", "--bind", address]
    child = forks.Fork("-m", "gunicorn", *options, "tests.api.slow_app:application")
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                socket.create_connection(tuple(address.split(":")), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield f"http://{address}"
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


class Connection:
    """What gunicorn hands around: something with a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock


def test_a_connection_whose_time_is_up_ends_its_read_but_can_still_be_answered() -> None:
    arrivals = Arrivals()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        arrivals.expect(Connection(ours), seconds=-1)

        assert arrivals.shut_late() == 1
        assert ours.recv(10) == b""
        ours.sendall(b"too late")
        assert theirs.recv(10) == b"too late"
        assert arrivals.shut_late() == 0


def test_a_connection_in_time_or_forgotten_is_left_alone() -> None:
    arrivals = Arrivals()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        in_time, done = Connection(ours), Connection(ours)
        arrivals.expect(in_time, seconds=60)
        arrivals.expect(done, seconds=-1)
        arrivals.forget(done)

        assert arrivals.shut_late() == 0
        theirs.sendall(b"GET")
        assert ours.recv(10) == b"GET"


def test_half_requests_are_dropped_by_the_running_service(running: str) -> None:
    host, port = running.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(12)]
    try:
        for one in slow:
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ")
        started = time.monotonic()
        with socket.create_connection((host, int(port)), timeout=20) as quick:
            quick.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"200 OK" in quick.recv(4096)
        assert time.monotonic() - started < 20
    finally:
        for one in slow:
            one.close()
