"""Shredding leaves a tombstone exactly when it was committed, whatever dies, and takes the digests along."""

import json
import os
import stat
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from governance.audit.operations import search
from governance.audit.trail import Filter
from governance.custody import shredding
from governance.custody.errors import TombstoneError
from governance.custody.replaying import replay
from governance.custody.rows import indexed_fields
from governance.custody.shredding import Reason, settle, shred
from governance.custody.tombstones import INFO, Outcome, Tombstones
from governance.customers.tables import ContactRow, PersonRow, PurchaseRow
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.errors import NotFoundError
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Compartment
from governance.vault.compartments import OwnerKind
from governance.vault.errors import ShreddedError
from governance.vault.runtime import vault_of
from tests import forks
from tests.conftest import NOW, clone, leave, open_database

CLOCK = FixedClock(NOW)


@pytest.fixture
def tombstones(fresh_database: Database, tmp_path: Path) -> Tombstones:
    found = Tombstones(tmp_path / "custody" / "tombstones.jsonl")
    fresh_database.remember(**{INFO: found})
    return found


@pytest.fixture
def people(fresh_database) -> list[UUID]:
    """Key owners of three people, each with a contact and a purchase."""
    owners = [uuid4() for _ in range(3)]
    with fresh_database.sessions.begin() as session:
        vault_of(session).owners.create(session, OwnerKind.PERSON, owners)
        for number, owner in enumerate(owners):
            person = _person(owner, number)
            session.add(person)
            session.flush()
            session.add(_contact(person.id, owner, number))
            session.add(_purchase(person.id, owner, number))
    return owners


def _person(owner, number):
    said = {"kind": "private", "subject_ref": uuid4(), "acquired_at": NOW, "version": 1}
    return PersonRow(owner_id=owner, family_name=f"Nr {number}", created_at=NOW, updated_at=NOW, **said)


def _contact(person, owner, number):
    said = {"kind": "email", "is_primary": True, "is_login": False, "created_at": NOW}
    return ContactRow(owner_id=owner, person_id=person, value=f"n{number}@example.org", **said)


def _purchase(person, owner, number):
    said = {"paid_at": NOW, "whole_day": False, "total": 1, "currency": "UAH", "created_at": NOW}
    return PurchaseRow(owner_id=owner, person_id=person, number=f"order {number}", **said)


def _shred(database, owners, **options):
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        return shred(work, owners=owners, reason=Reason.ERASURE_REQUEST, **options)


def test_a_shredding_destroys_keys_and_digests_and_is_told(fresh_database, tombstones, people):
    done = _shred(fresh_database, people[:1])

    assert (done.owners, done.keys, done.at) == (1, 3, NOW)
    with open_work(fresh_database, SYSTEM) as work:
        contact = work.session.scalars(select(ContactRow).where(ContactRow.owner_id == people[0])).one()
        assert (contact.value_index, contact.value_index_next) == (None, None)
        with pytest.raises(ShreddedError):
            _ = contact.value
        found = select(ContactRow.owner_id).where(
            ContactRow.value.of("email").in_(["n0@example.org", "n1@example.org"])
        )
        assert work.session.scalars(found).all() == [people[1]]
        (entry,) = search(work, by=Filter(action="custody:owner:shredded")).entries
    assert entry.entry.facts == {"reason": "erasure-request", "owners": [str(people[0])]}
    (told,) = tombstones.read()
    assert (told.owners, told.compartments, told.at, told.outcome) == ((people[0],), None, NOW, Outcome.COMMITTED)


def test_shredding_a_compartment_leaves_the_digests_of_others(fresh_database, tombstones, people):
    _shred(fresh_database, people[:1], compartments=[Compartment.FINANCE])
    with fresh_database.sessions() as session:
        found = select(ContactRow.owner_id).where(ContactRow.value.of("email") == "n0@example.org")
        assert session.scalars(found).all() == [people[0]]
        assert session.scalars(select(PurchaseRow.owner_id).where(PurchaseRow.number == "order 0")).all() == []
    assert [one.compartments for one in tombstones.read()] == [("finance",)]


