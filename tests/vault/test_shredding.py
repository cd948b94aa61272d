"""Shredding against sealing, in every order: nothing is ever sealed under a key that is being destroyed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from governance.kernel.db import Database
from governance.vault.errors import ShreddedError
from governance.vault.items import OpenItem
from governance.vault.runtime import vault_of
from tests.vault.making import make_owner, make_specimen
from tests.vault.models import Specimen


def _wait_until_blocked(database: Database) -> None:
    for _ in range(500):
        with database.sessions() as session:
            waiting = session.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            )
        if waiting:
            return
        time.sleep(0.01)
    pytest.fail("nobody came to wait")


def _owner(database: Database, row_id) -> object:
    with database.sessions() as session:
        return session.get_one(Specimen, row_id).owner_id


def _shred(database: Database, owner, compartments=None) -> int:
    with database.sessions.begin() as session:
        return vault_of(session).owners.shred(session, [owner], compartments=compartments)


def test_a_shredded_owner_cannot_be_read_or_written_any_more(database, ada):
    owner = _owner(database, ada)
    assert _shred(database, owner) == 3  # profile, contact, behaviour

    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        with pytest.raises(ShreddedError):
            _ = row.name
        item = OpenItem(Specimen.sealed_fields["name"].place, row.id, row.owner_id, row.name_sealed)
        assert vault_of(session).open_many(session, [item]) == [None]
        row.name = "Again"
        with pytest.raises(ShreddedError):
            session.flush()


@pytest.mark.parametrize("compartment", ["profile", "evidence"])
def test_a_tombstoned_owner_never_gets_a_key_again(database, ada, compartment):
    owner = _owner(database, ada)
    _shred(database, owner)
    with database.sessions() as session, pytest.raises(ShreddedError):
        vault_of(session).owners.for_sealing(session, [(owner, compartment)])


def test_shredding_one_compartment_leaves_the_others(database, ada):
    owner = _owner(database, ada)
    _shred(database, owner, ["profile", "finance"])
    with database.sessions() as session:
        row = session.get_one(Specimen, ada)
        assert row.card == "4000 1234"
        with pytest.raises(ShreddedError):
            _ = row.name
        for compartment in ("profile", "finance"):  # finance had no key, and gets none
            with pytest.raises(ShreddedError):
                vault_of(session).owners.for_sealing(session, [(owner, compartment)])
        assert vault_of(session).owners.for_sealing(session, [(owner, "contact")])


def test_shredding_twice_destroys_nothing_more(database, ada):
    owner = _owner(database, ada)
    assert (_shred(database, owner), _shred(database, owner), _shred(database, owner, ["profile"])) == (3, 0, 0)


@pytest.mark.parametrize("table", ["key_owner", "data_key"])
def test_the_service_cannot_bring_a_shredded_key_back(database, ada, table):
    owner = _owner(database, ada)
    _shred(database, owner)
    column = "id" if table == "key_owner" else "owner_id"
    with database.sessions() as session, pytest.raises(DBAPIError, match=r"never comes back|violates check"):
        session.execute(text(f"UPDATE {table} SET shredded_at = NULL WHERE {column} = :owner"), {"owner": owner})


@pytest.mark.parametrize("compartments", [None, ["profile"]])
def test_shredding_waits_for_who_is_sealing_and_takes_what_they_sealed(database, another_process, ada, compartments):
    owner = _owner(database, ada)
    with ThreadPoolExecutor(1) as pool:
        with database.sessions.begin() as session:
            session.get_one(Specimen, ada).name = "Sealed before"
            session.flush()
            shredding = pool.submit(_shred, another_process, owner, compartments)
            _wait_until_blocked(database)
            assert not shredding.done()
        assert shredding.result(10) >= 1
    with database.sessions() as session, pytest.raises(ShreddedError):
        _ = session.get_one(Specimen, ada).name


@pytest.mark.parametrize("compartments", [None, ["profile"]])
def test_sealing_waits_for_who_is_shredding_and_is_refused(database, another_process, ada, compartments):
    """The key had been read before the shredding committed; it must not be used after."""
    owner = _owner(database, ada)

    def seal() -> None:
        with database.sessions.begin() as session:
            session.get_one(Specimen, ada).name = "Sealed after"

    with ThreadPoolExecutor(1) as pool:
        with another_process.sessions.begin() as session:
            vault_of(session).owners.shred(session, [owner], compartments=compartments)
            sealing = pool.submit(seal)
            _wait_until_blocked(database)
        with pytest.raises(ShreddedError):
            sealing.result(10)


@pytest.mark.parametrize("compartments", [None, ["evidence"]])
def test_the_first_key_of_a_compartment_is_not_made_while_it_is_shredded(database, another_process, ada, compartments):
    owner = _owner(database, ada)

    def seal() -> None:
        with database.sessions.begin() as session:
            vault_of(session).owners.for_sealing(session, [(owner, "evidence")])

    with ThreadPoolExecutor(1) as pool:
        with another_process.sessions.begin() as session:
            vault_of(session).owners.shred(session, [owner], compartments=compartments)
            sealing = pool.submit(seal)
            _wait_until_blocked(database)
        with pytest.raises(ShreddedError):
            sealing.result(10)


def test_shredding_that_is_rolled_back_leaves_all_readable(database, ada):
    owner = _owner(database, ada)
    with database.sessions() as session:
        vault_of(session).owners.shred(session, [owner])
        session.rollback()
        assert session.get_one(Specimen, ada).name == "Ada Lovelace"
        session.get_one(Specimen, ada).name = "Still here"
        session.commit()


def test_after_its_commit_no_thread_of_the_process_opens_what_was_shredded(database, ada):
    """Another thread reads between the shredding and its commit, and so opens the old key again."""
    owner = _owner(database, ada)
    with database.sessions.begin() as session:
        vault_of(session).owners.shred(session, [owner])
        with database.sessions() as reader:
            assert reader.get_one(Specimen, ada).name == "Ada Lovelace"
    with database.sessions() as reader, pytest.raises(ShreddedError):
        _ = reader.get_one(Specimen, ada).name


def test_two_transactions_that_need_the_same_first_key_get_the_same(database, another_process):
    with database.sessions.begin() as session:
        owner = make_owner(session)
    start = threading.Barrier(2)

    def write(where: Database, name: str):
        start.wait()
        with where.sessions.begin() as session:
            return make_specimen(session, owner=owner, name=name).id

    with ThreadPoolExecutor(2) as pool:
        rows = [pool.submit(write, database, "one"), pool.submit(write, another_process, "two")]
        ids = [row.result(10) for row in rows]
    for where in (database, another_process):
        with where.sessions() as session:
            assert {row.name for row in session.scalars(select(Specimen).where(Specimen.id.in_(ids)))} == {"one", "two"}
            assert session.scalar(text("SELECT count(*) FROM data_key WHERE owner_id = :o"), {"o": owner}) == 1


def test_an_owner_that_does_not_exist_gets_no_key(database):
    with database.sessions() as session:
        session.add(Specimen(owner_id=uuid4(), kind="email", name="x"))
        with pytest.raises(ShreddedError, match="does not exist"):
            session.flush()
