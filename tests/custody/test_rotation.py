"""Rotation of key-encryption keys: under load, interrupted anywhere, by several at once; the old key is gone after."""

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from governance.audit.operations import search
from governance.audit.trail import Filter
from governance.custody import rotation
from governance.custody.rotation import Duties, rewrap_batch
from governance.kernel.clock import FixedClock
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.vault.errors import KeyringError, ShreddedError
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault, vault_of
from tests import forks
from tests.conftest import NOW
from tests.vault.making import make_owner, make_specimen
from tests.vault.models import Specimen

CLOCK = FixedClock(NOW)


def _rotate(database, keyring, **options):
    return rotation.rotate(database, keyring, OPERATOR, **{"duties": Duties(), "clock": CLOCK, **options})


def _names(database) -> list[str]:
    with database.sessions() as session:
        return sorted(row.name for row in session.scalars(select(Specimen)))


def _epochs_in_use(database) -> set[int]:
    with database.sessions() as session:
        found = session.execute(text("SELECT DISTINCT epoch FROM data_key WHERE wrapped IS NOT NULL"))
        return set(found.scalars())


def _told(database, action: str) -> list[dict]:
    with open_work(database, SYSTEM) as work:
        return [dict(one.entry.facts) for one in search(work, by=Filter(action=action)).entries][::-1]


def test_after_a_rotation_all_is_readable_and_the_old_key_is_gone(database, keyring, people):
    before, old = _names(database), keyring.epoch_key(1)

    done = _rotate(database, keyring)

    assert (done.epoch, done.rewrapped, done.destroyed) == (2, 80, (1,))
    assert _epochs_in_use(database) == {2}
    assert [epoch.id for epoch in Keyring(keyring.path).epochs()] == [2]
    assert base64.b64encode(old) not in keyring.path.read_bytes()
    assert _names(database) == before
    assert _told(database, "custody:key:rotated") == [{"epoch": 2, "before": 1}]
    assert _told(database, "custody:key:destroyed") == [{"epoch": 1}]


def test_processes_that_run_meanwhile_go_on_reading_and_writing(database, start_process, keyring, people):
    other, stop, failed = start_process(), threading.Event(), []

    def use() -> int:
        count = 0
        while not stop.is_set():
            try:
                with other.sessions.begin() as session:
                    make_specimen(session, name=f"New {count}")
                    row = session.get_one(Specimen, people[count % len(people)])
                    assert row.name.startswith("Nr")
                count += 1
            except Exception as error:  # noqa: BLE001 (told below)
                failed.append(error)
                return count
        return count

    with ThreadPoolExecutor(2) as pool:
        uses = [pool.submit(use) for _ in range(2)]
        try:
            assert [_rotate(database, keyring).epoch for _ in range(2)] == [2, 3]
        finally:
            stop.set()
        made = sum(one.result(20) for one in uses)
    assert failed == []
    assert made > 0
    assert _epochs_in_use(database) == {3}
    assert len(_names(database)) == len(people) + made


def test_the_wrapped_keys_of_the_old_epoch_are_vacuumed_away(database, specimen_store, keyring, people):
    seen = "SELECT vacuum_count, n_dead_tup FROM pg_stat_all_tables WHERE relname = 'data_key'"
    with psycopg.connect(specimen_store.admin_url, autocommit=True) as admin:
        vacuumed, _ = admin.execute(seen).fetchone()
        _rotate(database, keyring)
        assert admin.execute(seen).fetchone() == (vacuumed + 1, 0)


def test_an_owner_without_keys_gets_them_under_the_new_epoch(database, start_process, keyring):
    stale = start_process()
    _rotate(database, keyring)
    with stale.sessions.begin() as session:  # this process has not heard of the rotation
        make_specimen(session, name="New")
    assert _epochs_in_use(database) == {2}


@pytest.mark.parametrize("workers", [1, 3])
def test_several_workers_rewrap_at_once_without_losing_a_key(database, start_process, keyring, people, workers):
    others = [start_process() for _ in range(workers)]
    with open_work(database, OPERATOR, clock=CLOCK) as work:
        rotation._begin(work, keyring, duties=Duties())

    def rewrap(where) -> int:
        moved = 0
        while True:
            with open_work(where, SYSTEM) as work:
                count = rewrap_batch(work, from_epoch=1, to_epoch=2, limit=7)
            if not count:
                return moved
            moved += count

    with ThreadPoolExecutor(workers) as pool:
        moved = sum(pool.map(rewrap, others))
    done = rotation.resume(database, keyring, OPERATOR, duties=Duties(), clock=CLOCK)
    assert moved + done.rewrapped == 80
    assert len(_names(database)) == 40


