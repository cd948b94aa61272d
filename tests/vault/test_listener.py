"""What was shredded elsewhere is forgotten at once, and everything when nobody can say what was missed."""

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.kernel.db import Database
from governance.vault.listener import KeyListener
from governance.vault.runtime import Vault
from tests.conftest import Store


@pytest.fixture
def vault(fresh_database: Database) -> Vault:
    """The vault of this process."""
    found: Vault = fresh_database.sessions.kw["info"]["vault"]
    return found


@pytest.fixture
def listener(fresh_database: Database, vault: Vault) -> Iterator[KeyListener]:
    """Listens, and has begun to."""
    found = KeyListener(fresh_database, vault)
    found.start()
    assert found.listening.wait(10)
    yield found
    found.stop()


def _remember(vault: Vault) -> None:
    cache = vault.cache
    name = (b"owner", "profile", 1)
    cache.put({name: cache.opened(AESGCM(bytes(32)), mark=cache.mark)}, mark=cache.mark)


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_word_from_another_process_empties_the_cache(listener: KeyListener, vault: Vault, fresh_store: Store) -> None:
    _remember(vault)
    assert len(vault.cache) == 1

    with psycopg.connect(fresh_store.app_url, autocommit=True) as other:
        other.execute("NOTIFY governance_keys")

    _until(lambda: len(vault.cache) == 0)


def test_a_lost_connection_empties_the_cache_and_is_made_anew(
    listener: KeyListener, vault: Vault, fresh_store: Store
) -> None:
    _remember(vault)
    with psycopg.connect(fresh_store.admin_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )

    _until(lambda: len(vault.cache) == 0)
    _until(listener.listening.is_set)
    _remember(vault)
    with psycopg.connect(fresh_store.app_url, autocommit=True) as other:
        other.execute("NOTIFY governance_keys")
    _until(lambda: len(vault.cache) == 0)
