"""The command line on a store of its own, within the process of the test."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.audit import sequencer
from governance.cli import run_command
from governance.custody.opening import open_store
from governance.kernel.server import reach, remember_place
from governance.kernel.settings import Settings
from tests.conftest import lent_store
from tests.stores import Store, Stores, clone

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


def _surround(patch: pytest.MonkeyPatch, store: Store, folder: Path) -> None:
    for name, value in {
        "DATA_DIR": str(folder),
        "DATABASE_URL": store.app_url,
        "DATABASE_ADMIN_URL": store.admin_url,
        "ROLE_PREFIX": store.roles.prefix,
    }.items():
        patch.setenv(f"GOVERNANCE_{name}", value)
    patch.setenv("COLUMNS", "200")


@pytest.fixture(scope="session")
def set_up(server_url: str, template: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stores, Path]]:
    """Stores that `governance init` has set up, and what it made of the data folder."""
    folder = tmp_path_factory.mktemp("set up") / "data folder"
    with clone(server_url, template) as pattern:
        with pytest.MonkeyPatch.context() as patch:
            _surround(patch, pattern, folder)
            assert run_command(["init", *SETUP]) == 0
            with open_store(Settings.from_environment(os.environ)) as store:
                sequencer.drain(store.database)  # what nobody places is amiss after a while
        found = Stores(server_url, pattern)
        yield found, folder
        found.end()


@pytest.fixture
def fresh_store(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """A store of this test; set up already where the test asks for that, by `governance`."""
    if "set_up" in request.fixturenames:
        stores = request.getfixturevalue("set_up")[0]
    with lent_store(stores) as store:
        yield store


@pytest.fixture
def surroundings(fresh_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Variables that name a store of this test, which is not set up yet; answers its data folder."""
    folder = tmp_path / "data folder"
    _surround(monkeypatch, fresh_store, folder)
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
def governance(command: Command, surroundings: Path, set_up: tuple[Stores, Path]) -> Command:
    """Runs a command on a store that is set up."""
    shutil.copytree(set_up[1], surroundings)
    with reach(Settings.from_environment(os.environ)) as server:
        remember_place(server)
    return command
