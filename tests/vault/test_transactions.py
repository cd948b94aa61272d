"""Opened keys: kept for seconds, never longer than the transaction that made them, forgotten when others shred."""

import time

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from governance.kernel.db import Database
from governance.vault.ciphers import CipherCache
from governance.vault.errors import ShreddedError
from governance.vault.listener import KeyListener
from governance.vault.runtime import vault_of
from tests.vault.making import make_owner, make_specimen
from tests.vault.models import Specimen


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def passing() -> Time:
    return Time()


def _key(cache: CipherCache):
    return cache.opened(AESGCM(bytes(32)), mark=cache.mark)


NAME = (b"o" * 16, "profile", 1)


def test_a_key_is_forgotten_after_its_time_even_while_in_use(passing):
    cache = CipherCache(ttl_seconds=5, monotonic=passing)
    cache.put({NAME: _key(cache)}, mark=cache.mark)
    for _ in range(4):
        passing.now += 1.2
        assert cache.get(NAME) is not None
    passing.now += 1.2
    assert cache.get(NAME) is None


def test_the_cache_never_holds_more_than_its_capacity():
    cache = CipherCache(capacity=10)
    for number in range(100):
        cache.put({(b"o" * 16, "profile", number): _key(cache)}, mark=cache.mark)
        assert len(cache) <= 10
    cache.put({(b"p" * 16, "profile", number): _key(cache) for number in range(11)}, mark=cache.mark)
    assert len(cache) <= 10


def test_keys_that_are_too_old_leave_memory_as_others_come(passing):
    cache = CipherCache(ttl_seconds=5, monotonic=passing)
    for number in range(100):
        cache.put({(b"o" * 16, "profile", number): _key(cache)}, mark=cache.mark)
        passing.now += 1
        assert len(cache) <= 12
        assert cache.get((b"o" * 16, "profile", max(0, number - 3))) is not None


def test_a_key_read_before_an_emptying_is_not_kept_after_it():
    cache = CipherCache()
    mark, key = cache.mark, _key(cache)
    cache.clear()
    cache.put({NAME: key}, mark=mark)
    assert cache.get(NAME) is None
    assert not cache.valid(key)


def _cached(database: Database) -> int:
    with database.sessions() as session:
        return len(vault_of(session).cache)


def test_keys_made_in_a_transaction_are_shared_only_after_it(database):
    with database.sessions() as session:
        owner = make_owner(session)
        session.commit()
        row = make_specimen(session, owner=owner, name="Ada")
        session.expire(row)
        assert row.name == "Ada"
        assert _cached(database) == 0
        session.rollback()
    assert _cached(database) == 0


@pytest.mark.parametrize("savepoint", ["released", "rolled back"])
def test_keys_of_a_rolled_back_transaction_open_nothing_even_after_a_savepoint(database, savepoint):
    """A savepoint within makes the session forget what it holds; the keys are still those of this transaction."""
    with database.sessions() as session:
        owner = make_owner(session)
        session.commit()
        row = make_specimen(session, owner=owner, name="Lost")
        inner = session.begin_nested()
        session.flush()
        inner.commit() if savepoint == "released" else inner.rollback()
        session.expire(row)
        assert row.name == "Lost"
        session.rollback()
        with database.sessions.begin() as again:
            kept = make_specimen(again, owner=owner, name="Kept").id
        with database.sessions() as reader:
            assert reader.get_one(Specimen, kept).name == "Kept"


def test_a_key_made_in_a_savepoint_that_was_rolled_back_is_made_anew(database):
    with database.sessions() as session:
        owner = make_owner(session)
        row = make_specimen(session, owner=owner)
        savepoint = session.begin_nested()
        row.name = "Lost"
        session.flush()
        session.expire(row)
        assert row.name == "Lost"
        savepoint.rollback()
        row.name = "Kept"
        session.flush()
        session.expire(row)
        assert row.name == "Kept"
        session.commit()
    with database.sessions() as session:
        assert session.get_one(Specimen, row.id).name == "Kept"


def test_a_lock_taken_in_a_savepoint_that_was_rolled_back_is_taken_again(database, another_process, ada):
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        savepoint = session.begin_nested()
        row.name = "Lost"
        session.flush()
        savepoint.rollback()
        with another_process.sessions.begin() as theirs:  # nobody holds the owner now
            vault_of(theirs).owners.shred(theirs, [row.owner_id])
        row.name = "After"
        with pytest.raises(ShreddedError):
            session.flush()


def test_what_another_process_shredded_opens_for_seconds_at_most(database, another_process, ada):
    passing = Time()
    with database.sessions() as session:
        cache = vault_of(session).cache
        cache.monotonic = passing
        row = session.get_one(Specimen, ada)
        assert row.name == "Ada Lovelace"
        with another_process.sessions.begin() as theirs:
            vault_of(theirs).owners.shred(theirs, [row.owner_id])
        session.expire(row)
        assert row.name == "Ada Lovelace"  # nobody told this process
        session.expire(row)
        passing.now += 5.1
        with pytest.raises(ShreddedError):
            _ = row.name


def test_a_listening_process_forgets_at_once_what_another_one_shredded(database, another_process, ada):
    with database.sessions() as session:
        vault = vault_of(session)
        listener = KeyListener(database, vault)
        listener.start()
        try:
            assert listener.listening.wait(10)
            row = session.get_one(Specimen, ada)
            assert row.name == "Ada Lovelace"
            mark = vault.cache.mark
            with another_process.sessions.begin() as theirs:
                vault_of(theirs).owners.shred(theirs, [row.owner_id])
            _eventually(lambda: vault.cache.mark > mark)
            session.expire(row)
            with pytest.raises(ShreddedError):
                _ = row.name
        finally:
            listener.stop()


def test_a_process_that_lost_its_listening_connection_forgets_all(database, specimen_store, ada):
    with database.sessions() as session:
        vault = vault_of(session)
        listener = KeyListener(database, vault)
        listener.start()
        try:
            assert listener.listening.wait(10)
            assert session.get_one(Specimen, ada).name == "Ada Lovelace"
            assert len(vault.cache)
            mark = vault.cache.mark
            with psycopg.connect(specimen_store.admin_url, autocommit=True) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                )
            _eventually(lambda: vault.cache.mark > mark and len(vault.cache) == 0)
            _eventually(listener.listening.is_set)  # and comes back
        finally:
            listener.stop()


def _eventually(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_reading_ahead_never_mixes_up_owners(database, another_process):
    with database.sessions.begin() as session:
        expected = {make_specimen(session, name=f"Nr {n}", card=f"card {n}").id: f"Nr {n}" for n in range(150)}
    with another_process.sessions() as session:
        rows = session.scalars(select(Specimen)).all()
        assert {row.id: row.name for row in rows} == expected
        assert all(row.card == row.name.replace("Nr", "card") for row in rows)
