"""Counts of requests never end a web process: their files have all their room, or there are none."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from governance.api import counts

COUNTING = """
import os, sys
from pathlib import Path
from governance.api import counts
folder = Path(sys.argv[1])
assert counts.reserve(folder, process=os.getpid())
os.environ[counts.VARIABLE] = str(folder)
from governance.api.metrics import REQUESTS, SECONDS
for route in range(150):
    SECONDS.labels(f"/v1/customers/<uuid:customer>/something/{route}").observe(0.01)
    for status in range(8):
        REQUESTS.labels("GET", f"/v1/customers/<uuid:customer>/something/{route}", str(400 + status)).inc()
print(*sorted(path.name.partition("_")[0] for path in folder.iterdir()))
"""


def test_all_that_a_process_counts_has_its_room_beforehand(tmp_path: Path) -> None:
    counts.begin(tmp_path / "metrics")

    done = subprocess.run(
        [sys.executable, "-c", COUNTING, str(tmp_path / "metrics")], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == sorted(counts.TYPES)
    for path in (tmp_path / "metrics").iterdir():
        state = path.stat()
        assert (state.st_size, state.st_mode & 0o077) == (counts.FILE_BYTES, 0)
        assert state.st_blocks * 512 >= counts.FILE_BYTES


def test_a_process_started_on_a_full_disk_counts_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "metrics"
    counts.begin(folder)
    monkeypatch.setenv(counts.VARIABLE, str(folder))

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)

    assert not counts.reserve(folder, process=1)
    assert counts.VARIABLE not in os.environ
    assert list(folder.iterdir()) == []
