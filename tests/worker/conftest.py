"""What jobs work with: a store of its own for each test."""

import threading
from pathlib import Path

import pytest

from governance.custody.opening import Store as OpenStore
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.server import Server
from governance.kernel.settings import Secret, Settings
from governance.vault.keyring import Keyring
from governance.worker.surroundings import Surroundings
from tests.conftest import NOW, Store


@pytest.fixture
def around(fresh_store: Store, fresh_database: Database, keyring: Keyring, tmp_path: Path) -> Surroundings:
    """What jobs work with, at an instant that stands still."""
    settings = Settings(
        data_dir=tmp_path, database_url=Secret(fresh_store.app_url), role_prefix=fresh_store.roles.prefix
    )
    vault = fresh_database.sessions.kw["info"]["vault"]
    store = OpenStore(settings, Server(settings, fresh_store.roles), fresh_database, keyring, vault)
    return Surroundings(store, FixedClock(NOW), threading.Event())
