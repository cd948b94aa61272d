"""The process that keeps the embedded PostgreSQL for as long as somebody uses it.

Users hold a connection to the keeper's socket. The kernel closes it when a user dies, so the keeper knows of a
kill -9, too. When the last connection is gone the keeper stops the server and ends. Started by `embedded` only:
`python -m governance.kernel.keeper DATA_DIR RUNTIME_DIR LOCK LISTENER SETTINGS`.

What it says to a user, one JSON object a line: `{"state": "ready"}` once the server accepts connections, or
`{"state": "refused", "slug": ..., "detail": ...}`; at the end, after the user has closed its side, `{"state": "kept"}`
if others still use the server. If none does, the connection closes when the server has stopped.
"""

import contextlib
import json
import logging
import os
import resource
import selectors
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Final

from governance.kernel.cluster import Cluster
from governance.kernel.errors import GovernanceError, UnavailableError

SOCKET: Final = "keeper/socket"
SERVER_SOCKETS: Final = "pg"

PATIENCE_SECONDS: Final = 30.0
"""How long the keeper, told to stop by SIGTERM, waits for users that are stopping, too."""
CRASHES: Final = 5
CRASH_WINDOW_SECONDS: Final = 60.0

log = logging.getLogger("governance.keeper")


class Keeper:
    """Runs a cluster while it has users.

    Args:
        cluster: what to run.
        listener: a listening socket, on which the first user is waiting already.
        runtime_dir: where the sockets are; removed at the end.
    """

    def __init__(self, cluster: Cluster, *, listener: socket.socket, runtime_dir: Path) -> None:
        self._cluster = cluster
        self._listener = listener
        self._runtime_dir = runtime_dir
        self._users: set[socket.socket] = set()
        self._crashes: list[float] = []
        self._stop_by: float | None = None
        self._selector = selectors.DefaultSelector()
        listener.setblocking(False)
        self._wake, wake_end = socket.socketpair()
        self._wake.setblocking(False)
        wake_end.setblocking(False)
        self._wake_end = wake_end
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)

    def run(self) -> int:
        """Start the server, serve until the last user has gone, stop it. Returns the exit code."""
        self._listen_to_signals()
        last: socket.socket | None = None
        try:
            self._cluster.start()
            self._admit()
            while self._users and not self._is_overdue():
                last = self._turn()
        except GovernanceError as error:
            log.exception("server not started")
            self._refuse(error)
            return 1
        finally:
            self._close_door()
            self._cluster.stop()
            shutil.rmtree(self._runtime_dir, ignore_errors=True)
            if last is not None:
                last.close()
        return 0

    def _turn(self) -> socket.socket | None:
        """Wait for one thing to happen; returns the connection of the last user if it has gone."""
        gone: socket.socket | None = None
        for key, _ in self._selector.select(None if self._stop_by is None else 1.0):
            if key.fileobj is self._wake:
                self._drain()
                if self._cluster.has_ended():
                    self._restart()
            elif key.fileobj is self._listener:
                self._admit()
            elif isinstance(key.fileobj, socket.socket):
                gone = self._hear(key.fileobj) or gone
        if gone is not None:
            self._admit()  # one who came in this instant keeps the server
            if self._users:
                self._part(gone)
                return None
        return gone

    def _admit(self) -> None:
        while self._stop_by is None:
            try:
                user, _ = self._listener.accept()
            except BlockingIOError:
                return
            if self._tell(user, {"state": "ready"}):
                self._users.add(user)
                self._selector.register(user, selectors.EVENT_READ)

    def _hear(self, user: socket.socket) -> socket.socket | None:
        with contextlib.suppress(ConnectionError):
            if user.recv(64):
                return None
        self._selector.unregister(user)
        self._users.discard(user)
        if not self._users:
            return user
        self._part(user)
        return None

    def _part(self, user: socket.socket) -> None:
        self._tell(user, {"state": "kept"})
        user.close()

    def _refuse(self, error: GovernanceError) -> None:
        self._hide_door()
        with contextlib.suppress(BlockingIOError):
            while True:
                user, _ = self._listener.accept()
                self._tell(user, {"state": "refused", "slug": error.slug, "detail": error.detail})
                user.close()

    def _restart(self) -> None:
        now = time.monotonic()
        if self._stop_by is not None:  # whoever stops the keeper may have stopped the server as well
            self._stop_by = now
            return
        self._crashes = [at for at in self._crashes if now - at < CRASH_WINDOW_SECONDS] + [now]
        log.warning("server ended unexpectedly, %d times of late", len(self._crashes))
        if len(self._crashes) > CRASHES:
            raise UnavailableError("PostgreSQL ended again and again.")
        self._cluster.start()

    def _listen_to_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_end.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _on_stop(self, _number: int, _frame: object) -> None:
        self._stop_by = self._stop_by or time.monotonic() + PATIENCE_SECONDS

    def _is_overdue(self) -> bool:
        return self._stop_by is not None and time.monotonic() >= self._stop_by

    def _hide_door(self) -> None:
        """From now on a newcomer waits for the lock, to start a keeper of its own."""
        (self._runtime_dir / SOCKET).unlink(missing_ok=True)

    def _close_door(self) -> None:
        self._hide_door()
        self._selector.unregister(self._listener)
        self._listener.close()

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake.recv(256):
                pass

    @staticmethod
    def _tell(user: socket.socket, message: dict[str, str]) -> bool:
        try:
            user.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return False
        return True


def main(arguments: list[str]) -> int:
    """Run as the keeper of one data folder; see the module's docstring for the arguments."""
    data_dir, runtime_dir = Path(arguments[0]), Path(arguments[1])
    lock, listener = int(arguments[2]), socket.socket(fileno=int(arguments[3]))
    os.set_inheritable(lock, False)
    os.umask(0o077)
    os.chdir("/")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of memory holds what the log may not
    logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(process)d] keeper: %(message)s", force=True)
    logging.Formatter.converter = time.gmtime
    settings: dict[str, str] = json.loads(arguments[4])
    cluster = Cluster(data_dir, sockets=runtime_dir / SERVER_SOCKETS, lock=lock, settings=settings)
    return Keeper(cluster, listener=listener, runtime_dir=runtime_dir).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
