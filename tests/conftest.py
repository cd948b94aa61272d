"""Fixtures: a real PostgreSQL, a migrated template that tests clone, and one transaction per ordinary test."""

import gc
import os
import secrets
import shutil
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from psycopg import sql

from governance.accounts import passwords
from governance.custody.tombstones import INFO, Tombstones
from governance.kernel import schema
from governance.kernel.db import Database, sqlalchemy_url
from governance.kernel.embedded import lease
from governance.kernel.work import SYSTEM, Work
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault
from tests import forks
from tests.stores import POOL_SIZE, Lent, Store, Stores, clone, with_parts

SHARED = Path(__file__).resolve().parents[2] / "shared"
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
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


gc.disable()  # until all tests are collected

# How long an example takes says more of the machine than of the code. `make properties` asks for many more of them.
settings.register_profile("here", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "25")))
settings.load_profile("here")


LENT: dict[str, Lent] = {}
"""Stores that tests have just now, by their names."""
LONG = (
    *("cli/test_up", "contracts/test_canaries", "cli/test_keys", "portal/test_journey", "client/", "worker/"),
    *("custody/test_restore", "kernel/test_embedded", "kernel/test_supervisor", "intake/test_helping"),
    *("retention/test_agreeing", "api/test_lane", "api/test_arrivals"),
)
"""Tests that wait for processes: begun first, so that no one of them is left over at the end while others are done."""


def pytest_configure(config: pytest.Config) -> None:
    """Start what all processes of the run share."""
    if config.getoption("numprocesses", None):
        forks.begin()


SPENT: dict[str, float] = {}
"""Seconds of processor time of this process that each test took, preparations included."""
DEAREST = 10


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note what a test takes of the processor."""
    began = time.process_time()
    handled = yield
    SPENT[item.nodeid] = time.process_time() - began
    return handled


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that started this one."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["spent"] = SPENT


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what one of the processes told."""
    SPENT.update(getattr(node, "workeroutput", {}).get("spent", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show which tests are the dearest, where many ran."""
    if len(SPENT) < 100 * DEAREST:
        return
    terminalreporter.section(f"the {DEAREST} dearest of {len(SPENT)} tests, in seconds of the processor")
    for test, seconds in sorted(SPENT.items(), key=lambda one: -one[1])[:DEAREST]:
        terminalreporter.line(f"{seconds:6.2f} {test}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first."""
    items.sort(key=lambda one: not one.nodeid.removeprefix("tests/").startswith(LONG))


def pytest_collection_finish() -> None:
    """Collect seldom, and keep what was loaded out of it, which would be looked at again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def production_hasher() -> Iterator[PasswordHasher]:
    """The hasher of production; all tests hash by the same algorithm, but a hundred times as cheaply."""
    dear = passwords._HASHER
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", cheap)
        patch.setattr(passwords, "_NOBODYS", passwords._NOBODYS.replace("m=65536,t=3,p=4", "m=64,t=1,p=1"))
        yield dear


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of test vectors and customer files that lies beside the project."""
    if not SHARED.is_dir():
        if os.environ.get("CI"):
            pytest.fail("../shared is missing, and CI must have it.")
        pytest.skip("../shared (vectors and customer files) is not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for databases, in memory where there is room: there a clone takes 30 ms instead of 200 to 1000."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_IN_MEMORY:
        yield tmp_path_factory.mktemp("databases")
        return
    for left in MEMORY.glob("governance-tests-*"):
        if left.stat().st_uid == os.geteuid() and not psutil.pid_exists(int(left.name.rpartition("-")[2])):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
    folder = MEMORY / f"governance-tests-{os.getpid()}"
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url(quick_folder: Path) -> Iterator[str]:
    """Superuser URL of a real PostgreSQL 18: the one given, or an embedded one of this test run."""
    given = os.environ.get("GOVERNANCE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with lease(quick_folder / "store", settings=CARELESS) as server:
        url = server.superuser_url("postgres")
        with psycopg.connect(url, autocommit=True) as connection:  # its password was hashed before the settings held
            password = sql.Literal(sqlalchemy_url(url).password)
            connection.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(password))
        yield url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[Store]:
    """The template that `fresh_store` clones: provisioned and migrated once."""
    suffix = secrets.token_hex(4)
    name, roles, password = f"gov_t_{suffix}", schema.Roles(f"t{suffix}"), secrets.token_urlsafe(16)
    admin = schema.create_database(server_url, name)
    schema.provision(admin, roles=roles, app_password=password)
    schema.migrate(admin, roles=roles)
    yield Store(name, admin, with_parts(admin, username=roles.app, password=password), roles, password)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'DROP ROLE IF EXISTS "{roles.app}"')
        connection.execute(f'DROP ROLE IF EXISTS "{roles.owner}"')


@pytest.fixture(scope="session")
def stores(server_url: str, template: Store) -> Iterator[Stores]:
    """Stores that are lent to tests."""
    found = Stores(server_url, template)
    yield found
    found.end()


@contextmanager
def lent_store(stores: Stores) -> Iterator[Store]:
    """A store without rows: commits are real, several connections see each other."""
    with stores.lend() as lent:
        LENT[lent.store.name] = lent
        yield lent.store
        del LENT[lent.store.name]


@pytest.fixture
def fresh_store(stores: Stores) -> Iterator[Store]:
    """A store without rows, for this test."""
    with lent_store(stores) as store:
        yield store


def leave(store: Store) -> None:
    """Close all connections to a store that is lent, which it needs to be copied; it is thrown away afterwards."""
    LENT[store.name].end()


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """A new keyring in a file of this test."""
    return Keyring.create(tmp_path / "secrets" / "keyring.json", now=NOW)


def open_database(store: Store, keyring: Keyring) -> Database:
    """The service's view of *store*: engine, sessions, vault."""
    lent = LENT.get(store.name)
    database = Database(store.app_url, pool_size=POOL_SIZE) if lent is None else lent.open()
    Vault.install(database, keyring)
    database.remember(**{INFO: Tombstones(keyring.path.with_name("tombstones.jsonl"))})
    return database


@pytest.fixture
def fresh_database(fresh_store: Store, keyring: Keyring) -> Database:
    """A database of this test alone, with a vault; what is committed is visible to all."""
    return open_database(fresh_store, keyring)


@pytest.fixture(scope="session")
def shared_store(server_url: str, template: Store) -> Iterator[Store]:
    """A clone that tests in rolled-back transactions share."""
    with clone(server_url, template) as store:
        yield store


@pytest.fixture(scope="session")
def shared_database(shared_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The shared clone with a vault of its own; only `work` writes to it, and rolls back."""
    ring = Keyring.create(tmp_path_factory.mktemp("ring") / "keyring.json", now=NOW)
    database = open_database(shared_store, ring)
    yield database
    database.dispose()


@pytest.fixture
def work(shared_database: Database) -> Iterator[Work]:
    """A unit of work whose outer transaction is rolled back; inner commits become savepoints."""
    with shared_database.engine.connect() as connection:
        outer = connection.begin()
        with shared_database.sessions(bind=connection, join_transaction_mode="create_savepoint") as session:
            yield Work(session=session, actor=SYSTEM, now=NOW)
        outer.rollback()
