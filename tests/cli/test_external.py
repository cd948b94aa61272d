"""A store on a PostgreSQL of one's own, run with the service's role alone."""

from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from governance.custody import founding
from governance.kernel.clock import SystemClock
from governance.kernel.db import sqlalchemy_url
from governance.kernel.errors import ConfigurationError
from governance.kernel.revision import newest
from governance.kernel.server import reach
from governance.kernel.settings import Settings
from governance.kernel.supervisor import Supervisor
from tests.cli.conftest import SETUP, Command
from tests.cli.service import free_port
from tests.conftest import Store


@pytest.fixture
def without_administrator(governance: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs commands on a store that is set up, as the service's role."""
    monkeypatch.delenv("GOVERNANCE_DATABASE_ADMIN_URL")
    return governance


def test_a_backup_is_made_by_the_role_of_the_service(without_administrator: Command) -> None:
    made = without_administrator("backup")

    assert made.code == 0, made.err
    assert without_administrator("backup", "--verify", made.out.strip()).code == 0
    found = {one["code"] for one in without_administrator("doctor", "--json").json["findings"]}
    assert found == {"recovery-sheet", "four-eyes-off"}


def test_an_epoch_is_ended_by_the_role_of_the_service(without_administrator: Command) -> None:
    assert without_administrator("keys", "rotate", "--json").json["destroyed"] == [1]


def test_a_store_that_is_up_to_date_starts_without_an_administrator(
    without_administrator: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOVERNANCE_BIND", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(Supervisor, "run", lambda self: 0)

    started = without_administrator("up")

    assert started.code == 0, started.err
    assert without_administrator("init").code == 0


def test_a_schema_that_is_behind_needs_an_administrator(
    fresh_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        data_dir=tmp_path / "store", database_url=fresh_store.app_url, role_prefix=fresh_store.roles.prefix
    )
    monkeypatch.setattr(founding, "newest", lambda: "9999")
    with reach(settings) as server, pytest.raises(ConfigurationError, match="GOVERNANCE_DATABASE_ADMIN_URL"):
        founding.found(server, clock=SystemClock(), say=lambda _: None)


def stand_at(store: Store, number: str) -> None:
    with psycopg.connect(store.admin_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", (number,))


@pytest.mark.parametrize("process", ["serve", "worker"])
def test_a_process_of_another_release_says_so_once_and_starts_nothing(
    without_administrator: Command, fresh_store: Store, monkeypatch: pytest.MonkeyPatch, process: str
) -> None:
    monkeypatch.setenv("GOVERNANCE_BIND", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(Supervisor, "run", lambda self: 0)
    stand_at(fresh_store, "0038")

    told = without_administrator(process)

    assert told.code == 1
    assert told.err == f"The schema is at 0038 and this release needs {newest()}; run: governance migrate\n"


def test_a_schema_of_a_newer_release_is_not_migrated_and_said_to_be_newer(
    governance: Command, fresh_store: Store
) -> None:
    stand_at(fresh_store, "9999")

    told = governance("migrate")

    assert told.code == 1
    assert told.err == f"The schema is at 9999, newer than this release ({newest()}); install a newer one.\n"


def test_tables_that_somebody_holds_are_told_of_where_a_migration_waits_for_them(
    governance: Command, fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise OperationalError(None, None, psycopg.errors.LockNotAvailable())

    monkeypatch.setattr("alembic.command.upgrade", locked)
    stand_at(fresh_store, "0044")

    told = governance("migrate")

    assert told.code == 1
    assert told.err.startswith("Somebody holds tables of the store; stop the service, on all hosts")


def test_a_password_that_is_wrong_is_told_apart_from_a_database_that_is_not_there(
    governance: Command, fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlalchemy_url(fresh_store.app_url)
    for name, port, said in (("wrong", url.port, "lets this role not in"), ("any", free_port(), "does not answer")):
        changed = url.set(password=name, port=port, host=url.host or "127.0.0.1")
        monkeypatch.setenv("GOVERNANCE_DATABASE_URL", changed.render_as_string(hide_password=False))

        told = governance("staff", "list")

        assert told.code == 1
        assert said in told.err


def test_a_pooler_in_the_way_of_backups_is_told_of_before_the_night(
    without_administrator: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOVERNANCE_PREPARE_THRESHOLD", "-1")

    told = without_administrator("doctor")

    assert "WARNING backup-impossible" in told.out
    assert "GOVERNANCE_DATABASE_ADMIN_URL" in told.out
    assert without_administrator("backup").code == 1


def test_a_table_that_the_role_may_not_read_is_told_of_before_the_night(
    without_administrator: Command, fresh_store: Store
) -> None:
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute(f'REVOKE SELECT ON import_kept FROM "{fresh_store.roles.app}"')

    told = without_administrator("doctor")

    assert "WARNING backup-impossible" in told.out
    assert "import_kept" in told.out
    assert "GRANT SELECT" in told.out


def test_forgetting_the_address_of_the_database_makes_no_empty_one(
    governance: Command, surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "DATABASE_ADMIN_URL"):
        monkeypatch.delenv(f"GOVERNANCE_{name}")

    for arguments in (("up",), ("backup",), ("staff", "list"), ("doctor",)):
        told = governance(*arguments)
        assert told.code == 1
        assert "set GOVERNANCE_DATABASE_URL" in told.err + told.out
    assert not (surroundings / "postgres").exists()

    (surroundings / "secrets" / "external-database").unlink()
    (surroundings / "secrets" / "database.json").write_text('{"governance_app": "kept"}')
    assert "set GOVERNANCE_DATABASE_URL" in governance("staff", "list").err
    assert not (surroundings / "postgres").exists()


def test_the_address_that_is_written_down_holds_no_password(
    command: Command, fresh_store: Store, surroundings: Path
) -> None:
    written = surroundings / "secrets" / "external-database"
    assert command("init", *SETUP).code == 0

    assert written.read_text().endswith(f"/{fresh_store.name}\n")
    assert fresh_store.password not in written.read_text()
    assert written.stat().st_mode & 0o777 == 0o600
