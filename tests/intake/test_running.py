"""Runs survive kill -9, take turns, and tell their progress."""

import threading
from pathlib import Path

import pytest

from governance.intake import operations as intake
from governance.intake.reports import BatchState
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError
from governance.kernel.ids import BatchId
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.vault.keyring import Keyring
from tests import forks
from tests.conftest import Store
from tests.intake.building import csv_bytes
from tests.intake.conftest import bring, name_controller
from tests.intake.stores import contents, one_value

HEADINGS = ["ФИО", "Телефон", "E-mail", "Город"]
ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import sys
from pathlib import Path
from uuid import UUID
from governance.custody.tombstones import INFO, Tombstones
from governance.intake import operations as intake
from governance.kernel.db import Database
from governance.kernel.work import OPERATOR
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

url, ring, verb, batch = sys.argv[1:]
database = Database(url)
Vault.install(database, Keyring(Path(ring)))
database.remember(**{INFO: Tombstones(Path(ring).with_name("tombstones.jsonl"))})
verbs = {"run": intake.run_batch, "undo": intake.undo_batch}
verbs[verb](database, actor=OPERATOR, batch=UUID(batch), on_progress=lambda p: print(p.done, flush=True))
"""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few rows, so that few rows make several parts."""
    monkeypatch.setattr("governance.intake.starting.CHUNK_ROWS", 80)


def staged(database: Database, count: int) -> BatchId:
    rows = [[f"Иванов{n} Пётр", f"8933{n:07}", f"i{n}@example.ru", "Тверь"] for n in range(count)]
    # A row in ten repeats the person of the row before, in another chunk now and then.
    rows = [row for n, row in enumerate(rows) for row in ([row, [*row[:2], "", "Омск"]] if n % 10 == 9 else [row])]
    with open_work(database, OPERATOR) as work:
        name_controller(work)
        return bring(work, csv_bytes([HEADINGS, *rows])).batch.id


def killed_after(parts: int, store: Store, ring: Path, verb: str, batch: BatchId) -> None:
    with forks.piped("-c", CHILD, store.app_url, str(ring), verb, str(batch)) as (child, output):
        told = [output.readline() for _ in range(parts)]
        child.kill()
    assert all(told)


def resumed(database: Database, batch: BatchId) -> None:
    with open_work(database, SYSTEM) as work:
        assert intake.resumable(work) == [batch]
    intake.resume(database, actor=SYSTEM, batch=batch)
    with open_work(database, SYSTEM) as work:
        assert intake.resumable(work) == []


def test_a_run_and_an_undoing_that_were_killed_go_on_without_losing_or_doubling_a_row(
    fresh_database: Database, fresh_store: Store, keyring: Keyring, tmp_path: Path
):
    batch = staged(fresh_database, 320)
    ring = tmp_path / "secrets" / "keyring.json"
    for _ in range(2):
        killed_after(1, fresh_store, ring, "run", batch)
    resumed(fresh_database, batch)
    with open_work(fresh_database, SYSTEM) as work:
        report = intake.report(work, batch=batch)
        held = contents(work)
    assert (report.state, report.done, report.created) == (BatchState.FINISHED, 352, 320)
    assert report.enriched + report.unchanged == 32
    assert len(held["people"]) == 320
    assert len({value for _, _, value, *_ in held["contacts"]}) == len(held["contacts"]) == 640
    killed_after(1, fresh_store, ring, "undo", batch)
    resumed(fresh_database, batch)
    with open_work(fresh_database, SYSTEM) as work:
        assert not contents(work)["people"]
        assert intake.report(work, batch=batch).state is BatchState.UNDONE
        assert one_value(work, "SELECT undone_removed FROM import_batch") == 320


def test_an_import_is_run_by_one_worker_at_a_time(fresh_database: Database):
    batch = staged(fresh_database, 100)
    inside, go_on = threading.Event(), threading.Event()

    def slowly(_progress: object) -> None:
        inside.set()
        go_on.wait(20)

    runner = threading.Thread(
        target=intake.run_batch, args=(fresh_database,), kwargs={"actor": SYSTEM, "batch": batch, "on_progress": slowly}
    )
    runner.start()
    try:
        assert inside.wait(20)
        with open_work(fresh_database, SYSTEM) as work:
            assert intake.resumable(work) == []
        for verb in (intake.run_batch, intake.undo_batch):
            with pytest.raises(ConflictError, match="another process"):
                verb(fresh_database, actor=SYSTEM, batch=batch)
    finally:
        go_on.set()
        runner.join()
    with open_work(fresh_database, SYSTEM) as work:
        assert intake.report(work, batch=batch).created == 100


def test_progress_is_told_to_the_end_and_a_finished_run_does_nothing_more(fresh_database: Database):
    batch = staged(fresh_database, 160)
    told: list[tuple[int, int]] = []
    first = intake.run_batch(
        fresh_database, actor=SYSTEM, batch=batch, on_progress=lambda one: told.append((one.done, one.total))
    )
    assert told == [(80, 176), (160, 176), (176, 176)]
    assert intake.run_batch(fresh_database, actor=SYSTEM, batch=batch) == first
