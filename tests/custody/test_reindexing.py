"""Rotation of the blind indexes: found and kept unique in every phase, by every process, after every interruption."""

import itertools
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError

from governance.audit.operations import search
from governance.audit.trail import Filter
from governance.custody import reindexing
from governance.custody.errors import BusyError
from governance.custody.reindexing import IndexRotation, adopt_root, rebuild
from governance.custody.rotation import Duties
from governance.custody.rows import indexed_fields
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.vault.errors import SealError
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault, vault_of
from tests import forks
from tests.conftest import NOW
from tests.custody.conftest import TTL_SECONDS
from tests.kernel.processes import eventually
from tests.vault.making import make_owner, make_specimen
from tests.vault.models import Specimen

CLOCK = FixedClock(NOW)


@pytest.fixture
def rotation(database, keyring, fields):
    return IndexRotation(database, keyring, OPERATOR, fields=fields, duties=Duties(), clock=CLOCK)


def _found(database, number: int) -> int:
    with database.sessions() as session:
        by_card = session.scalars(select(Specimen).where(Specimen.card == f"CARD {number}")).all()
        by_contact = session.scalars(
            select(Specimen).where(Specimen.contact.of("email") == f"N{number}@example.org")
        ).all()
        assert [row.id for row in by_card] == [row.id for row in by_contact]
        return len(by_card)


def _versions(database) -> set[tuple[int | None, ...]]:
    columns = ", ".join(
        f"CASE WHEN {name} IS NOT NULL THEN get_byte({name}, 0) END"
        for name in ("card_index", "card_index_next", "contact_index", "contact_index_next")
    )
    with database.sessions() as session:
        return {tuple(row) for row in session.execute(text(f"SELECT DISTINCT {columns} FROM specimen"))}


def _states(database) -> dict[int, str]:
    with database.sessions() as session:
        return dict(iter(session.execute(text("SELECT version, state FROM index_version"))))


def test_after_a_rotation_all_is_found_by_the_new_version_alone(rotation, database, keyring, people):
    old = keyring.index_root(1)

    assert rotation.run() == 2

    assert _versions(database) == {(2, None, 2, None)}
    assert _states(database) == {1: "dropped", 2: "live"}
    assert [root.version for root in Keyring(keyring.path).index_roots()] == [2]
    assert old != keyring.index_root(2)
    assert [_found(database, number) for number in (0, 17, 39, 40)] == [1, 1, 1, 0]
    with open_work(database, SYSTEM) as work:
        told = [one.entry.facts for one in search(work, by=Filter(action="custody:index:rotated")).entries][::-1]
    assert [(fact["version"], fact["phase"]) for fact in told] == [
        (2, "incoming"),
        (2, "flipping"),
        (2, "live"),
        (1, "destroyed"),
    ]


def test_rotations_follow_each_other(rotation, database, people):
    assert [rotation.run() for _ in range(3)] == [2, 3, 4]
    assert _versions(database) == {(4, None, 4, None)}
    assert _found(database, 5) == 1


def test_nothing_is_pending_after_a_rotation(rotation, database, people):
    rotation.run()
    before = _states(database)
    assert rotation.resume() == 2
    assert _states(database) == before


class Traffic:
    """Writes, edits, deletes and asks, as processes do that know of no rotation; keeps what must then be found."""

    def __init__(self, start_process, seed: int) -> None:
        self._database = start_process()
        self._random = random.Random(seed)
        self._prefix = f"t{seed}"
        self.rounds = 0
        self.duplicates_refused = 0

    def run(self, stop: threading.Event) -> None:
        mine: dict[int, object] = {}
        for number in itertools.count():
            if stop.wait(0.005):
                return
            self._write(mine, number)
            self._duplicate(number)
            if number % 3 == 0 and len(mine) > 2:
                self._change(mine)
            self._ask(mine)
            self.rounds += 1

    def _card(self, number: int) -> str:
        return f"{self._prefix} card {number}"

    def _write(self, mine, number) -> None:
        with self._database.sessions.begin() as session:
            mine[number] = make_specimen(session, name="x", card=self._card(number), contact=self._card(number)).id

    def _duplicate(self, number) -> None:
        with self._database.sessions() as session:
            session.add(Specimen(owner_id=make_owner(session), kind="email", card=self._card(number).upper()))
            with pytest.raises(IntegrityError, match="uq_card"):
                session.flush()
        self.duplicates_refused += 1

    def _change(self, mine) -> None:
        number = self._random.choice(list(mine))
        with self._database.sessions.begin() as session:
            row = session.get_one(Specimen, mine.pop(number))
            if number % 2:
                session.delete(row)
            else:
                row.card = row.contact = self._card(number + 1_000_000)
                mine[number + 1_000_000] = row.id

    def _ask(self, mine) -> None:
        number = self._random.choice(list(mine))
        with self._database.sessions() as session:
            found = session.scalars(select(Specimen).where(Specimen.card == self._card(number))).all()
            assert [row.id for row in found] == [mine[number]], f"{self._card(number)} in round {self.rounds}"
            assert found[0].card == self._card(number)


