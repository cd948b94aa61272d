"""`up`, `serve` and `worker`: the service's processes, kept running from one terminal."""

import contextlib
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from governance.cli.context import say, settings
from governance.cli.setup import Answers, found_only, set_up, setup_links
from governance.custody import founding
from governance.custody.opening import open_store, require_protected_log
from governance.kernel.embedded import EmbeddedPostgres
from governance.kernel.errors import ConflictError, UnavailableError
from governance.kernel.folders import prepare_data_dir
from governance.kernel.journal import Journal
from governance.kernel.revision import SchemaOutdatedError
from governance.kernel.server import Server, reach
from governance.kernel.settings import Settings
from governance.kernel.space import DiskFullError
from governance.kernel.supervisor import Command, Supervisor, port_free, sole_supervisor

ROOT = Path(__file__).resolve().parents[2]
ANSWER_SECONDS = 2.0
ROOM_SECONDS = 20.0
"""Between two looks whether a full disk has room again."""
SERVICE_LOG = "service.log"


@click.command()
def up() -> int:
    """Run everything in this terminal: database, web service, worker. Ctrl-C stops all of it."""
    found, links = settings(), list[str]()

    def prepare(server: Server) -> None:
        answers = _answers_from_environment()
        if answers == Answers():
            found_only(server)
        else:
            set_up(server, answers)
        links.extend(setup_links(server))

    def tell() -> None:
        say(f"Ready: {base_url(found)}")
        for one in links:
            say(f"Set it up in a browser, within seven days: {base_url(found)}/console/setup/{one}")

    return keep_up(found, prepare=prepare, when_ready=tell)


@click.command()
def serve() -> int:
    """Run the web service alone (the worker runs elsewhere)."""
    found = settings()
    require_port(found)
    with reach(found) as server:
        return _supervise(server, [web_command(found)], when_ready=lambda: say(f"Ready: {base_url(found)}"))


@click.command()
def worker() -> int:
    """Run the worker alone: jobs, timetable, the audit log's sequencer and signer."""
    found = settings()
    with reach(found) as server:
        return _supervise(server, [worker_command(found)])


def keep_up(
    found: Settings, *, prepare: Callable[[Server], object], when_ready: Callable[[], object] | None = None
) -> int:
    """Run database, web service and worker until a signal comes; returns the exit code.

    Args:
        found: settings of the store.
        prepare: brings the store to the point where it can be opened.
        when_ready: called once, when the web service takes requests.

    Raises:
        ConflictError: the service runs already, or something else has its port.
    """
    data_dir = prepare_data_dir(found.data_dir)
    with sole_supervisor(data_dir):
        require_port(found)
        with reach(found) as server:
            prepare(server)
            founding.migrate(server, say=say)
            commands = [web_command(found), worker_command(found)]
            journal = journal_of(found)
            if journal is not None:
                say(f"Log: {journal.path}   (warnings and errors are shown here as well)")
            ready = when_ready or (lambda: say(f"Ready: {base_url(found)}"))
            return _supervise(server, commands, when_ready=ready, journal=journal)


def require_port(found: Settings) -> None:
    """Refuse in time, and in plain words, where the port is taken.

    Raises:
        ConflictError: something listens there.
    """
    if not port_free(found.bind_host, found.bind_port):
        raise ConflictError(
            f"Something else listens on {found.bind_host}:{found.bind_port}; stop it, or choose another place: "
            f"GOVERNANCE_BIND={found.bind_host}:{found.bind_port + 1}"
        )


def require_open(found: Settings) -> None:
    """Say once, and in plain words, why none of the processes could start; of an outage they await the end.

    Raises:
        SchemaOutdatedError: schema and release do not belong together.
        ConfigurationError: the store was not set up, or its log is not protected.
        KeyringError: the keyring is missing, or not the one that this database was sealed with.
    """
    try:
        with open_store(found) as store:
            require_protected_log(store.database)
    except UnavailableError as error:
        if isinstance(error, SchemaOutdatedError):
            raise


def base_url(found: Settings) -> str:
    """Where the web service answers."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(found.bind_host, found.bind_host)  # noqa: S104 - compared only
    return f"http://[{host}]:{found.bind_port}" if ":" in host else f"http://{host}:{found.bind_port}"


def web_command(found: Settings) -> Command:
    """How the web service is started."""
    arguments = ["-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]
    return Command("web", [sys.executable, *arguments], _environment(found))


def worker_command(found: Settings) -> Command:
    """How the worker is started."""
    return Command("worker", [sys.executable, "-m", "governance.worker"], _environment(found))


def _environment(found: Settings) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        "GOVERNANCE_DATA_DIR": str(found.data_dir.absolute()),
        "GOVERNANCE_DATABASE_URL": found.database_url or "",
        "GOVERNANCE_DATABASE_ADMIN_URL": found.database_admin_url or "",
        "GOVERNANCE_SMTP_URL": found.smtp_url or "",
        "GOVERNANCE_MAIL_FROM": found.mail_from or "",
        "PYTHONPATH": path,
    }


def _answers_from_environment() -> Answers:
    return Answers(
        **{
            name: os.environ.get(f"GOVERNANCE_{name.upper()}")
            for name in (
                "controller_name",
                "controller_address",
                "country",
                "zone",
                "laws",
                "admin_name",
                "admin_email",
            )
        }
    )


def _supervise(
    server: Server,
    commands: Sequence[Command],
    *,
    when_ready: Callable[[], object] | None = None,
    journal: Journal | None = None,
) -> int:
    require_open(server.settings)
    waiting = [when_ready] if when_ready is not None else []
    readiness = Readiness(server.settings)

    lease = Lease(server.embedded) if server.embedded is not None else None

    def upkeep() -> bool:
        if lease is not None:
            lease.keep()
        if waiting and readiness.reached():
            waiting.pop()()
        return bool(waiting)

    return Supervisor(commands, upkeep=upkeep, say=say, journal=journal).run()


def journal_of(found: Settings) -> Journal | None:
    """Where the log goes while somebody watches; None where it goes to standard error."""
    if found.log_format != "auto" or not sys.stderr.isatty():
        return None
    return Journal(found.data_dir.absolute() / "log" / SERVICE_LOG, show=say)


class Lease:
    """The lease of the embedded server, taken anew where that stopped; on a full disk, as soon as there is room."""

    def __init__(self, embedded: EmbeddedPostgres) -> None:
        self._embedded = embedded
        self._next_try = 0.0

    def keep(self) -> None:
        """Look after it; called about once a second.

        Raises:
            UnavailableError: the server does not start, and not for want of room.
        """
        if time.monotonic() < self._next_try:
            return
        try:
            self._embedded.renew()
        except DiskFullError as error:
            say(f"{error.detail} The database has stopped, and starts by itself once there is room.")
            self._next_try = time.monotonic() + ROOM_SECONDS


class Readiness:
    """Whether the web service is ready, asked without waiting for it: one request, answered once it has started."""

    def __init__(self, found: Settings) -> None:
        host = base_url(found).removeprefix("http://").rpartition(":")[0].strip("[]")
        self._address = (host, found.bind_port)
        self._asked: socket.socket | None = None

    def reached(self) -> bool:
        """Ask, or look whether the answer has come and says so; an answer that does not is asked for again."""
        with contextlib.suppress(OSError):
            if self._asked is None:
                self._asked = socket.create_connection(self._address, timeout=ANSWER_SECONDS)
                self._asked.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            if not select.select([self._asked], [], [], 0)[0]:
                return False
            with self._asked as connection:
                self._asked = None
                return connection.recv(32).split(b" ")[1:2] == [b"200"]
        self._asked = None
        return False
