"""Fixtures: a real PostgreSQL, a migrated template that tests clone, and one transaction per ordinary test."""

import gc
import os
import shutil
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import settings
from jinja2.bccache import Bucket, BytecodeCache

from governance.accounts import passwords
from governance.custody.tombstones import INFO, Tombstones
from governance.kernel.db import Database
from governance.kernel.work import SYSTEM, Work
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault
from tests import forks
from tests.servers import Pattern, Template, make_quick_folder, serve
from tests.spreading import Spread
from tests.stores import GIVEN, POOL_SIZE, Lent, Store, Stores, clone

SHARED = Path(__file__).resolve().parents[2] / "shared"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


gc.disable()  # until all tests are collected

# How long an example takes says more of the machine than of the code. `make properties` asks for many more of them.
settings.register_profile("here", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "25")))
settings.load_profile("here")


class Compiled(BytecodeCache):
    """Templates that were compiled once, for all applications that tests build."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was kept of this source."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        self._kept[bucket.key, bucket.checksum] = bucket.code


Flask.jinja_options = {"bytecode_cache": Compiled()}

LENT: dict[str, Lent] = {}
"""Stores that tests have just now, by their names."""
WAITING = (
    *("cli/test_up", "contracts/test_canaries", "cli/test_keys", "portal/test_journey", "client/", "worker/"),
    *("custody/test_restore", "kernel/test_embedded", "kernel/test_supervisor", "intake/test_helping"),
    *("retention/test_agreeing", "api/test_lane", "api/test_arrivals"),
)
"""Tests that wait for other processes: one process does these, so that the others have the processor."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the number of processes."""
    parser.addoption("--processes", type=int, default=1, metavar="N", help="run the tests in N processes")


def pytest_configure(config: pytest.Config) -> None:
    """Start what all processes of the run share, which becomes ready while tests are collected."""
    processes = config.getoption("processes")
    if processes > 1:
        forks.begin()
        Pattern.shared = None if os.environ.get(GIVEN) else Pattern()
        config.pluginmanager.register(Spread(config, processes, waits=_waits, at_end=(lambda: SPENT, SPENT.update)))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Throw away what the processes shared."""
    if Pattern.shared and not hasattr(config, "workerinput"):
        Pattern.shared.end()


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


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show which tests are the dearest, where many ran."""
    if len(SPENT) < 100 * DEAREST:
        return
    terminalreporter.section(f"the {DEAREST} dearest of {len(SPENT)} tests, in seconds of the processor")
    for test, seconds in sorted(SPENT.items(), key=lambda one: -one[1])[:DEAREST]:
        terminalreporter.line(f"{seconds:6.2f} {test}")


def _waits(test: pytest.Item) -> bool:
    return test.nodeid.removeprefix("tests/").startswith(WAITING)


def pytest_collection_finish() -> None:
    """Collect seldom, and keep what was loaded out of it, which would be looked at again and again.

    What the processes of the run share is there from now on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
    if Pattern.shared:
        Pattern.shared.wait()


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
def quick_folder() -> Iterator[Path]:
    """A folder for databases, in memory where there is room."""
    folder = make_quick_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def served_template(quick_folder: Path) -> Iterator[tuple[str, Template]]:
    """Superuser URL of a real PostgreSQL 18, the one given or an embedded one, and the template on it."""
    given, folder, pattern = os.environ.get(GIVEN), quick_folder / "store", Pattern.shared
    template = pattern.copy(folder) if pattern else None
    with nullcontext(given) if given else serve(folder) as url:
        template = template or Template.make(url)
        yield url, template
        if given:
            template.drop(url)


@pytest.fixture(scope="session")
def server_url(served_template: tuple[str, Template]) -> str:
    """Superuser URL of a real PostgreSQL 18."""
    return served_template[0]


@pytest.fixture(scope="session")
def template(served_template: tuple[str, Template]) -> Store:
    """The template that `fresh_store` clones: provisioned and migrated once."""
    url, template = served_template
    return template.on(url)


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