def test_in_every_phase_writers_stay_unique_and_readers_find(rotation, database, start_process, people):
    """Two rotations under traffic of processes that learn of each phase at their own time."""
    stop = threading.Event()
    traffic = [Traffic(start_process, seed) for seed in range(3)]
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(one.run, stop) for one in traffic]
        try:
            assert [rotation.run(), rotation.run()] == [2, 3]
        finally:
            stop.set()
        for one in running:
            one.result(30)
    assert all(one.rounds > 5 and one.duplicates_refused > 5 for one in traffic)
    assert {versions[0] for versions in _versions(database)} == {3}
    assert {versions[1] for versions in _versions(database)} == {None}
    assert [_found(database, number) for number in (0, 39)] == [1, 1]


PHASES = ("incoming", "flipping", "live")


@pytest.fixture
def stopped_at(database, keyring, fields):
    """Runs a rotation up to the entry of a phase, and stops there as a killed process would."""

    class StoppedError(Exception):
        pass

    def stop(phase: str) -> None:
        class Stopping(IndexRotation):
            def _tell(self, work, version, told):
                super()._tell(work, version, told)
                self.told = told

            def _fill(self, version):
                if phase == "incoming":
                    raise StoppedError
                super()._fill(version)

            def _flip(self, before, version):
                if phase == "flipping":
                    raise StoppedError
                super()._flip(before, version)

            def _clean_up(self, live):
                if phase == "live" and live == 2:
                    raise StoppedError
                super()._clean_up(live)

        with pytest.raises(StoppedError):
            Stopping(database, keyring, OPERATOR, fields=fields, duties=Duties(), clock=CLOCK).run()
        time.sleep(TTL_SECONDS * 1.5)

    return stop


@pytest.mark.parametrize(("phase", "written"), [("incoming", (1, 2)), ("flipping", (2, 2)), ("live", (2, None))])
def test_what_is_written_in_a_phase_is_found_in_it_and_after_it(
    stopped_at, rotation, database, start_process, people, phase, written
):
    stopped_at(phase)
    with start_process().sessions.begin() as session:
        row = make_specimen(session, name="x", card="card 77", contact="n77@example.org")
        assert (row.card_index[0], row.card_index_next and row.card_index_next[0]) == written
        edited = session.get_one(Specimen, people[3])
        edited.card, edited.contact = "card 78", "n78@example.org"
    for _ in range(2):
        assert [_found(database, number) for number in (0, 3, 77, 78)] == [1, 0, 1, 1]
        rotation.resume()
    assert {versions[:2] for versions in _versions(database)} == {(2, None)}


@pytest.mark.parametrize("phase", PHASES)
def test_bulk_digests_follow_the_phase(stopped_at, rotation, database, people, phase):
    stopped_at(phase)
    index = Specimen.sealed_fields["card"].index
    with database.sessions.begin() as session:
        ((digest, beside),) = vault_of(session).digests(session, index, ["card 90"])
        row = make_specimen(session, name="x", card="card 91")
        assert (row.card_index[0], row.card_index_next and row.card_index_next[0]) == (digest[0], beside and beside[0])


