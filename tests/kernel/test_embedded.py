"""The embedded PostgreSQL: who may log in, who may read its files, and whether it lives as long as its users."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from governance.kernel.embedded import EmbeddedPostgres, lease, require_not_run_by_another
from governance.kernel.errors import ConfigurationError, UnavailableError
from tests.kernel.processes import eventually, is_alive, kill, line_of, start

FAST = {"fsync": "off"}

HOLDER = """
import sys, time, pathlib
from governance.kernel.embedded import lease
with lease(pathlib.Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    print(server.superuser_url(), flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose cluster was made after an interrupted start, and is in no use now.

    Its path is long and has spaces and other scripts in it; the folder above has a mode of its own.
    """
    above = tmp_path_factory.mktemp("база данных, 'кавычки' $HOME").joinpath(*["длинное-имя" * 5] * 8)
    above.mkdir(parents=True)
    above.chmod(0o750)
    folder = above / "store"
    (folder / "postgres.new").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    folder.chmod(0o700)
    with lease(folder, settings=FAST) as server, _connect(server) as connection:
        connection.execute("CREATE TABLE kept (n integer PRIMARY KEY)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    return folder


@pytest.fixture(scope="module")
def copied(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it; as after a restore, all files belong to who runs the test."""
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("copied") / "store"))


@pytest.fixture
def store(copied: Path) -> Iterator[Path]:
    """The copy, whose server each test starts and stops as it likes."""
    yield copied
    assert eventually(lambda: not _postgres_processes(copied)), "a server outlived its users"


@pytest.fixture(scope="module")
def running(made: Path, copied: Path) -> Iterator[EmbeddedPostgres]:
    """The server of the new cluster, for tests that ask it something."""
    with lease(made, settings=FAST) as server:
        yield server


def _connect(server: EmbeddedPostgres, **parts: object) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(server.superuser_url(), autocommit=True, **parts)  # type: ignore[arg-type]  # parts of a DSN


def _ask(server: EmbeddedPostgres, query: str) -> object:
    with _connect(server) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _count(server: EmbeddedPostgres) -> object:
    return _ask(server, "SELECT count(*) FROM kept WHERE n <= 1000")


def _postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def _postgres_processes(folder: Path) -> list[psutil.Process]:
    inside = str(folder / "postgres")
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == "postgres" and process.cwd() == inside:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_server_admits_who_knows_the_password_and_nobody_else(running: EmbeddedPostgres) -> None:
    assert _ask(running, "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'postgres'")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        _connect(running, password="guessed")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(host=str(running.socket_dir), user="postgres", dbname="postgres", passfile="/dev/null")


def test_a_new_server_is_of_version_18_in_utf8_with_checksums_and_off_the_network(running: EmbeddedPostgres) -> None:
    assert str(_ask(running, "SHOW server_version")).startswith("18.")
    assert _ask(running, "SHOW server_encoding") == "UTF8"
    assert _ask(running, "SHOW data_checksums") == "on"
    assert _ask(running, "SHOW listen_addresses") == ""
    assert _ask(running, "SHOW timezone") == "UTC"
    assert _ask(running, "SELECT lower('ЁЖ')") == "ёж"


def test_files_are_private_and_the_folder_above_keeps_its_mode(running: EmbeddedPostgres) -> None:
    folder = running.data_dir
    assert _mode(running.socket_dir) == 0o700
    assert _mode(running.socket_dir.parent.parent) in {0o700, 0o711}
    assert [_mode(folder / name) for name in (".", "run", "secrets", "log", "postgres")] == [0o700] * 5
    assert _mode(folder / "secrets" / "database.json") == 0o600
    assert _mode(folder / "log" / "postgres.log") == 0o600
    assert _mode(folder.parent) == 0o750


def test_paths_may_be_long_and_hold_spaces_and_any_script(running: EmbeddedPostgres) -> None:
    assert "база данных, 'кавычки' $HOME" in str(running.data_dir)
    assert len(str(running.data_dir).encode()) > 800
    assert _ask(running, "SELECT 1") == 1
    assert len(str(running.socket_dir / ".s.PGSQL.5432").encode()) <= 107


def test_a_cluster_half_made_by_an_interrupted_start_is_made_anew(running: EmbeddedPostgres) -> None:
    assert _count(running) == 1000
    assert not (running.data_dir / "postgres.new").exists()


