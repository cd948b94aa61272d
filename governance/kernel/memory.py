"""How much memory there is: of the host, or of the container that limits it."""

import os
from pathlib import Path
from typing import Final

CGROUP: Final = Path("/sys/fs/cgroup/memory.max")
"""Limit of the container (cgroup v2); a number of bytes, or `max`."""


def memory_bytes(*, limit: Path = CGROUP) -> int:
    """Bytes that this process and its children may use together."""
    host = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        said = limit.read_text(encoding="ascii").strip()
    except OSError:
        return host
    return min(host, int(said)) if said.isdecimal() else host
