"""The worker as a process: does the jobs, signs the log, ends in order, and takes up what a killed one left."""

import io
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from governance.audit.outside import create_signing_key
from governance.customers.codes import Ground, Source
from governance.intake import operations as intake
from governance.intake.files import FileOptions, Provenance
from governance.kernel import jobs, logs
from governance.kernel.db import Database
from governance.kernel.errors import ConfigurationError, GovernanceError, UnavailableError
from governance.kernel.revision import SchemaOutdatedError
from governance.kernel.supervisor import WAITING
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.reference.operations import set_controller
from governance.worker import __main__ as door
from tests import forks
from tests.conftest import Store

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., forks.Fork]


@pytest.fixture
def start(fresh_store: Store, fresh_database: Database, tmp_path: Path) -> Iterator[Start]:
    """Starts workers on the store of this test."""
    create_signing_key(tmp_path / "secrets")
    environment = os.environ | {
        "GOVERNANCE_DATA_DIR": str(tmp_path),
        "GOVERNANCE_DATABASE_URL": fresh_store.app_url,
        "GOVERNANCE_ROLE_PREFIX": fresh_store.roles.prefix,
        "PYTHONPATH": str(ROOT),
    }
    started: list[forks.Fork] = []

    def begin(**changed: str) -> forks.Fork:
        log = (tmp_path / "worker.log").open("ab")
        with log:
            process = forks.Fork("-m", "governance.worker", env=environment | changed, stdout=log, stderr=log)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


def _until(happened: Callable[[], bool], *, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def _one(store: Store, query: str) -> object:
    with psycopg.connect(store.admin_url) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_a_worker_does_jobs_places_and_signs_entries_and_ends_in_order(
    start: Start, fresh_store: Store, fresh_database: Database, tmp_path: Path
) -> None:
    with open_work(fresh_database, OPERATOR) as work:
        set_controller(work, legal_name="ООО Ромашка", address="Москва", country="RU")
        started = intake.start(
            work,
            file=io.BytesIO("ФИО;E-mail\nИванова Анна;anna@example.org\n".encode()),
            provenance=Provenance(Source.TILL, Ground.CONTRACT),
            options=FileOptions(file_name="a.csv"),
        )
        jobs.defer(work, "service.purge")
        jobs.defer(work, "intake.resume", batch=started.batch.id)

    process = start()
    _until(lambda: _one(fresh_store, "SELECT count(*) FROM procrastinate_jobs") == 0)
    _until(lambda: _one(fresh_store, "SELECT count(*) FROM audit_pending") == 0)
    _until((tmp_path / "audit" / "checkpoint").exists)
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    with open_work(fresh_database, SYSTEM) as work:
        assert intake.report(work, batch=started.batch.id).state == "finished"
    events = [json.loads(line)["event"] for line in (tmp_path / "worker.log").read_text().splitlines()]
    assert events[0] == "worker.started"
    assert events[-1] == "worker.stopped"
    assert "worker.job_done" in events
    assert "anna" not in (tmp_path / "worker.log").read_text()


def test_a_job_whose_worker_was_killed_is_done_by_the_next(
    start: Start, fresh_store: Store, fresh_database: Database
) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        jobs.defer(work, "service.purge")
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute(
            "WITH gone AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
            "RETURNING id) UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM gone)"
        )

    start()

    _until(lambda: _one(fresh_store, "SELECT count(*) FROM procrastinate_jobs") == 0)


def test_a_store_whose_log_lost_its_protection_is_not_worked_on(
    start: Start, fresh_store: Store, tmp_path: Path
) -> None:
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("ALTER TABLE audit_body DISABLE TRIGGER audit_no_change")

    process = start()

    assert process.wait(30) == 1
    assert "no longer protects the audit log" in (tmp_path / "worker.log").read_text()


def test_a_worker_that_can_make_no_backups_says_so_at_its_start(start: Start, tmp_path: Path) -> None:
    process = start(GOVERNANCE_PREPARE_THRESHOLD="-1")
    _until(lambda: "worker.started" in (tmp_path / "worker.log").read_text())
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    lines = [json.loads(line) for line in (tmp_path / "worker.log").read_text().splitlines()]
    (told,) = [line for line in lines if line["event"] == "worker.makes_no_backups"]
    assert "GOVERNANCE_DATABASE_ADMIN_URL" in told["reason"]


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (UnavailableError("It does not answer."), WAITING),
        (SchemaOutdatedError("It is behind."), 1),
        (ConfigurationError("It is wrong."), 1),
    ],
)
def test_a_worker_waits_for_a_database_that_does_not_answer_and_for_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], refusal: GovernanceError, code: int
) -> None:
    def refuse(_settings: object) -> int:
        raise refusal

    monkeypatch.setattr(door, "run", refuse)
    monkeypatch.setattr(logs, "configure", lambda _settings: None)  # which is of the whole process

    assert door.main() == code
    assert capfd.readouterr().err == f"{refusal.detail}\n"