def test_the_second_user_shares_the_server_and_keeps_it_when_the_first_has_gone(store: Path) -> None:
    other = start(HOLDER, store, 60)
    assert line_of(other).startswith("postgresql://")
    with lease(store, settings=FAST) as server:
        postmaster = _postmaster(store)
        kill(other)
        assert _count(server) == 1000
        assert _postmaster(store) == postmaster
    assert not _postgres_processes(store)


def test_users_who_come_at_the_same_moment_get_one_server(store: Path) -> None:
    users = [start(HOLDER, store, 2) for _ in range(4)]
    assert len({line_of(user) for user in users}) == 1
    postmasters = [p for p in _postgres_processes(store) if "-D" in p.cmdline()]
    assert len(postmasters) == 1
    assert [user.wait(30) for user in users] == [0] * 4
    for user in users:
        kill(user)


def test_after_the_last_lease_no_process_is_left(store: Path) -> None:
    with lease(store, settings=FAST) as server:
        assert _count(server) == 1000
    assert not _postgres_processes(store)
    assert not server.socket_dir.parent.exists()
    with lease(store, settings=FAST) as again:
        assert _count(again) == 1000


def test_killing_the_only_user_stops_the_server(store: Path) -> None:
    user = start(HOLDER, store, 60)
    assert line_of(user)
    postmaster = _postmaster(store)
    kill(user)
    assert eventually(lambda: not is_alive(postmaster))


def test_killing_the_keeper_stops_the_server_and_a_renewed_lease_starts_it_with_its_data(store: Path) -> None:
    with lease(store, settings=FAST) as server:
        assert not server.renew()
        postmaster = psutil.Process(_postmaster(store))
        keeper = postmaster.parent()
        assert keeper is not None
        assert "governance.kernel.keeper" in keeper.cmdline()
        keeper.kill()
        assert eventually(lambda: not is_alive(postmaster.pid))
        assert server.renew()
        assert _count(server) == 1000


def test_a_keeper_told_to_stop_waits_for_its_users(store: Path) -> None:
    with lease(store, settings=FAST) as server:
        keeper = psutil.Process(_postmaster(store)).parent()
        assert keeper is not None
        keeper.terminate()
        assert _count(server) == 1000
        later = start(HOLDER, store, 0)
        assert _count(server) == 1000
    assert line_of(later) == server.superuser_url()
    assert later.wait(30) == 0
    kill(later)


def test_killing_the_server_makes_the_keeper_start_it_again_with_its_data(store: Path) -> None:
    with lease(store, settings=FAST) as server:
        with _connect(server) as connection:
            connection.execute("INSERT INTO kept VALUES (2000)")
        killed = _postmaster(store)
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: not is_alive(killed))
        assert eventually(lambda: _accepts(server))
        assert _ask(server, "SELECT count(*) FROM kept WHERE n <= 1000 OR n = 2000") == 1001


