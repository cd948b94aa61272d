"""One PostgreSQL cluster in a data folder: made once, started, stopped, and started again after a crash.

The server's working folder is the cluster's own, and it is told to find its data through `/proc/self/cwd`. So it needs
no right to enter the folders above, which may be closed to it (root's home) or have paths longer than its limit.
"""

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from governance.kernel.account import MAJOR, Account, account_for, programs_for
from governance.kernel.errors import ConfigurationError, UnavailableError
from governance.kernel.folders import PRIVATE
from governance.kernel.lifeline import death_signal
from governance.kernel.memory import memory_bytes
from governance.kernel.passwords import keep_passwords, new_password

SUPERUSER: Final = "postgres"
FOLDER: Final = "postgres"
LOG: Final = "postgres.log"
LOG_LIMIT_BYTES: Final = 10_000_000

STOP_LIMIT_SECONDS: Final = 60.0
RECOVERY_LIMIT_SECONDS: Final = 30.0
SERVER_NEEDS_BYTES: Final = 16 * 1024 * 1024
"""A segment of the log of changes; with less room on its disk, a server that does not start never will."""

LEAST_PAGES_MEGABYTES: Final = 128
MOST_PAGES_MEGABYTES: Final = 1024
"""What a million people's checks touch lies in there whole; beyond it the system's own cache does as well."""


