"""How much memory there is, and how much of it a new server takes for its pages."""

from pathlib import Path

import pytest

from governance.kernel.cluster import pages_megabytes
from governance.kernel.memory import memory_bytes

MEGABYTE = 1 << 20


def test_a_container_counts_by_its_limit_and_a_host_by_what_it_has(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    host = memory_bytes(limit=limit)
    assert host > 64 * MEGABYTE

    limit.write_text("67108864\n")
    assert memory_bytes(limit=limit) == 64 * MEGABYTE
    limit.write_text("max\n")
    assert memory_bytes(limit=limit) == host


@pytest.mark.parametrize(("memory", "pages"), [(512, 128), (1024, 128), (4096, 512), (8192, 1024), (65536, 1024)])
def test_a_server_takes_an_eighth_of_the_memory_within_reason(memory: int, pages: int) -> None:
    assert pages_megabytes(memory * MEGABYTE) == pages
