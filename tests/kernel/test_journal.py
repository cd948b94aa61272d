"""What somebody sees who watches a service in a terminal: sentences, warnings and errors, and no log besides."""

import json
import sys
from pathlib import Path

import pytest

from governance.kernel.journal import Journal, sentence_of
from governance.kernel.supervisor import Command, Supervisor

INFORMATION = {"event": "http.answered", "level": "info", "status": 200}
WARNING = {"event": "worker.step_failed", "level": "warning", "loop": "mail", "slug": "unavailable", "timestamp": "t"}
CHILD = f"""
import json, sys, os, signal
for told in {[INFORMATION, WARNING, WARNING]!r}:
    print(json.dumps(told), file=sys.stderr)
print("cannot be read as JSON", file=sys.stderr)
sys.stderr.flush()
os.kill(os.getppid(), signal.SIGTERM)
"""


def test_the_lines_of_children_go_to_the_file_and_only_what_is_wrong_is_shown_once(tmp_path: Path) -> None:
    shown: list[str] = []
    journal = Journal(tmp_path / "service.log", show=shown.append)

    code = Supervisor([Command("child", [sys.executable, "-c", CHILD])], say=lambda _: None, journal=journal).run()

    assert code == 0
    lines = journal.path.read_text().splitlines()
    assert [json.loads(line) for line in lines[:3]] == [INFORMATION, WARNING, WARNING]
    assert shown == ["Warning: worker.step_failed loop=mail slug=unavailable", "cannot be read as JSON"]
    assert journal.path.stat().st_mode & 0o077 == 0


def test_the_file_is_bounded_and_the_one_before_is_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "service.log", show=print, limit_bytes=100)
    for number in range(100):
        journal.take(json.dumps({"event": f"a.{number}", "level": "info"}).encode() + b"\n")

    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["service.log", "service.log.1"]
    assert all(path.stat().st_size <= 100 for path in tmp_path.iterdir())
    assert "a.99" in journal.path.read_text()


def test_what_is_wrong_is_shown_where_nothing_can_be_written(tmp_path: Path) -> None:
    shown: list[str] = []
    Journal(tmp_path / "missing" / "service.log", show=shown.append).take(json.dumps(WARNING).encode())

    assert len(shown) == 1


@pytest.mark.parametrize("line", [b"", b"\n", json.dumps(INFORMATION).encode()])
def test_mere_information_is_no_sentence(line: bytes) -> None:
    assert sentence_of(line) is None
