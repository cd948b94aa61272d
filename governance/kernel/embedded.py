"""PostgreSQL in the data folder, for those who have none: nothing to install, started by use and stopped by disuse.

Whoever needs the server takes a `lease`; the first one starts a `keeper` process, which runs the server until the last
lease ends, be it by kill -9. `cluster` is the server itself, `account` the user it runs as, `folders` where things lie.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from governance.kernel.account import wheel_programs
from governance.kernel.cluster import FOLDER, SERVER_NEEDS_BYTES, SUPERUSER, open_log
from governance.kernel.errors import ConfigurationError, UnavailableError
from governance.kernel.folders import PASSABLE, PRIVATE, prepare_data_dir, runtime_parent, runtime_parents, try_lock
from governance.kernel.keeper import SERVER_SOCKETS, SOCKET
from governance.kernel.passwords import read_passwords
from governance.kernel.space import DiskFullError

WAIT_SECONDS: Final = 300.0
"""How long to wait for a server that starts or stops; after a crash it may have much to replay."""
ORPHAN_SECONDS: Final = 3.0
ATTEMPTS: Final = 3

_PROJECT: Final = Path(__file__).absolute().parents[2]

# Keepers started here, held so that they are reaped when they end; they may well outlive this process.
_started: list[subprocess.Popen[bytes]] = []


class EmbeddedPostgres:
    """A lease on the server of one data folder: while it is held, the server runs."""

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str]) -> None:
        self.data_dir = data_dir
        self._settings = dict(settings)
        mode = PASSABLE if os.geteuid() == 0 else PRIVATE
        self._runtime_dir = runtime_parent(mode) / _runtime_name(data_dir)
        self._runtime_mode = mode
        self._connection: socket.socket | None = None

    @property
    def socket_dir(self) -> Path:
        """Where the server's socket lies: what PostgreSQL calls the host."""
        return self._runtime_dir / SERVER_SOCKETS

    def url(self, role: str, password: str, database: str) -> str:
        """A libpq URL (`postgresql://`) that psycopg, pg_dump and, with a driver named, SQLAlchemy understand."""
        user, secret, name, host = (quote(part, safe="") for part in (role, password, database, str(self.socket_dir)))
        return f"postgresql://{user}:{secret}@/{name}?host={host}"

    def superuser_url(self, database: str = "postgres") -> str:
        """The URL of PostgreSQL's superuser, for set-up, backups and tests; the service itself has roles of its own.

        Raises:
            ConfigurationError: the password is lost.
        """
        return self.url(SUPERUSER, self._superuser_password(), database)

    def client_environment(self, database: str = "postgres") -> dict[str, str]:
        """Variables by which PostgreSQL's programs log in as superuser; a URL among arguments would show in `ps`."""
        login = {"PGUSER": SUPERUSER, "PGPASSWORD": self._superuser_password()}
        return login | {"PGHOST": str(self.socket_dir), "PGDATABASE": database}

    def binary(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs (`pg_dump`), of the very version of the server."""
        return wheel_programs() / name

    def renew(self) -> bool:
        """Take the lease anew if the keeper died, which starts another; returns whether that was needed.

        Raises:
            DiskFullError: the server has no room to start.
            UnavailableError: it does not start.
        """
        if self._connection is not None:
            readable, _, _ = select.select([self._connection], [], [], 0)
            if not readable:
                return False
            self._connection.close()
            self._connection = None
        try:
            self._connection = self._acquire()
        except UnavailableError:
            if shutil.disk_usage(self.data_dir).free < SERVER_NEEDS_BYTES:
                raise DiskFullError from None
            raise
        return True

    def release(self) -> None:
        """End the lease; if it was the last, wait until the server has stopped."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with connection, contextlib.suppress(OSError):
            # Shut down, not only closed: a copy of the descriptor in a forked child must not keep the lease.
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(WAIT_SECONDS)
            if not _read_line(connection):
                for keeper in _started:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        keeper.wait(1.0)
        _started[:] = [keeper for keeper in _started if keeper.poll() is None]

    def _superuser_password(self) -> str:
        try:
            return read_passwords(self.data_dir)[SUPERUSER]
        except KeyError as error:
            raise ConfigurationError(
                f"{self.data_dir / 'secrets' / 'database.json'} lost the password of {SUPERUSER}; restore that file."
            ) from error

    def _acquire(self) -> socket.socket:
        deadline = time.monotonic() + WAIT_SECONDS
        refused_since: float | None = None
        attempts = 0
        while time.monotonic() < deadline:
            try:
                connection = self._knock()
            except FileNotFoundError:
                refused_since = None
            except ConnectionRefusedError:
                refused_since = refused_since or time.monotonic()
            else:
                if _is_ready(connection, deadline):
                    return connection
            lock = try_lock(self.data_dir / "run" / "keeper")
            if lock is not None:
                attempts += 1
                if attempts > ATTEMPTS:
                    os.close(lock)
                    raise UnavailableError(f"PostgreSQL cannot be started; see {self.data_dir / 'log'}.")
                connection = self._start_keeper(lock)
                if _is_ready(connection, deadline):
                    return connection
            else:
                require_not_run_by_another(self.data_dir)
                if refused_since is not None and time.monotonic() - refused_since > ORPHAN_SECONDS:
                    self._stop_orphan()
                    refused_since = None
            time.sleep(0.02)
        raise UnavailableError(
            f"The server of {self.data_dir} neither answers nor ends; another container or user may be running it."
        )

    def _knock(self) -> socket.socket:
        return _connect(self._runtime_dir / SOCKET)

    def _start_keeper(self, lock: int) -> socket.socket:
        """Start the keeper, who inherits the lock and a socket at which this process is the first to wait."""
        path = self._runtime_dir / SOCKET
        self._runtime_dir.mkdir(mode=PRIVATE, exist_ok=True)
        self._runtime_dir.chmod(self._runtime_mode)
        path.parent.mkdir(mode=PRIVATE, exist_ok=True)
        path.unlink(missing_ok=True)
        log = open_log(self.data_dir)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(128)
            connection = self._knock()
            arguments = [str(self.data_dir), str(self._runtime_dir), str(lock), str(listener.fileno())]
            _started.append(
                subprocess.Popen(
                    [sys.executable, "-P", "-m", "governance.kernel.keeper", *arguments, json.dumps(self._settings)],
                    cwd="/",
                    env=_keeper_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(lock, listener.fileno()),
                    start_new_session=True,
                )
            )
        os.close(lock)
        os.close(log)
        return connection

    def _stop_orphan(self) -> None:
        """Stop a server whose keeper was killed, where the system has no signal for that (other than Linux)."""
        with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
            lines = (self.data_dir / FOLDER / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            os.kill(int(lines[0]), signal.SIGINT)


@contextlib.contextmanager
def lease(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[EmbeddedPostgres]:
    """Use the server of a data folder, which is made, and started, where needed (the first time within seconds).

    Args:
        data_dir: the service's data folder; the cluster lies in its `postgres`.
        settings: further settings of PostgreSQL for a server that this lease starts (`{"fsync": "off"}` in tests).

    Raises:
        ConfigurationError: the folder, the user or the settings do not admit it; the detail says what to change.
        DiskFullError: it has no room to start.
        UnavailableError: the server does not start.
    """
    server = EmbeddedPostgres(prepare_data_dir(data_dir), settings=settings or {})
    server.renew()
    try:
        yield server
    finally:
        server.release()


def require_not_run_by_another(data_dir: Path) -> None:
    """Refuse at once where the owner of a data folder runs its server, which an administrator's own would wait for.

    Raises:
        ConfigurationError: it is so; the detail names the user.
    """
    owner = data_dir.stat().st_uid
    if owner == os.geteuid():
        return
    for parent in runtime_parents(owner):
        with contextlib.suppress(OSError), _connect(parent / _runtime_name(data_dir) / SOCKET):
            raise ConfigurationError(
                f"The service runs on {data_dir} as the user with id {owner}; run this command as that user."
            )


def _runtime_name(data_dir: Path) -> str:
    # By device and inode: short, and the same by whatever path the data folder is reached.
    state = data_dir.stat()
    return f"{state.st_dev:x}-{state.st_ino:x}"


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _is_ready(connection: socket.socket, deadline: float) -> bool:
    """Wait for the keeper's word; False if it went away, so that another attempt is due."""
    connection.settimeout(max(deadline - time.monotonic(), 0.1))
    try:
        line = _read_line(connection)
    except TimeoutError as error:
        connection.close()
        raise UnavailableError("PostgreSQL takes too long to start; the server's log says why.") from error
    except ConnectionError:
        line = b""
    answer = json.loads(line) if line else {}
    if answer.get("state") == "ready":
        return True
    connection.close()
    if answer.get("slug") == UnavailableError.slug:
        raise UnavailableError(answer["detail"])
    if "detail" in answer:
        raise ConfigurationError(answer["detail"])
    return False


def _read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        received = connection.recv(4096)
        if not received:
            return b""
        line += received
    return line


def _keeper_environment() -> dict[str, str]:
    # The service's own settings may hold secrets, which the keeper has no use for.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOVERNANCE_")}
    paths = [str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}