@pytest.mark.parametrize(("before", "after"), [("steady", "incoming"), ("incoming", "flipping"), ("flipping", "live")])
def test_a_process_that_still_knows_the_phase_before_writes_what_the_next_one_finds(
    stopped_at, rotation, database, specimen_store, keyring, people, before, after
):
    """Its versions never expire here, so it is a phase behind for certain."""
    if before != "steady":
        stopped_at(before)
    stale = Database(specimen_store.app_url, pool_size=1)
    try:
        Vault.install(stale, Keyring(keyring.path), versions_ttl_seconds=3600)
        stopped_at(after) if before == "steady" else _advance(rotation, database, before)
        with stale.sessions.begin() as session:
            make_specimen(session, name="x", card="card 77", contact="n77@example.org")
        assert (_found(database, 77), _found(stale, 77), _found(stale, 4)) == (1, 1, 1)
        with database.sessions.begin() as session:
            make_specimen(session, name="x", card="card 79", contact="n79@example.org")
        assert _found(stale, 79) == 1
        for where in (stale, database):
            for card in ("card 77", "card 79", "card 4"):
                with where.sessions() as session, pytest.raises(IntegrityError):
                    make_specimen(session, name="twin", card=card)
    finally:
        stale.dispose()


def _advance(rotation, database, phase: str) -> None:
    """Only change the state, as the step does at its end when all rows are done."""
    states = {state: version for version, state in _states(database).items()}
    if phase == "incoming":
        rotation._fill(states["incoming"])
    else:
        rotation._flip(states["live"], states["flipping"])
    time.sleep(TTL_SECONDS * 1.5)


def test_a_phase_is_entered_only_when_older_transactions_are_over(rotation, database, start_process, people):
    """A transaction that began before the rotation writes by the old plan, however late."""
    writer = start_process()
    with ThreadPoolExecutor(1) as pool:
        with writer.sessions.begin() as session:
            session.execute(text("SELECT 1"))
            rotating = pool.submit(rotation.run)
            assert eventually(lambda: 2 in _states(database))
            time.sleep(TTL_SECONDS * 6)
            assert not rotating.done()
            assert _states(database)[2] == "incoming"
            make_specimen(session, name="late", card="card 80", contact="n80@example.org")
        assert rotating.result(20) == 2
    assert _found(database, 80) == 1


def test_rows_that_somebody_holds_are_done_when_they_let_go(rotation, database, start_process, people):
    holder = start_process()
    started = threading.Event()

    def hold() -> None:
        with psycopg.connect(
            holder.url.set(drivername="postgresql").render_as_string(hide_password=False)
        ) as connection:
            connection.execute("SELECT 1 FROM specimen WHERE id = %s FOR UPDATE", (people[7],))
            started.set()
            time.sleep(0.5)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert started.wait(5)
        assert rotation.run() == 2
        holding.result(5)
    assert _versions(database) == {(2, None, 2, None)}


def test_digests_of_shredded_values_do_not_outlive_a_rotation(rotation, database, people):
    with database.sessions.begin() as session:
        owner = session.get_one(Specimen, people[0]).owner_id
        vault_of(session).owners.shred(session, [owner])
    rotation.run()
    with database.sessions() as session:
        row = session.get_one(Specimen, people[0])
        assert (row.card_index, row.card_index_next, row.contact_index, row.contact_index_next) == (None,) * 4
    assert [_found(database, number) for number in (0, 1)] == [0, 1]


def test_a_row_without_a_value_or_without_an_index_is_passed_over(rotation, database, people):
    with database.sessions.begin() as session:
        empty = make_specimen(session, name="x").id
        other = make_specimen(session, kind="postal", contact="Kyiv").id
    rotation.run()
    with database.sessions() as session:
        for row in (session.get_one(Specimen, empty), session.get_one(Specimen, other)):
            assert (row.card_index, row.contact_index) == (None, None)
        assert session.get_one(Specimen, other).contact == "Kyiv"


def test_a_damaged_value_is_named_by_its_row(rotation, database, people):
    with database.sessions.begin() as session:
        session.execute(text("UPDATE specimen SET card_sealed = contact_sealed WHERE id = :id"), {"id": people[5]})
    with pytest.raises(SealError, match=str(people[5])):
        rotation.run()
    assert _found(database, 6) == 1
    with database.sessions.begin() as session:
        session.execute(delete(Specimen).where(Specimen.id == people[5]))
    assert rotation.resume() == 2


def test_one_process_at_a_time_rotates(rotation, database):
    with database.direct_connection() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (reindexing.LOCK,))
        with pytest.raises(BusyError):
            rotation.run()


