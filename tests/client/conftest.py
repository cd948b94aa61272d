"""The real web service on a real port, behind a gate that behaves as badly as networks do."""

import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.api.conftest import Bearer, bearer, door, door_store, system, web

__all__ = ["Bearer", "bearer", "door", "door_store", "system", "web"]

Handler = BaseHTTPRequestHandler
Mischief = Callable[[Handler], None]


@dataclass
class Gate:
    """What it does with the next requests; after that, and before, it lets them through.

    Attributes:
        seen: method, path and headers in lower case of each request.
    """

    port: int = 0
    behind: int = 0
    mischief: list[Mischief] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answer(status: int, body: bytes = b"", **headers: str) -> Mischief:
    """Answer like a proxy, without asking the service."""

    def act(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return act


def hang_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True
    handler.connection.close()


def answer_and_lose(gate: Gate) -> Mischief:
    """Let the service do its work, and lose its answer on the way back."""

    def act(handler: Handler) -> None:
        _forward(gate, handler, send=False)
        hang_up(handler)

    return act


def _forward(gate: Gate, handler: Handler, *, send: bool = True) -> None:
    body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    connection = http.client.HTTPConnection("127.0.0.1", gate.behind, timeout=30)
    connection.request(handler.command, handler.path, body, dict(handler.headers.items()))
    response = connection.getresponse()
    content = response.read()
    connection.close()
    if send:
        handler.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in {"connection", "transfer-encoding", "server", "date"}:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


@pytest.fixture(scope="session")
def served(door: Flask) -> Iterator[int]:
    """The port of the web service."""
    server = make_server("127.0.0.1", 0, door, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def gate(served: int) -> Iterator[Gate]:
    """A gate before the service."""
    found = Gate(behind=served)

    class Porter(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.seen.append((self.command, self.path, headers))
            if not found.mischief:
                _forward(found, self)
                return
            act = found.mischief.pop(0)
            if act is not hang_up and not headers.get("x-unread") and "answer_and_lose" not in act.__qualname__:
                self.rfile.read(int(headers.get("content-length") or 0))
            act(self)

        do_GET = do_POST  # noqa: N815 - of the base class

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - of the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Porter)
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