def test_two_who_find_a_rotation_due_begin_one(database, start_process, keyring, people):
    late = FixedClock(NOW + timedelta(days=29))
    start = threading.Barrier(2)

    def run(where) -> int:
        start.wait()
        return _rotate(where, Keyring(keyring.path), if_due_after_days=30, clock=late).epoch

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(run, [database, start_process()]))
    assert done == [2, 2]
    assert [epoch.id for epoch in Keyring(keyring.path).epochs()] == [2]
    assert _told(database, "custody:key:destroyed") == [{"epoch": 1}]


@pytest.mark.parametrize(("days", "due"), [(0, False), (26, False), (27, True), (31, True)])
def test_an_epoch_ends_in_time_for_its_key_to_be_destroyed_within_its_days(database, keyring, days, due):
    with open_work(database, SYSTEM, clock=FixedClock(NOW + timedelta(days=days))) as work:
        assert rotation.is_due(work, epoch_days=30) is due
        told = rotation.status(work, epoch_days=30)
    assert told.due_at == NOW + timedelta(days=27)
    assert told.ends_at == NOW + timedelta(days=30)
    assert not told.is_pending


def test_the_status_tells_what_waits(database, keyring, people):
    with open_work(database, OPERATOR, clock=CLOCK) as work:
        rotation._begin(work, keyring, duties=Duties())
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        rewrap_batch(work, from_epoch=1, to_epoch=2, limit=30)
        told = rotation.status(work, epoch_days=30)
    assert [(life.id, life.keys) for life in told.epochs] == [(1, 50), (2, 30)]
    assert (told.to_rewrap, told.to_destroy, told.is_pending) == (50, (1,), True)


def test_shredded_keys_are_not_rewrapped_and_stay_shredded(database, keyring, people):
    with database.sessions.begin() as session:
        owner = session.get_one(Specimen, people[0]).owner_id
        vault_of(session).owners.shred(session, [owner])
    assert _rotate(database, keyring).rewrapped == 78
    with database.sessions() as session, pytest.raises(ShreddedError):
        _ = session.get_one(Specimen, people[0]).name


def test_shredding_while_keys_are_rewrapped_wins(database, start_process, keyring, people):
    with open_work(database, OPERATOR, clock=CLOCK) as work:
        rotation._begin(work, keyring, duties=Duties())
    other = start_process()
    with ThreadPoolExecutor(1) as pool:
        with open_work(database, OPERATOR, clock=CLOCK) as work:
            assert rewrap_batch(work, from_epoch=1, to_epoch=2, limit=1000) == 80

            def shred() -> None:
                with other.sessions.begin() as session:
                    owner = session.get_one(Specimen, people[0]).owner_id
                    vault_of(session).owners.shred(session, [owner])

            shredding = pool.submit(shred)
        shredding.result(10)
    with database.sessions() as session, pytest.raises(ShreddedError):
        _ = session.get_one(Specimen, people[0]).name


def test_a_key_that_a_killed_rotation_made_is_used_by_the_next(database, keyring, people):
    keyring.add_epoch(now=NOW)  # and killed before the database was told
    assert _rotate(database, keyring).epoch == 2
    assert [epoch.id for epoch in keyring.epochs()] == [2]


def test_a_key_that_the_service_told_the_database_of_at_start_is_gone_on_with(database, start_process, keyring, people):
    keyring.add_epoch(now=NOW)
    started = start_process()  # tells the database of it
    with started.sessions.begin() as session:
        make_specimen(session, owner=make_owner(session), name="Young")
    done = rotation.resume(started, keyring, SYSTEM, duties=Duties(), clock=CLOCK)
    assert (done.epoch, done.destroyed) == (2, (1,))
    assert len(_names(started)) == 41


