"""Lines that are logged many at a time: the same as those of a logger."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.kernel import logs
from governance.kernel.settings import Settings

ROWS = [{"request_id": "r1", "status": 200, "actor": None}, {"request_id": "Ы", "status": 201, "actor": "a"}]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[io.StringIO]:
    """What a service writes to standard error."""
    root, stream = logging.getLogger(), io.StringIO()
    kept, level = list(root.handlers), root.level
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure(Settings(data_dir=tmp_path))
    yield stream
    root.handlers[:] = kept
    root.setLevel(level)


def told(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_many_lines_are_those_of_a_logger_field_by_field(written: io.StringIO) -> None:
    logs.info_each("governance.test", "test.answered", ROWS)
    quick = told(written)
    written.truncate(0)
    written.seek(0)
    for row in ROWS:
        logs.get_logger("governance.test").info("test.answered", **row)
    usual = told(written)

    assert [list(line.items())[:-1] for line in quick] == [list(line.items())[:-1] for line in usual]
    assert all(len(str(line["timestamp"])) == len("2026-01-01T00:00:00.000000Z") for line in quick + usual)


def test_where_lines_go_elsewhere_each_takes_the_usual_way(
    written: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    root = logging.getLogger()
    root.addHandler(caplog.handler)
    try:
        logs.info_each("governance.test", "test.answered", ROWS)
    finally:
        root.removeHandler(caplog.handler)
    assert len(caplog.records) == len(told(written)) == 2


def test_a_level_above_says_nothing(written: io.StringIO) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    logs.info_each("governance.test", "test.answered", ROWS)
    assert not written.getvalue()