def test_nothing_personal_is_in_a_tombstone_and_nobody_else_can_read_it(fresh_database, tombstones, people):
    _shred(fresh_database, people)
    lines = [json.loads(line) for line in tombstones.path.read_text().splitlines()]
    assert [set(line) for line in lines] == [
        {"id", "at", "owners", "compartments", "transaction"},
        {"id", "outcome"},
    ]
    assert stat.S_IMODE(tombstones.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tombstones.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("ending", ["rollback", "savepoint"])
def test_a_shredding_that_was_taken_back_leaves_no_tombstone(fresh_database, tombstones, people, ending):
    with fresh_database.sessions() as session:
        savepoint = session.begin_nested()
        shred(Work(session, SYSTEM, NOW), owners=people[:1], reason=Reason.OPERATOR)
        savepoint.rollback() if ending == "savepoint" else session.rollback()
        session.commit()
    assert tombstones.read() == []
    with fresh_database.sessions() as session:
        assert all(row.value for row in session.scalars(select(ContactRow)))


def test_the_next_transaction_of_a_session_does_not_write_the_tombstone_of_one_that_failed(
    fresh_database, tombstones, people
):
    with fresh_database.sessions() as session:
        shred(Work(session, SYSTEM, NOW), owners=people[:1], reason=Reason.OPERATOR)
        session.rollback()
        shred(Work(session, SYSTEM, NOW), owners=people[1:2], reason=Reason.OPERATOR)
        session.commit()
    assert [one.owners for one in tombstones.read()] == [(people[1],)]


def test_a_shredding_in_a_savepoint_that_was_kept_has_its_tombstone(fresh_database, tombstones, people):
    with open_work(fresh_database, SYSTEM) as work, work.session.begin_nested():
        shred(work, owners=people[:1], reason=Reason.OPERATOR)
    assert [one.owners for one in tombstones.read()] == [(people[0],)]


def test_without_a_tombstone_nothing_is_committed(fresh_database, tombstones, people):
    tombstones.path.mkdir(parents=True)  # cannot be written
    with pytest.raises(TombstoneError, match="nothing may be shredded"):
        _shred(fresh_database, people[:1])
    with fresh_database.sessions() as session:
        assert {row.value for row in session.scalars(select(ContactRow))} == {f"n{n}@example.org" for n in range(3)}


def test_a_session_that_knows_no_list_of_tombstones_shreds_nothing(fresh_store, keyring, people, fresh_database):
    fresh_database.remember(**{INFO: None})
    with pytest.raises(TombstoneError, match="outside the database"):
        _shred(fresh_database, people[:1])


def test_an_owner_that_does_not_exist_is_refused(fresh_database, tombstones, people):
    with pytest.raises(NotFoundError):
        _shred(fresh_database, [people[0], uuid4()])
    assert _shred(fresh_database, []).owners == 0
    assert tombstones.read() == []


def test_many_owners_are_told_in_entries_that_have_room(fresh_database, tombstones):
    owners = [uuid4() for _ in range(450)]
    with fresh_database.sessions.begin() as session:
        vault_of(session).owners.create(session, OwnerKind.BATCH, owners)
    _shred(fresh_database, owners)
    with open_work(fresh_database, SYSTEM) as work:
        entries = search(work, by=Filter(action="custody:owner:shredded")).entries
    assert sorted(len(one.entry.facts["owners"]) for one in entries) == [50, 200, 200]
    assert {owner for one in tombstones.read() for owner in one.owners} == set(owners)


def test_the_service_may_empty_every_digest(fresh_store):
    """Shredding and index rotation write both columns of every indexed field."""
    with psycopg.connect(fresh_store.app_url) as connection:
        for field in indexed_fields():
            for column in (field.index.name, field.beside.name):
                may = connection.execute(
                    "SELECT has_column_privilege(%s, %s, 'UPDATE')", (field.table.name, column)
                ).fetchone()
                assert may == (True,), f"{field.table.name}.{column}"


KILLED = """
import os, sys
from pathlib import Path
from uuid import UUID
from governance.custody import shredding
from governance.custody.tombstones import INFO, Tombstones
from governance.kernel.db import Database
from governance.kernel.work import SYSTEM, Work, open_work
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

url, ring, path, owner, step = sys.argv[1:]
database = Database(url, pool_size=1)
Vault.install(database, Keyring(Path(ring)))

class Dying(Tombstones):
    def intend(self, **told):
        if step == "before the tombstone":
            os.kill(os.getpid(), 9)
        found = super().intend(**told)
        if step == "before the commit":
            os.kill(os.getpid(), 9)
        return found
    def settle(self, *told):
        os.kill(os.getpid(), 9)

database.remember(**{INFO: Dying(Path(path))})
with open_work(database, SYSTEM) as work:
    shredding.shred(work, owners=[UUID(owner)], reason=shredding.Reason.OPERATOR)
"""


@pytest.mark.parametrize(
    ("step", "written", "outcome"),
    [
        ("before the tombstone", 0, None),
        ("before the commit", 1, Outcome.VOID),
        ("after the commit", 1, Outcome.COMMITTED),
    ],
)
def test_a_process_killed_while_shredding_leaves_a_tombstone_that_can_be_settled(
    fresh_database, fresh_store, keyring, tombstones, people, step, written, outcome, tmp_path
):
    arguments = [fresh_store.app_url, str(keyring.path), str(tombstones.path), str(people[0]), step]
    killed = forks.run("-c", KILLED, *arguments)
    assert killed.returncode == -9, killed.stderr
    assert [one.outcome for one in tombstones.read()] == [None] * written
    _wait_for_end_of(fresh_store)

    with open_work(fresh_database, SYSTEM) as work:
        done = settle(work, tombstones)
    assert len(done) == (outcome is Outcome.COMMITTED)
    assert [one.outcome for one in tombstones.read()] == [outcome] * written
    assert tombstones.unsettled() == []
    with fresh_database.sessions() as session:
        gone = session.scalar(text("SELECT shredded_at IS NOT NULL FROM key_owner WHERE id = :o"), {"o": people[0]})
    assert gone is (outcome is Outcome.COMMITTED)


def _wait_for_end_of(store) -> None:
    with psycopg.connect(store.admin_url, autocommit=True) as admin:
        for _ in range(200):
            left = admin.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE '%in trans%' "
                "AND pid <> pg_backend_pid()"
            ).fetchone()
            if left == (0,):
                return
            admin.execute("SELECT pg_sleep(0.02)")