def test_an_old_key_that_came_back_with_a_copy_of_the_keyring_is_destroyed_again(database, keyring, people):
    copy = keyring.path.read_bytes()
    keyring.add_epoch(now=NOW)
    both = keyring.path.read_bytes()
    _rotate(database, keyring)
    assert copy != both
    keyring.path.write_bytes(both)
    rotation.resume(database, Keyring(keyring.path), SYSTEM, duties=Duties(), clock=CLOCK)
    assert [epoch.id for epoch in Keyring(keyring.path).epochs()] == [2]
    assert _told(database, "custody:key:destroyed") == [{"epoch": 1}]


def test_no_key_is_destroyed_while_a_transaction_may_still_read_by_it(database, start_process, keyring, people):
    reader = start_process()
    with ThreadPoolExecutor(1) as pool:
        with reader.sessions.begin() as session:
            session.execute(text("SELECT 1"))
            rotating = pool.submit(_rotate, database, keyring)
            with pytest.raises(TimeoutError):
                rotating.result(1.0)
            assert [epoch.id for epoch in Keyring(keyring.path).epochs()] == [1, 2]
        assert rotating.result(10).destroyed == (1,)


def test_what_must_precede_the_destruction_of_a_key_can_prevent_it(database, keyring, people):
    def fail() -> None:
        raise OSError("no room for a dump of the keys")

    with pytest.raises(OSError, match="no room"):
        _rotate(database, keyring, duties=Duties(before_destroying=fail))
    assert [epoch.id for epoch in Keyring(keyring.path).epochs()] == [1, 2]
    assert rotation.resume(database, keyring, SYSTEM, duties=Duties(), clock=CLOCK).destroyed == (1,)


def test_each_change_of_the_ring_is_told_in_the_transaction_that_tells_of_it(database, keyring, people):
    seen: list[list[int]] = []
    duties = Duties(ring_changed=lambda _work: seen.append([epoch.id for epoch in keyring.epochs()]))
    _rotate(database, keyring, duties=duties)
    assert seen == [[1, 2], [2]]


KILLED = """
import os, sys
from pathlib import Path
from governance.custody import rotation
from governance.kernel.db import Database
from governance.kernel.work import OPERATOR
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

url, ring, step = sys.argv[1:]
keyring = Keyring(Path(ring))
database = Database(url, pool_size=2)
vault = Vault.install(database, keyring)

def die(*_args, **_options):
    os.kill(os.getpid(), 9)

def progress(moved, total):
    if step == "rewrapping":
        die()

if step == "key made":
    rotation.epochs.open_epoch = die
if step == "begun":
    rotation.resume = die
if step == "rewrapped":
    rotation.let_older_transactions_end = die
if step == "destroyed":
    rotation.epochs.mark_destroyed = die
rotation.BATCH = 20
rotation.rewrap_batch.__kwdefaults__["limit"] = 20
rotation.rotate(database, keyring, OPERATOR, duties=rotation.Duties(), progress=progress)
"""


@pytest.mark.parametrize("step", ["key made", "begun", "rewrapping", "rewrapped", "destroyed"])
def test_a_rotation_killed_at_any_step_is_gone_on_with(database, start_process, specimen_store, keyring, people, step):
    killed = forks.run("-c", KILLED, specimen_store.app_url, str(keyring.path), step)
    assert killed.returncode == -9, killed.stderr
    assert len(_names(database)) == 40

    survivor = start_process()  # starts whatever the state
    done = _rotate(survivor, Keyring(keyring.path), if_due_after_days=30)

    assert done.epoch == 2
    assert [epoch.id for epoch in Keyring(keyring.path).epochs()] == [2]
    assert _epochs_in_use(survivor) == {2}
    assert len(_names(survivor)) == 40
    with survivor.sessions() as session:
        states = session.execute(text("SELECT id, destroyed_at IS NOT NULL FROM key_epoch ORDER BY id")).all()
    assert states == [(1, True), (2, False)]


def test_after_the_rotation_the_old_keyring_opens_nothing(database, specimen_store, keyring, people, tmp_path: Path):
    copy = tmp_path / "copy.json"
    copy.write_bytes(keyring.path.read_bytes())
    copy.chmod(0o600)
    _rotate(database, keyring)
    with pytest.raises(KeyringError, match="lacks the key of epoch 2"):
        Vault.install(database, Keyring(copy))
