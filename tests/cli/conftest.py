"""The command line on a store of its own, within the process of the test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from governance.cli import run_command
from tests.conftest import Store

SETUP = (
    "--controller-name", "ООО Ромашка", "--controller-address", "Москва", "--country", "RU",
    "--admin-name", "Анна Иванова", "--admin-email", "anna@example.org",
)  # fmt: skip


class Outcome:
    """What a command answered, told and came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The answer as JSON."""
        return json.loads(self.out)


Command = Callable[..., Outcome]


@pytest.fixture
def surroundings(fresh_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Variables that name a store of this test, which is not set up yet; answers its data folder."""
    folder = tmp_path / "data folder"
    for name, value in {
        "DATA_DIR": str(folder),
        "DATABASE_URL": fresh_store.app_url,
        "DATABASE_ADMIN_URL": fresh_store.admin_url,
        "ROLE_PREFIX": fresh_store.roles.prefix,
    }.items():
        monkeypatch.setenv(f"GOVERNANCE_{name}", value)
    monkeypatch.setenv("COLUMNS", "200")
    return folder


@pytest.fixture
def command(surroundings: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command."""

    def call(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = run_command(arguments)
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return call


@pytest.fixture
def governance(command: Command) -> Command:
    """Runs a command on a store that is set up."""
    made = command("init", *SETUP)
    assert made.code == 0, made.err
    return command