def test_a_shredding_that_still_runs_is_not_settled(fresh_database, tombstones, people):
    with fresh_database.sessions() as session:
        number = str(session.execute(text("SELECT pg_current_xact_id()")).scalar_one())
        tombstones.intend(owners=people[:1], compartments=None, at=NOW, transaction=number)
        with open_work(fresh_database, SYSTEM) as work:
            assert settle(work, tombstones) == []
        assert len(tombstones.unsettled()) == 1
    with open_work(fresh_database, SYSTEM) as work:
        settle(work, tombstones)
    assert [one.outcome for one in tombstones.read()] == [Outcome.VOID]


def test_a_transaction_number_of_another_cluster_does_not_stop_settling(fresh_database, tombstones, people):
    tombstones.intend(owners=people[:1], compartments=None, at=NOW, transaction=str(2**40))
    with open_work(fresh_database, SYSTEM) as work:
        settle(work, tombstones)
    assert [one.outcome for one in tombstones.read()] == [Outcome.VOID]


def test_a_commit_whose_answer_was_lost_is_not_called_void(fresh_database, fresh_store, tombstones, people):
    """The server may have committed; only the database knows."""
    with fresh_database.sessions() as session:
        shred(Work(session, SYSTEM, NOW), owners=people[:1], reason=Reason.OPERATOR)
        shredding._intend(session)  # as the commit does first
        with psycopg.connect(fresh_store.admin_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE '%in trans%' "
                "AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(OperationalError):
            session.commit()
    assert [one.outcome for one in tombstones.read()] == [None]


def test_after_a_restore_the_tombstones_are_followed(
    server_url, fresh_database, fresh_store, keyring, tombstones, people
):
    """An old copy of the database: who was shredded since is shredded again, whole or in part; void ones are not."""
    leave(fresh_store)
    with clone(server_url, fresh_store) as old:
        _shred(fresh_database, people[:1])
        _shred(fresh_database, people[1:2], compartments=[Compartment.CONTACT])
        void = tombstones.intend(owners=people[2:], compartments=None, at=NOW, transaction="1")
        tombstones.settle(void, Outcome.VOID)
        restored = open_database(old, keyring)
        try:
            assert replay(restored, SYSTEM, tombstones.standing(), clock=CLOCK) == 4
            assert replay(restored, SYSTEM, tombstones.standing(), clock=CLOCK) == 0
            with restored.sessions() as session:
                assert [_readable(session, owner) for owner in people] == [(False, False), (True, False), (True, True)]
                found = select(ContactRow.owner_id).where(
                    ContactRow.value.of("email").in_([f"n{n}@example.org" for n in range(3)])
                )
                assert session.scalars(found).all() == people[2:]
        finally:
            restored.dispose()


def _readable(session, owner) -> tuple[bool, bool]:
    def reads(row, name) -> bool:
        try:
            return getattr(session.scalars(select(row).where(row.owner_id == owner)).one(), name) is not None
        except ShreddedError:
            return False

    return reads(PersonRow, "family_name"), reads(ContactRow, "value")


def test_a_tombstone_without_an_outcome_is_followed(tmp_path):
    """Where the database is lost, nobody can tell; the shredding had been decided."""
    tombstones = Tombstones(tmp_path / "t.jsonl")
    tombstones.intend(owners=[uuid4()], compartments=None, at=NOW, transaction="7")
    assert len(tombstones.standing()) == 1


@given(st.data())
def test_a_line_cut_short_by_a_crash_is_passed_over_and_never_joined_with_the_next(tmp_path_factory, data):
    tombstones = Tombstones(tmp_path_factory.mktemp("t") / "t.jsonl")
    first, second, third = uuid4(), uuid4(), uuid4()
    tombstones.intend(owners=[first], compartments=None, at=NOW, transaction="1")
    whole = tombstones.path.stat().st_size
    tombstones.intend(owners=[second], compartments=["contact"], at=NOW, transaction="2")
    cut = data.draw(st.integers(whole, tombstones.path.stat().st_size))
    os.truncate(tombstones.path, cut)
    before = [one.owners for one in tombstones.read()]
    assert before in ([(first,)], [(first,), (second,)])
    tombstones.intend(owners=[third], compartments=None, at=NOW, transaction="3")
    assert [one.owners for one in tombstones.read()] == [*before, (third,)]


@pytest.mark.parametrize(
    "line",
    ["{broken", "{}", '{"id": "x", "outcome": "committed"}', '{"at": "now", "owners": [], "compartments": null}', "[]"],
)
def test_a_damaged_line_in_the_middle_is_never_passed_over(tmp_path, line):
    tombstones = Tombstones(tmp_path / "t.jsonl")
    tombstones.path.write_text(line + "\n")
    tombstones.intend(owners=[uuid4()], compartments=None, at=NOW, transaction="1")
    with pytest.raises(TombstoneError, match="Line 1"):
        tombstones.read()


def test_a_list_that_does_not_exist_is_empty(tmp_path):
    assert Tombstones(tmp_path / "nothing.jsonl").read() == []


def test_many_processes_write_whole_lines(tmp_path):
    program = (
        "import sys; from pathlib import Path; from datetime import UTC, datetime; from uuid import uuid4\n"
        "from governance.custody.tombstones import Outcome, Tombstones\n"
        "t = Tombstones(Path(sys.argv[1]))\n"
        "for n in range(20):\n"
        "    said = {'at': datetime.now(UTC), 'transaction': '1'}\n"
        "    one = t.intend(owners=[uuid4() for _ in range(300)], compartments=None, **said)\n"
        "    t.settle(one, Outcome.COMMITTED)\n"
    )
    path = tmp_path / "t.jsonl"
    running = [forks.Fork("-c", program, str(path)) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    found = Tombstones(path).read()
    assert len(found) == 60
    assert {one.outcome for one in found} == {Outcome.COMMITTED}
    assert {len(one.owners) for one in found} == {300}