KILLED = """
import os, sys
from pathlib import Path
from governance.custody import reindexing, digests
from governance.custody.rotation import Duties
from governance.custody.rows import indexed_fields
from governance.kernel.db import Database
from governance.kernel.work import OPERATOR
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault
from tests.vault.models import Specimen

url, ring, step = sys.argv[1:]
keyring = Keyring(Path(ring))
database = Database(url, pool_size=2)
Vault.install(database, keyring, versions_ttl_seconds=0.05)
digests.BATCH = 7

def die(*_args, **_options):
    os.kill(os.getpid(), 9)

def after(function, times):
    def wrapped(*args, **options):
        nonlocal times
        times -= 1
        return die() if times < 0 else function(*args, **options)
    return wrapped

if step == "root made":
    reindexing.add_index_version = die
if step == "filling":
    digests._set = after(digests._set, 3)
if step == "filled":
    reindexing.set_index_states = die
if step == "copying":
    original = digests._plain_step
    digests._plain_step = lambda *args: after(original(*args), 2)
if step == "copied":
    reindexing.set_index_states = after(reindexing.set_index_states, 1)
if step == "clearing":
    reindexing.clear_beside = after(reindexing.clear_beside, 1)
if step == "root destroyed":
    destroy = keyring.destroy_index_root
    keyring.destroy_index_root = lambda version: (destroy(version), die())
reindexing.IndexRotation(
    database, keyring, OPERATOR, fields=indexed_fields((Specimen,)), duties=Duties()
).run()
"""


@pytest.mark.parametrize("step", ["root made", "filling", "filled", "copying", "copied", "clearing", "root destroyed"])
def test_a_rotation_killed_at_any_step_is_gone_on_with(
    database, start_process, specimen_store, keyring, fields, people, step
):
    killed = forks.run("-c", KILLED, specimen_store.app_url, str(keyring.path), step)
    assert killed.returncode == -9, killed.stderr

    survivor = start_process()
    with survivor.sessions.begin() as session:
        make_specimen(session, name="x", card="card 77", contact="n77@example.org")
    assert [_found(survivor, number) for number in (0, 39, 77)] == [1, 1, 1]
    ring = Keyring(keyring.path)
    finished = step in ("clearing", "root destroyed")
    again = IndexRotation(survivor, ring, OPERATOR, fields=fields, duties=Duties(), clock=CLOCK)
    assert (again.resume() if finished else again.run()) == 2

    assert _versions(survivor) == {(2, None, 2, None)}
    assert _states(survivor) == {1: "dropped", 2: "live"}
    assert [root.version for root in Keyring(keyring.path).index_roots()] == [2]
    assert [_found(survivor, number) for number in (0, 39, 77)] == [1, 1, 1]


def test_after_a_restore_whose_root_is_gone_all_digests_are_made_anew(database, start_process, keyring, fields, people):
    """A data dump from before the rotation with the keyring from after it."""
    keyring.add_index_root(now=NOW)
    keyring.destroy_index_root(1)
    with open_work(database, OPERATOR, clock=CLOCK) as work:
        assert adopt_root(work, keyring)
        assert not adopt_root(work, keyring)
    restored = start_process()
    rebuild(restored, OPERATOR, fields=fields, version=2)
    assert _versions(restored) == {(2, None, 2, None)}
    assert [_found(restored, number) for number in (0, 39)] == [1, 1]


def test_every_indexed_field_of_every_room_is_known():
    known = {(one.table.name, one.field.name) for one in indexed_fields()}
    assert {("contact", "value"), ("purchase", "number")} <= known
    assert all(one.index.type.__class__ is one.beside.type.__class__ for one in indexed_fields())


def test_who_may_not_exist_twice_is_unique_in_both_columns(fresh_store):
    """A unique index over digests must stand over the column beside as well, or it fails while indexes rotate."""
    with psycopg.connect(fresh_store.admin_url) as connection:
        rows = connection.execute(
            "SELECT indrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indisunique"
        ).fetchall()
    for field in indexed_fields():
        about = [definition.split(" USING ")[1] for table, definition in rows if table == field.table.name]
        for definition in about:
            there = re.sub(rf"\b{field.index.name}\b", field.beside.name, definition)
            assert there in about, f"{field.table.name}: {definition}"
