"""A real PostgreSQL for tests: in memory where there is room, without care for what a crash would cost.

What its first start takes (a cluster is made, the database migrated) is done once for all processes of a run, by one
more process while the tests are collected. Each of them copies the files and runs a server of its own: on one for all,
a transaction that is open in one test would hold up what others wait for (a snapshot's xmin is that of the server).
"""

import json
import os
import secrets
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

import psutil
import psycopg
from psycopg import sql

from governance.kernel import schema
from governance.kernel.db import sqlalchemy_url
from governance.kernel.embedded import lease
from tests.stores import Store, with_parts

MEMORY = Path("/dev/shm")
ROOM_IN_MEMORY = 2 << 30
"""Bytes that must be free; a run takes a small part of it."""
CARELESS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "bgwriter_lru_maxpages": "0",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "jit": "off",
    "scram_iterations": "1",
}
"""What is lost if the machine dies is only the test; nobody guesses passwords; all that is read lies in memory."""


def make_quick_folder() -> Path:
    """A folder for databases, in memory where there is room: there a clone takes 30 ms instead of 200 to 1000."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_IN_MEMORY:
        return Path(tempfile.mkdtemp(prefix="governance-tests-"))
    for left in MEMORY.glob("governance-tests-*"):
        if left.stat().st_uid == os.geteuid() and not psutil.pid_exists(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
    folder = MEMORY / f"governance-tests-{os.getpid()}"
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The superuser's URL of an embedded server whose data lie in *folder*, which is made where it is not there."""
    with lease(folder, settings=CARELESS) as server:
        url = server.superuser_url("postgres")
        with psycopg.connect(url, autocommit=True) as connection:  # its password was hashed before the settings held
            password = sql.Literal(sqlalchemy_url(url).password)
            connection.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(password))
        yield url


@dataclass(frozen=True)
class Template:
    """A migrated database that others are copies of, wherever its server is.

    Attributes:
        name: of the database.
        suffix: of the names of its roles.
        password: of the service's role.
    """

    name: str
    suffix: str
    password: str

    @classmethod
    def make(cls, server_url: str) -> Self:
        """Provision and migrate it."""
        suffix = secrets.token_hex(4)
        found = cls(f"gov_t_{suffix}", f"t{suffix}", secrets.token_urlsafe(16))
        admin = schema.create_database(server_url, found.name)
        schema.provision(admin, roles=schema.Roles(found.suffix), app_password=found.password)
        schema.migrate(admin, roles=schema.Roles(found.suffix))
        return found

    def on(self, server_url: str) -> Store:
        """It, as a store on a server."""
        admin, roles = with_parts(server_url, database=self.name), schema.Roles(self.suffix)
        app = with_parts(admin, username=roles.app, password=self.password)
        return Store(self.name, admin, app, roles, self.password)

    def drop(self, server_url: str) -> None:
        """Leave nothing of it on a server that others use."""
        roles = schema.Roles(self.suffix)
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
            connection.execute(f'DROP ROLE IF EXISTS "{roles.app}"')
            connection.execute(f'DROP ROLE IF EXISTS "{roles.owner}"')


class Pattern:
    """The files of a server with a template, made by a process of its own."""

    shared: ClassVar["Pattern | None"] = None
    """That of this run."""

    def __init__(self) -> None:
        self._folder = make_quick_folder()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                with serve(self._folder / "store") as url:
                    (self._folder / "template").write_text(json.dumps(asdict(Template.make(url))))
            except Exception:  # noqa: BLE001 - whoever waits raises it
                (self._folder / "trouble").write_text(traceback.format_exc())
            finally:
                os._exit(0)

    def wait(self) -> None:
        """Wait until it is made.

        Raises:
            RuntimeError: it could not be.
        """
        self._await()
        trouble = self._folder / "trouble"
        if trouble.exists():
            raise RuntimeError(f"There is no server for the tests.\n{trouble.read_text()}")

    def copy(self, folder: Path) -> Template:
        """Copy the server's files into *folder*, which must not be there."""
        shutil.copytree(self._folder / "store", folder)
        return Template(**json.loads((self._folder / "template").read_text()))

    def end(self) -> None:
        """Throw it away."""
        self._await()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _await(self) -> None:
        if self._pid:
            os.waitpid(self._pid, 0)
            self._pid = 0