def _accepts(server: EmbeddedPostgres) -> bool:
    try:
        return _ask(server, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def test_killing_everything_at_once_loses_nothing_that_was_committed(store: Path) -> None:
    user = start(HOLDER, store, 60)
    with psycopg.connect(line_of(user), autocommit=True) as connection:
        connection.execute("INSERT INTO kept VALUES (3000)")
    keeper = psutil.Process(_postmaster(store)).parent()
    assert keeper is not None
    for process in (*_postgres_processes(store), keeper):
        with contextlib.suppress(psutil.NoSuchProcess):  # it went with one that was killed before it
            process.kill()
    kill(user)
    with lease(store, settings=FAST) as server:
        assert _ask(server, "SELECT count(*) FROM kept WHERE n <= 1000 OR n = 3000") == 1001


def test_a_foreign_process_with_the_number_of_a_dead_server_does_not_stop_the_start(store: Path) -> None:
    with lease(store, settings=FAST):
        left_over = (store / "postgres" / "postmaster.pid").read_text().splitlines(keepends=True)
    owner = (store / "postgres").stat()
    sleeper = subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None, cwd="/")
    path = store / "postgres" / "postmaster.pid"
    path.write_text("".join([f"{sleeper.pid}\n", *left_over[1:]]))
    os.chown(path, owner.st_uid, owner.st_gid)
    path.chmod(0o600)
    try:
        with lease(store, settings=FAST) as server:
            assert _count(server) == 1000
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_the_server_log_holds_no_value_of_a_refused_statement(running: EmbeddedPostgres) -> None:
    canary = "canary-7f3a"
    with _connect(running) as connection:
        connection.execute("CREATE TABLE person (name text UNIQUE, born date, CHECK (name <> 'x'))")
        connection.execute("INSERT INTO person VALUES (%s, NULL)", [canary])
        statements = [
            ("INSERT INTO person VALUES (%s, NULL)", psycopg.errors.UniqueViolation),
            ("INSERT INTO person VALUES ('x', %s::text::date)", psycopg.errors.InvalidDatetimeFormat),
            ("SELECT %s::text::integer", psycopg.errors.InvalidTextRepresentation),
        ]
        for statement, refusal in statements:
            with pytest.raises(refusal, match=canary):
                connection.execute(statement, [canary])
        with pytest.raises(psycopg.errors.RaiseException, match=canary):
            connection.execute(f"DO $$ BEGIN RAISE EXCEPTION '{canary}'; END $$")
    log = (running.data_dir / "log" / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert canary not in log


def test_the_log_holds_no_statement_that_ran_when_a_session_was_killed(running: EmbeddedPostgres) -> None:
    statement = "SELECT pg_sleep(30), 'canary-9b1c'"
    with ThreadPoolExecutor(1) as pool, _connect(running) as connection:
        asked = pool.submit(_ask, running, statement)
        assert eventually(lambda: _runner(connection, statement) is not None)
        os.kill(_runner(connection, statement) or 0, signal.SIGKILL)
        assert isinstance(asked.exception(10), psycopg.OperationalError)
    assert eventually(lambda: _accepts(running))
    log = (running.data_dir / "log" / "postgres.log").read_text()
    assert "was terminated by signal 9" in log
    assert "canary-9b1c" not in log


def _runner(connection: "psycopg.Connection[tuple[Any, ...]]", statement: str) -> int | None:
    row = connection.execute("SELECT pid FROM pg_stat_activity WHERE query = %s", [statement]).fetchone()
    return row[0] if row else None


def test_programs_of_the_server_log_in_without_the_password_among_their_arguments(running: EmbeddedPostgres) -> None:
    environment = os.environ | running.client_environment()
    dump = subprocess.run(
        [running.binary("pg_dump"), "--schema-only"], env=environment, check=True, capture_output=True, text=True
    )
    assert "CREATE TABLE public.kept" in dump.stdout


def test_a_setting_that_the_server_refuses_is_told_at_once(store: Path) -> None:
    with pytest.raises(UnavailableError, match=r"postgres\.log"), lease(store, settings={"shared_buffers": "many"}):
        pass
    with lease(store, settings=FAST) as server:
        assert _count(server) == 1000


def test_a_cluster_of_another_version_is_refused(store: Path) -> None:
    path = store / "postgres" / "PG_VERSION"
    right = path.read_text()
    path.write_text("16\n")
    try:
        with pytest.raises(ConfigurationError, match="made by PostgreSQL 16"), lease(store, settings=FAST):
            pass
    finally:
        path.write_text(right)


def test_a_lost_password_file_is_told_with_the_remedy(running: EmbeddedPostgres) -> None:
    path = running.data_dir / "secrets" / "database.json"
    aside = path.rename(path.with_name("aside"))
    try:
        with pytest.raises(ConfigurationError, match="restore that file"):
            running.superuser_url()
    finally:
        aside.rename(path)


def test_a_forked_child_does_not_keep_the_lease(store: Path) -> None:
    with lease(store, settings=FAST):
        sleeper = start(
            "import os, sys, time, pathlib\n"
            "from governance.kernel.embedded import lease\n"
            "with lease(pathlib.Path(sys.argv[1])):\n"
            "    child = os.fork()\n"
            "    if child == 0: time.sleep(60); os._exit(0)\n"
            "print(child, flush=True)\n",
            store,
        )
        child = int(line_of(sleeper))
        sleeper.wait(10)
    try:
        assert not _postgres_processes(store)
    finally:
        os.kill(child, signal.SIGKILL)
        kill(sleeper)


def test_a_store_that_its_owner_runs_is_refused_to_others_at_once(
    running: EmbeddedPostgres, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = os.geteuid()
    require_not_run_by_another(running.data_dir)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ConfigurationError, match=f"as the user with id {owner}"):
        require_not_run_by_another(running.data_dir)
    require_not_run_by_another(store)