def pages_megabytes(memory: int) -> int:
    """How much a new server keeps of its pages in memory: an eighth of *memory* (bytes), within reason."""
    return max(LEAST_PAGES_MEGABYTES, min(MOST_PAGES_MEGABYTES, memory // 8 >> 20))


# Written into postgresql.conf once; an operator may tune them there.
TUNABLE: Final = {
    "max_connections": "60",
    "shared_buffers": f"{pages_megabytes(memory_bytes())}MB",
    "idle_in_transaction_session_timeout": "5min",
    "wal_level": "replica",  # physical backups and standbys stay possible
    # Kept for use again: else whoever commits while a purge writes much waits for a new segment, every two seconds.
    "min_wal_size": "512MB",
}

# Given at each start, above whatever the files say.
FIXED: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # plans here are short; compiling them costs more than it saves
    # Files of the cluster instead of /dev/shm, which containers keep at 64 MB and logind empties at logout.
    "dynamic_shared_memory_type": "mmap",
    # No personal value may enter the server's log. The message of an error quotes input ("invalid input syntax ..."),
    # its DETAIL quotes rows and, after a crash, the statement that ran; clients still get all of it.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
    "log_line_prefix": "%m [%p] ",
    "logging_collector": "off",
    "log_destination": "stderr",
}

ACCESS: Final = (
    "# Written by governance: passwords only, and no access from the network.\nlocal all all scram-sha-256\n"
)

log = logging.getLogger("governance.keeper")


class Cluster:
    """The cluster of a data folder and, while it runs, its server.

    Args:
        data_dir: the service's data folder, prepared.
        sockets: a folder with a short path which the server gets for its socket; made and emptied here.
        lock: descriptor of the keeper's lock. Every process of the server holds a copy, so that the lock is free only
            when none of them is left.
        settings: further settings of PostgreSQL, above all others.
    """

    def __init__(self, data_dir: Path, *, sockets: Path, lock: int, settings: Mapping[str, str]) -> None:
        self.folder = data_dir / FOLDER
        self._data_dir = data_dir
        self._sockets = sockets
        self._lock = lock
        self._settings = settings
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster if there is none, start the server and wait until it accepts connections.

        Raises:
            ConfigurationError: the folder, its owner or the settings do not admit it.
            UnavailableError: the server stopped while starting; its log says why.
        """
        account = account_for(self.folder)
        programs = programs_for(account)
        self._sockets.mkdir(mode=PRIVATE, exist_ok=True)
        account.own(self._sockets)
        if not self.folder.exists() or not any(self.folder.iterdir()):
            self._create(account, programs)
        self._require_version()
        if account.identity and self.folder.stat().st_uid != account.uid:
            for path in (self.folder, *self.folder.rglob("*")):
                account.own(path)
        deadline = time.monotonic() + RECOVERY_LIMIT_SECONDS
        while not self._launch(account, programs):
            # Sessions of a server that was killed may hold its memory for a moment yet.
            hopeless = shutil.disk_usage(self._data_dir).free < SERVER_NEEDS_BYTES
            if hopeless or time.monotonic() > deadline:
                raise UnavailableError(f"PostgreSQL stopped while starting; {self._data_dir / 'log' / LOG} says why.")
            time.sleep(0.3)

    def has_ended(self) -> bool:
        """Whether the server, once started, is no longer there."""
        return self._server is not None and self._server.poll() is not None

    def stop(self) -> None:
        """Stop the server: sessions are broken off, what was committed is written out."""
        server = self._server
        if server is None:
            return
        for number, limit_seconds in ((signal.SIGINT, STOP_LIMIT_SECONDS), (signal.SIGQUIT, 10.0)):
            server.send_signal(number)
            try:
                server.wait(limit_seconds)
            except subprocess.TimeoutExpired:
                log.warning("server does not stop by signal %d", number)
            else:
                break
        else:
            server.kill()
            server.wait()
        self._server = None

    def _create(self, account: Account, programs: Path) -> None:
        # Made aside and renamed, so that an interrupted start leaves nothing that looks like a cluster.
        fresh = self.folder.with_name(f"{FOLDER}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=PRIVATE)
        account.own(fresh)
        password = new_password()
        password_file = self._sockets / "password"
        password_file.unlink(missing_ok=True)
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(password)
            account.own(password_file)
            self._initdb(account, programs, fresh, password_file)
        finally:
            password_file.unlink()
        (fresh / "pg_hba.conf").write_text(ACCESS, encoding="ascii")
        keep_passwords(self._data_dir, {SUPERUSER: password})
        fresh.rename(self.folder)
        log.info("cluster made")

    def _initdb(self, account: Account, programs: Path, fresh: Path, password_file: Path) -> None:
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [f"--set={name}={value}" for name, value in TUNABLE.items()]
        if self._settings.get("fsync") == "off":
            options.append("--no-sync")
        command = [str(programs / "initdb"), "-D", _here(fresh), "-U", SUPERUSER, f"--pwfile={password_file}", *options]
        made = subprocess.run(
            command,
            check=False,
            cwd=fresh,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self._lock,),
            preexec_fn=death_signal(signal.SIGKILL),
            **account.identity,
        )
        if made.returncode != 0:
            log.error("initdb failed: %s", made.stdout.decode(errors="replace"))
            raise UnavailableError(f"The cluster cannot be made; {self._data_dir / 'log' / LOG} says why.")

    def _require_version(self) -> None:
        path = self.folder / "PG_VERSION"
        if not path.exists():
            raise ConfigurationError(f"{self.folder} holds something else than a cluster of PostgreSQL; move it away.")
        found = path.read_text(encoding="ascii").strip()
        if found != str(MAJOR):
            raise ConfigurationError(f"{self.folder} was made by PostgreSQL {found}; this service runs {MAJOR}.")

    def _launch(self, account: Account, programs: Path) -> bool:
        """Start the server and wait until it is ready; False if it failed but may succeed a little later."""
        for left_over in self._sockets.iterdir():
            left_over.unlink()
        recovering = self._disown_old_server()
        settings = FIXED | {"unix_socket_directories": str(self._sockets)} | dict(self._settings)
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        self._server = subprocess.Popen(
            [programs / "postgres", "-D", _here(self.folder), *arguments],
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            pass_fds=(self._lock,),
            preexec_fn=death_signal(signal.SIGINT),  # noqa: PLW1509 - the keeper has no threads
            **account.identity,
        )
        while self._server.poll() is None:
            if self._is_ready():
                return True
            time.sleep(0.01)
        if not recovering:
            raise UnavailableError(f"PostgreSQL stopped while starting; {self._data_dir / 'log' / LOG} says why.")
        return False

    def _disown_old_server(self) -> bool:
        """Tell PostgreSQL that the process in its lock file, left by a crash, is not another server.

        Its number may belong to some other process by now, which would stop the start for ever. Whoever holds the
        keeper's lock knows that no server is left. The rest of the file stays: through it PostgreSQL checks that
        nobody is attached to the old shared memory.
        """
        path = self.folder / "postmaster.pid"
        try:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            return False
        path.write_text("".join([f"{os.getpid()}\n", *lines[1:]]), encoding="utf-8")
        return True

    def _is_ready(self) -> bool:
        # The eighth line of the lock file is the server's state; pg_ctl reads it in the same way.
        try:
            lines = (self.folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        pid = self._server.pid if self._server else None
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def open_log(data_dir: Path) -> int:
    """Descriptor of the server's log, for appending; a log that has grown large is kept as `.1` and begun anew."""
    path = data_dir / "log" / LOG
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.rename(path.with_name(f"{LOG}.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _here(folder: Path) -> str:
    here = "/proc/self/cwd"
    return here if Path(here).exists() else str(folder)


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
