"""The service's own gunicorn worker in a thread of the test, and callers that speak HTTP byte by byte."""

import re
import selectors
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import Flask
from gunicorn.config import Config

from governance.api.server import ARRIVALS, Logger, Worker

HOST = "Host: localhost\r\n"
_VARYING = (
    (rb"\r\nDate: [^\r]+", b"\r\nDate: *"),
    (rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", b"*"),
    (rb'"at":"[^"]+"', b'"at":"*"'),
    (rb'"sequence":\s?\d+', b'"sequence":*'),
)


class Serving(Worker):
    """A worker that is no process of its own.

    Attributes:
        express: sizes of the rounds that the lane has answered, and how many of each it answered itself.
    """

    def __init__(self, app: Flask, **settings: object) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        configured = Config()
        for name, value in {"threads": 4, "keepalive": 5, "limit_request_fields": 60, **settings}.items():
            configured.set(name, value)
        super().__init__(0, 0, [self.listener], None, 30, configured, Logger(configured))
        self.wsgi = app
        self.arrivals = ARRIVALS
        self.express: list[tuple[int, int]] = []
        self.tpool = self.get_thread_pool()
        self.poller = selectors.DefaultSelector()
        self.method_queue.init()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        port: int = self.listener.getsockname()[1]
        return port

    def is_parent_alive(self) -> bool:
        """It has none."""
        return True

    def notify(self) -> None:
        """Nobody watches."""

    def _open_lane(self) -> None:
        super()._open_lane()
        if self.lane is not None:
            answer = self.lane._answer_all

            def counted(calls: Sequence[object]) -> Sequence[bytes | None]:
                answers = answer(calls)
                self.express.append((len(calls), sum(one is not None for one in answers)))
                return answers

            self.lane._answer_all = counted

    @property
    def answered_in_the_lane(self) -> int:
        """Requests that were."""
        return sum(answered for _, answered in self.express)


@contextmanager
def serving(app: Flask, **settings: object) -> Iterator[Serving]:
    """Serve *app* until the end of the block."""
    worker = Serving(app, **settings)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    try:
        yield worker
    finally:
        worker.alive = False
        worker.method_queue.defer(lambda: None)
        thread.join(30)
        worker.tmp.close()


class Line:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def ask(self, request: bytes) -> bytes:
        """The whole answer to a request."""
        self.socket.sendall(request)
        return self.answer()

    def answer(self) -> bytes:
        """The next whole answer; what came of it, where the connection ends."""
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            if not self._more():
                return self._rest
        length = re.search(rb"\r\ncontent-length: (\d+)", self._rest[:end].lower())
        size = end + 4 + (int(length[1]) if length else 0)
        while len(self._rest) < size and self._more():
            pass
        answer, self._rest = self._rest[:size], self._rest[size:]
        return answer

    def _more(self) -> bool:
        try:
            block = self.socket.recv(1 << 16)
        except ConnectionResetError:
            block = b""
        self._rest += block
        return bool(block)

    def is_closed(self) -> bool:
        """Whether the service has closed it, and sent nothing more."""
        return not self._rest and not self._more()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def post(path: str, bearer: dict[str, str], body: bytes, *fields: str, media_type: str = "application/json") -> bytes:
    """A whole request."""
    said = "".join(f"{field}\r\n" for field in fields)
    key = f"Authorization: {bearer['Authorization']}\r\n" if bearer else ""
    head = f"POST {path} HTTP/1.1\r\n{HOST}{key}Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n{said}\r\n"
    return head.encode() + body


def alike(answer: bytes) -> bytes:
    """An answer without what differs each time."""
    for pattern, instead in _VARYING:
        answer = re.sub(pattern, instead, answer)
    return answer
