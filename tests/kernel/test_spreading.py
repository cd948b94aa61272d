"""The runner of these tests: what goes wrong in one of its processes is told by the first."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from tests.spreading import Spread

def pytest_configure(config):
    told = (lambda: None, lambda last: None)
    config.pluginmanager.register(Spread(config, 2, waits=lambda test: 'four' in test.nodeid, at_end=told))
"""
FILES = {
    "test_one.py": """
import pytest
def test_good(): pass
@pytest.mark.skip(reason="so")
def test_left_out(): pass
""",
    "test_two.py": """
def test_bad():
    print("said")
    assert 1 == 2
""",
    "test_three.py": """
import os, signal
def test_ended(): os.kill(os.getpid(), signal.SIGKILL)
""",
    "test_four.py": """
import pytest
@pytest.fixture(scope="session")
def kept():
    yield
    raise OSError("late")
def test_keeping(kept): pass
""",
}


def _run(folder: Path, *names: str) -> tuple[int, str]:
    for name in names:
        (folder / name).write_text(FILES[name])
    (folder / "conftest.py").write_text(CONFTEST)
    command = [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    done = subprocess.run(
        [*command, f"--rootdir={folder}", f"--confcutdir={folder}", "-c", "/dev/null", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def test_failures_and_reasons_of_all_processes_are_told(tmp_path: Path) -> None:
    code, said = _run(tmp_path, "test_one.py", "test_two.py")
    assert code == 1
    assert "1 failed, 1 passed, 1 skipped" in said
    for part in ("assert 1 == 2", "Captured stdout call", "so"):
        assert part in said, part


def test_a_process_that_is_killed_fails_the_run(tmp_path: Path) -> None:
    code, said = _run(tmp_path, "test_one.py", "test_three.py")
    assert code == 1
    assert re.search(r"test_three.py::test_ended _+\nThe process was gone", said)
    assert "1 failed, 1 passed, 1 skipped" in said


def test_what_fails_when_a_process_puts_all_away_fails_the_run(tmp_path: Path) -> None:
    code, said = _run(tmp_path, "test_four.py", "test_one.py")
    assert code == 1
    assert "OSError: late" in said
    assert "1 failed, 2 passed, 1 skipped" in said
