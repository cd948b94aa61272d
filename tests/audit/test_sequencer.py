"""The sequencer: every entry gets one place, in order, however many sequencers run and wherever they die."""

import signal
import threading
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from governance.audit import merkle, sequencer
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.errors import AuditBrokenError
from governance.audit.trees import current_tree, tile_reader
from governance.kernel.clock import FixedClock
from governance.kernel.work import SYSTEM, open_work
from tests import forks
from tests.audit.conftest import Log
from tests.conftest import Store

ROOT = Path(__file__).resolve().parents[2]
STAGES = ["locked", "placed", "tiled", "advanced", "committed"]


def leaves(log: Log) -> list[tuple[int, object, bytes]]:
    return log.ask("SELECT seq, eid, leaf_hash FROM audit_leaf ORDER BY seq")  # type: ignore[return-value]


def assert_sound(log: Log) -> None:
    """Every entry has one place, and head and tiles are what the leaves make."""
    placed = leaves(log)
    assert [seq for seq, _, _ in placed] == list(range(len(placed)))
    assert sorted(eid for _, eid, _ in placed) == sorted(log.eids)
    assert log.ask("SELECT count(*) FROM audit_pending") == [(0,)]
    edge = merkle.Edge()
    tiles = edge.append(b"".join(digest for _, _, digest in placed))
    with open_work(log.database, SYSTEM) as work:
        tree = current_tree(work.session)
        assert (tree.size, tree.root, tree.edge) == (edge.size, edge.root(), edge.to_bytes())
        read = tile_reader(work.session, tree)
        assert all(read(tile.level, tile.index, 256) == tile.hashes for tile in tiles)
    assert log.ask("SELECT count(*) FROM audit_tile") == [(len(tiles),)]


@pytest.mark.parametrize("limit", [2, 1000])
def test_entries_are_placed_in_the_order_of_instant_and_id(log: Log, limit: int):
    log.append(3)
    log.now -= timedelta(minutes=1)
    earlier = log.append(2)
    sequencer.drain(log.database, limit=limit)
    assert [eid for _, eid, _ in leaves(log)] == earlier + log.eids[:3]


@pytest.mark.parametrize("limit", [1, 255, 256, 257, 1000])
def test_a_tree_is_the_same_in_whatever_batches_it_grows(log: Log, limit: int):
    log.append(600 if limit > 1 else 20)
    assert sequencer.drain(log.database, limit=limit).placed == len(log.eids)
    assert_sound(log)
    log.append(300)
    assert sequencer.drain(log.database, limit=limit if limit > 1 else 100).size == len(log.eids)
    assert_sound(log)


def test_with_nothing_pending_nothing_is_done(log: Log):
    assert sequencer.drain(log.database) == sequencer.Sequenced(0, None)
    log.grow(3)
    assert sequencer.drain(log.database) == sequencer.Sequenced(0, None)


def test_a_second_sequencer_finds_nothing_to_do_while_the_first_is_at_it(log: Log):
    log.append(5)
    with psycopg.connect(log.admin_url) as first:
        first.execute("SELECT * FROM audit_head FOR UPDATE")
        assert sequencer.drain(log.database).placed == 0
    assert sequencer.drain(log.database).placed == 5


def test_two_sequencers_at_once_place_each_entry_once(log: Log):
    failures: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            while not done.is_set():
                sequencer.drain(log.database, limit=70)
        except BaseException as error:  # noqa: BLE001 (shown by the assertion below)
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        log.append(40)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    log.sequence()
    assert_sound(log)


def test_an_entry_that_commits_late_comes_later_in_the_tree_and_is_not_lost(log: Log):
    with open_work(log.database, SYSTEM, clock=FixedClock(log.now)) as slow:
        late = audit.append(slow, Action.IMPORT_FINISHED)
        made = log.append(2)
        log.sequence()
        assert [eid for _, eid, _ in leaves(log)] == made
    log.sequence()
    assert [eid for _, eid, _ in leaves(log)] == [*made, late]


@pytest.mark.parametrize("stage", STAGES)
def test_killing_the_sequencer_at_any_step_loses_and_doubles_nothing(log: Log, fresh_store: Store, stage: str):
    log.append(700)
    run = forks.run("-m", "tests.audit.kill_sequencer", fresh_store.app_url, stage)
    assert run.returncode == -signal.SIGKILL, run.stderr
    expected = 300 if stage == "committed" else 0
    assert len(leaves(log)) == expected
    log.append(100)
    assert log.sequence() == 800 - expected
    assert_sound(log)


def test_a_head_whose_root_is_not_that_of_its_hashes_stops_the_sequencer(log: Log):
    log.grow(10)
    log.as_superuser("UPDATE audit_head SET root = sha256('forged')")
    log.append(1)
    with pytest.raises(AuditBrokenError):
        log.sequence()


def test_a_leaf_beyond_the_head_stops_the_sequencer_instead_of_being_taken_over(log: Log, fresh_store: Store):
    log.grow(10)
    with psycopg.connect(fresh_store.app_url) as service:
        service.execute("INSERT INTO audit_leaf VALUES (1, 10, gen_random_uuid(), sha256('forged'))")
    log.append(1)
    with pytest.raises(AuditBrokenError, match="by hand"):
        log.sequence()
    assert log.ask("SELECT count(*) FROM audit_pending") == [(1,)]
