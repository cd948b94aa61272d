"""gunicorn's worker and log, so that neither repeats what a client sent: a bad request line may hold anything."""

import contextlib
import logging
import socket
import threading
import time
from concurrent.futures import Future
from typing import Any, Final

from gunicorn import util
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gthread import ThreadWorker

from governance.api import express
from governance.api.express import Caller, Express
from governance.api.heads import Heads
from governance.api.lane import Lane
from governance.kernel.logs import get_logger

_UNREADABLE: Final = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
    b"X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nContent-Length: %d\r\n\r\n%s"
)
_PROBLEM: Final = (
    b'{"type": "malformed", "title": "Bad Request", "status": 400, '
    b'"detail": "The request is no proper HTTP request."}\n'
)

HEAD_SECONDS: Final = 5.0
"""From the first byte to the end of the head; a browser needs milliseconds."""
BODY_SECONDS: Final = 60.0
"""For the largest upload over a slow line; a proxy in front reads requests whole, so that nobody dawdles here."""

log = get_logger(__name__)


class Arrivals:
    """Requests that are still arriving, and until when each may.

    A thread reads one request at a time, so whoever sends half of one and waits would keep it. When the time is up the
    socket is shut for reading, which ends the read; an answer that is under way still goes out.
    """

    def __init__(self) -> None:
        self._until: dict[Any, float] = {}

    def expect(self, connection: Any, *, seconds: float) -> None:  # noqa: ANN401 - gunicorn has no types
        """Give what arrives on *connection* so many seconds from now."""
        self._until[connection] = time.monotonic() + seconds

    def go_on(self, arriving: object, *, seconds: float) -> None:
        """Give what arrives on the socket *arriving* so many seconds from now, since some of it just did."""
        for connection in list(self._until):
            if connection.sock is arriving and connection in self._until:
                self.expect(connection, seconds=seconds)

    def forget(self, connection: Any) -> None:  # noqa: ANN401
        """Nothing is awaited on *connection* any more."""
        self._until.pop(connection, None)

    def shut_late(self) -> int:
        """Shut connections whose time is up; answers how many."""
        now = time.monotonic()
        late = [connection for connection, until in list(self._until.items()) if until < now]
        for connection in late:
            self.forget(connection)
            with contextlib.suppress(OSError):  # it has closed by itself meanwhile
                connection.sock.shutdown(socket.SHUT_RD)
        return len(late)

    def watch(self) -> None:
        """Shut late connections for ever; runs in a thread of its own."""
        while True:
            time.sleep(1)
            shut = self.shut_late()
            if shut:
                log.warning("http.too_slow", connections=shut)


ARRIVALS: Final = Arrivals()
"""Of this process."""


def _stays_open() -> Future[bool]:
    done: Future[bool] = Future()
    done.set_result(True)
    return done


_STAYS_OPEN: Final = _stays_open()
"""What gunicorn is told of a connection that it is to go on with."""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Threads that answer; what cannot be read is refused without being repeated, what dawdles is cut off.

    A connection that asked for what the express lane answers goes on in the lane.
    """

    lane: Lane[Caller] | None = None
    paths: frozenset[str] = frozenset()

    def init_process(self) -> None:
        """Watch over arrivals from within the worker, since threads do not survive the fork."""
        self.arrivals = ARRIVALS
        threading.Thread(target=self.arrivals.watch, name="arrivals", daemon=True).start()
        super().init_process()

    def run(self) -> None:
        """Answer until told to stop; the lane runs beside."""
        self._open_lane()
        super().run()

    def _open_lane(self) -> None:
        known: Express | None = getattr(self.wsgi, "extensions", {}).get(express.NAME)
        if known is None or self.cfg.is_ssl or self.cfg.proxy_protocol != "off":
            return
        self.paths = known.paths
        heads = Heads(self.cfg, known.recognise)
        self.lane = Lane(heads, known.answer, self, idle_seconds=self.cfg.keepalive)
        threading.Thread(target=self.lane.run, name="lane", daemon=True).start()

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:  # noqa: ANN401
        """Keep a connection or close it, after a request; one for the lane goes there."""
        asked_for = getattr(conn, "asked_for", None)
        stays = self.alive and not fs.cancelled() and fs.exception() is None and fs.result() is True
        if self.lane is not None and asked_for in self.paths and stays and not conn.parser.unreader.buf.getvalue():
            self.lane.take(conn)
        else:
            super().finish_request(conn, fs)

    def give_back(self, connection: Any) -> None:  # noqa: ANN401
        """Go on with a connection that the lane had."""
        connection.asked_for = None
        self.method_queue.defer(super().finish_request, connection, _STAYS_OPEN)

    def let_go(self, connection: Any) -> None:  # noqa: ANN401
        """Close a connection that the lane had."""
        self.method_queue.defer(self._close, connection)

    def _close(self, connection: Any) -> None:  # noqa: ANN401
        self.nr_conns -= 1
        connection.close()

    def enqueue_req(self, conn: Any) -> None:  # noqa: ANN401 - gunicorn has no types
        """Let a thread read a request; its head has `HEAD_SECONDS` from now, the wait for a thread included.

        So many dawdlers in the queue run out of time together. What had arrived in full is still read and answered.
        """
        self.arrivals.expect(conn, seconds=HEAD_SECONDS)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:  # noqa: ANN401
        """Read a request and answer it."""
        try:
            return super().handle(conn)
        finally:
            self.arrivals.forget(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:  # noqa: ANN401
        """Answer a request whose head is complete; its body has `BODY_SECONDS` to arrive."""
        self.arrivals.expect(conn, seconds=BODY_SECONDS)
        conn.asked_for = req.path if req.method == "POST" else None
        return super().handle_request(req, conn)

    def handle_error(self, req: object, client: Any, addr: object, exc: Exception) -> None:  # noqa: ANN401, ARG002
        """Refuse a request that is no proper HTTP."""
        log.warning("http.unreadable", error_type=type(exc).__name__)
        try:
            util.write_nonblock(client, _UNREADABLE % (len(_PROBLEM), _PROBLEM))
        except OSError:
            log.debug("http.client_gone")


class Logger(GunicornLogger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's messages among ours; those about a request say what went wrong, not with which."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401
        """Send all to the root logger, which `kernel.logs` has set up."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)

    def exception(self, msg: str, *args: object, **kwargs: object) -> None:  # noqa: ARG002
        """An error while a request was answered; its address stays out of the log."""
        log.exception("http.failed_outside_application")

    def access(self, *_of_request: object) -> None:
        """Nothing: requests are logged by the application, by route."""

    def reopen_files(self) -> None:
        """Nothing: all goes to standard error."""
