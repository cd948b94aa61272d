"""Whom PostgreSQL runs as, and whether that user can reach its programs."""

import os
import subprocess
from pathlib import Path

import pytest

from governance.kernel.account import Account, account_for, programs_for, wheel_programs
from governance.kernel.errors import ConfigurationError

SERVER = "governance.kernel.account"


def test_postgresql_never_runs_as_root(tmp_path: Path) -> None:
    assert account_for(tmp_path / "not made yet").uid != 0
    assert account_for(tmp_path).uid != 0


def test_an_existing_cluster_is_run_by_its_owner_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ConfigurationError, match=f"user with id {owner}"):
        account_for(tmp_path)


def test_a_system_without_an_unprivileged_user_is_told_what_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(f"{SERVER}.ACCOUNTS", ("nobody-of-that-name",))
    with pytest.raises(ConfigurationError, match="useradd"):
        account_for(tmp_path / "not made yet")


def test_an_ordinary_user_runs_the_installed_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Account(os.geteuid(), os.getegid())
    assert own.identity == {}
    assert programs_for(own) == wheel_programs()


def test_where_the_installation_is_closed_a_copy_that_all_can_run_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Account(os.geteuid(), os.getegid())
    monkeypatch.setattr(Account, "identity", {"user": own.uid})
    runs = []

    def runs_only_a_copy(programs: Path, account: Account) -> bool:
        runs.append(programs)
        return programs != wheel_programs()

    monkeypatch.setattr(f"{SERVER}._runs", runs_only_a_copy)
    monkeypatch.setattr(f"{SERVER}.COPIES", (tmp_path / "absent" / "cache", tmp_path / "cache"))
    programs = programs_for(own)
    assert programs.is_relative_to(tmp_path / "cache")
    made = subprocess.run([programs / "initdb", "--version"], check=True, capture_output=True, text=True)
    assert made.stdout.startswith("initdb (PostgreSQL) 18")
    assert all(path.stat().st_mode & 0o004 for path in (tmp_path / "cache").rglob("*"))
    first = (programs / "postgres").stat().st_ino
    assert programs_for(own) == programs
    assert (programs / "postgres").stat().st_ino == first
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_programs_that_the_user_cannot_run_anywhere_are_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Account, "identity", {"user": os.geteuid()})
    monkeypatch.setattr(f"{SERVER}._runs", lambda _programs, _account: False)
    monkeypatch.setattr(f"{SERVER}.COPIES", (tmp_path / "absent" / "cache",))
    with pytest.raises(ConfigurationError, match="ordinary user"):
        programs_for(Account(os.geteuid(), os.getegid()))
