"""`doctor` finds what is not in order, and says what to do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import time_machine

from tests.cli.conftest import Command
from tests.conftest import Store


def codes(governance: Command) -> set[str]:
    return {finding["code"] for finding in governance("doctor", "--json").json["findings"]}


def test_a_new_store_lacks_a_backup_and_a_recovery_sheet_and_nothing_else(governance: Command) -> None:
    told = governance("doctor")

    assert codes(governance) == {"backup-overdue", "recovery-sheet"}
    assert told.code == 0
    assert "governance backup" in told.out
    assert "governance keys recovery" in told.out


def test_a_trigger_that_was_disabled_is_found_and_fails(governance: Command, fresh_store: Store) -> None:
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")

    assert "audit-unprotected" in codes(governance)
    assert governance("doctor").code == 1
    assert governance("doctor").out.startswith("FAILING audit-unprotected")


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


@pytest.mark.parametrize("free", [1 << 20, 1 << 40])
def test_a_disk_that_is_nearly_full_is_found(governance: Command, monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr("governance.custody.doctor.LEAST_FREE_BYTES", free)

    assert ("disk-nearly-full" in codes(governance)) == (free == 1 << 40)
