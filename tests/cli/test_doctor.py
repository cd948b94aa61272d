"""`doctor` finds what is not in order, and says what to do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import time_machine

from tests.cli.conftest import SETUP, Command
from tests.conftest import Store


@pytest.fixture
def governance(command: Command) -> Command:
    """Runs a command on a store that was set up just now: an older one lacks more."""
    assert command("init", *SETUP).code == 0
    return command


def codes(governance: Command) -> set[str]:
    return {finding["code"] for finding in governance("doctor", "--json").json["findings"]}


def test_a_new_store_lacks_a_backup_a_sheet_and_a_second_person_and_is_told_each_remedy_once(
    governance: Command,
) -> None:
    told = governance("doctor")

    assert codes(governance) == {"backup-overdue", "recovery-sheet", "four-eyes-off"}
    assert told.code == 0
    assert "governance backup" in told.out
    assert told.out.count("governance keys recovery") == 1
    assert "Run: governance keys recovery" in governance("keys", "status").out


def test_a_trigger_that_was_disabled_is_found_and_fails(governance: Command, fresh_store: Store) -> None:
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")

    assert "audit-unprotected" in codes(governance)
    assert governance("doctor").code == 1
    told = governance("doctor").out
    assert told.startswith("FAILING audit-unprotected")
    assert "governance restore" in told
    assert "governance migrate" not in told  # which has nothing to do here, the schema being the newest


def test_a_secret_that_others_can_read_is_found(governance: Command, surroundings: Path) -> None:
    (surroundings / "secrets" / "audit-signing.key").chmod(0o644)

    told = governance("doctor")

    assert told.code == 1
    assert "FAILING open-to-others" in told.out
    assert "chmod go=" in told.out


def test_entries_that_nobody_places_are_found(governance: Command) -> None:
    assert "audit-backlog" not in codes(governance)

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10), tick=True):
        found = codes(governance)

    assert {"audit-backlog", "clock-skew"} <= found


def test_an_epoch_that_never_ends_is_found(governance: Command) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=31), tick=True):
        assert "epoch-over" in codes(governance)


def test_a_disk_that_is_nearly_full_is_found(governance: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, found in ((1 << 20, False), (1 << 40, True)):
        monkeypatch.setattr("governance.custody.host.LEAST_FREE_BYTES", free)
        assert ("disk-nearly-full" in codes(governance)) is found


def test_jobs_that_were_given_up_are_found_until_a_later_run_makes_good(
    governance: Command, fresh_store: Store
) -> None:
    failed = (
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args) VALUES ('governance', %s, 'failed', '{}')"
    )
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute(failed, ("service.backup",))
        connection.execute(failed, ("intake.resume",))
    told = [one["sentence"] for one in governance("doctor", "--json").json["findings"] if one["code"] == "jobs-failed"]
    assert told == [
        "1 jobs of intake.resume were given up after several attempts.",
        "1 jobs of service.backup were given up after several attempts.",
    ]

    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute(
            "INSERT INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp, job_id) "
            "VALUES ('service.backup', '', 1, NULL)"
        )
    told = [one["sentence"] for one in governance("doctor", "--json").json["findings"] if one["code"] == "jobs-failed"]
    assert told == ["1 jobs of intake.resume were given up after several attempts."]


def test_a_store_without_its_keyring_is_examined_as_far_as_it_goes(governance: Command, surroundings: Path) -> None:
    (surroundings / "secrets" / "keyring.json").unlink()
    (surroundings / "secrets" / "audit-signing.key").chmod(0o644)

    told = governance("doctor")

    assert told.code == 1
    assert told.out.startswith("FAILING store-closed: There is no keyring at")
    assert codes(governance) == {"store-closed", "open-to-others", "backup-overdue"}


def test_a_store_whose_database_is_gone_is_examined_as_far_as_it_goes(
    governance: Command, fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = fresh_store.app_url.replace(fresh_store.password, "wrong")
    monkeypatch.setenv("GOVERNANCE_DATABASE_URL", wrong.replace(fresh_store.name, f"{fresh_store.name}_nowhere"))

    told = governance("doctor", "--json").json["findings"]

    assert [one["code"] for one in told] == ["store-closed", "database-unreachable", "backup-overdue"]
    assert "but an administrator does" in told[1]["sentence"]
    assert fresh_store.password not in str(told)


def test_a_schema_that_is_behind_is_found(governance: Command, fresh_store: Store, surroundings: Path) -> None:
    (surroundings / "secrets" / "keyring.json").chmod(0o644)
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")

    assert {"store-closed", "schema-outdated", "open-to-others"} <= codes(governance)


def test_no_store_at_all_is_said_and_none_is_made(command: Command, surroundings: Path) -> None:
    told = command("doctor")

    assert told.code == 1
    assert "governance init" in told.out
    assert not surroundings.exists()
