"""At start the keyring is compared with what the database was sealed with; the wrong one stops the service."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update

from governance.kernel.db import Database
from governance.vault.errors import KeyringError
from governance.vault.keyring import Keyring
from governance.vault.register import check_keys, index_plan
from governance.vault.runtime import Vault, vault_of
from governance.vault.tables import IndexVersionRow, KeyEpochRow
from tests.conftest import NOW, Store, open_database
from tests.vault.making import make_owner


@pytest.fixture
def started(fresh_store: Store, keyring: Keyring) -> Iterator[Database]:
    opened = open_database(fresh_store, keyring)
    yield opened
    opened.dispose()


@pytest.fixture
def fresh(fresh_store: Store) -> Iterator[Database]:
    opened = Database(fresh_store.app_url, pool_size=2)
    yield opened
    opened.dispose()


def test_the_same_keyring_starts_again(started, fresh, keyring):
    Vault.install(fresh, Keyring(keyring.path))


def test_a_foreign_keyring_stops_the_service(started, fresh, tmp_path: Path):
    foreign = Keyring.create(tmp_path / "foreign" / "keyring.json", now=NOW)
    with pytest.raises(KeyringError, match="another key for epoch 1"):
        Vault.install(fresh, foreign)


def test_a_process_that_has_read_the_keyring_before_a_rotation_finds_it_right_after_it(started, fresh, keyring):
    here = Keyring(keyring.path)
    keyring.add_epoch(now=NOW)
    Vault.install(fresh, keyring)
    with started.sessions() as session:
        check_keys(session, here)
    assert [epoch.id for epoch in here.epochs()] == [1, 2]


def test_an_older_copy_of_the_keyring_stops_the_service(started, fresh, keyring, tmp_path: Path):
    copy = tmp_path / "copy.json"
    copy.write_bytes(keyring.path.read_bytes())
    copy.chmod(0o600)
    keyring.add_epoch(now=NOW)
    Vault.install(fresh, keyring)
    with pytest.raises(KeyringError, match="lacks the key of epoch 2"):
        Vault.install(fresh, Keyring(copy))


def test_a_keyring_without_an_index_root_in_use_stops_the_service(started, fresh, keyring):
    keyring.add_index_root(now=NOW)
    keyring.destroy_index_root(1)
    with pytest.raises(KeyringError, match="index root 1"):
        Vault.install(fresh, keyring)


def test_an_epoch_whose_key_is_gone_matters_only_while_it_wraps_something(started, fresh, keyring):
    """A rotation that was killed between destroying the key and writing it down."""
    with started.sessions.begin() as session:
        owner = make_owner(session)
        vault_of(session).owners.for_sealing(session, [(owner, "profile")])
    keyring.add_epoch(now=NOW)
    with started.sessions.begin() as session:
        session.execute(update(KeyEpochRow).where(KeyEpochRow.id == 1).values(retired_at=NOW))
    keyring.destroy_epoch(1)
    with pytest.raises(KeyringError, match="lacks the key of epoch 1"):
        Vault.install(fresh, keyring)
    with started.sessions.begin() as session:
        vault_of(session).owners.shred(session, [owner])
    Vault.install(fresh, keyring)


def test_several_processes_that_start_a_new_store_at_once_agree(fresh_store, keyring):
    databases = [Database(fresh_store.app_url, pool_size=1) for _ in range(4)]
    start = threading.Barrier(4)
    failed: list[BaseException] = []

    def install(database: Database) -> None:
        start.wait()
        try:
            Vault.install(database, Keyring(keyring.path))
        except BaseException as error:  # noqa: BLE001 (told below)
            failed.append(error)

    threads = [threading.Thread(target=install, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with databases[0].sessions() as session:
        assert session.execute(text("SELECT id FROM key_epoch")).scalars().all() == [1]
        assert session.execute(text("SELECT version, state FROM index_version")).all() == [(1, "live")]
    for database in databases:
        database.dispose()
    assert failed == []


def test_versions_of_the_indexes_are_taken_over_without_a_restart(fresh, keyring):
    vault = Vault.install(fresh, keyring, versions_ttl_seconds=0)
    root = keyring.add_index_root(now=NOW)
    with fresh.sessions.begin() as session:
        session.add(IndexVersionRow(version=2, check_value=root.check, state="incoming", created_at=NOW))
    with fresh.sessions() as session:
        session.execute(text("SELECT 1"))
    assert vault.indexer.plan == index_plan({"live": 1, "incoming": 2})


def test_no_two_plans_in_a_row_are_blind_to_each_other():
    """Whoever still knows the plan before must write so that the plan after finds it, and ask so that it finds that."""
    plans = [
        index_plan(states)
        for states in (
            {"live": 1},
            {"live": 1, "incoming": 2},
            {"live": 1, "flipping": 2},
            {"live": 2, "dropped": 1},
            {"live": 2, "dropped": 1, "incoming": 3},
        )
    ]
    for before, after in itertools.pairwise(plans):
        assert before.written in after.asked
        assert after.written in before.asked
        # One column holds the same version, whichever of the two plans a row was written by.
        assert before.written == after.written or before.beside == after.beside is not None
