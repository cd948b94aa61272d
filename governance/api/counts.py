"""Files in which the web processes of a host count requests together: made with all their room before they are used.

Prometheus' client maps them into memory and lets them grow with holes. Writing to a hole on a full disk ends the
process (SIGBUS), so each process gets files without holes that never need to grow; where there is no room for them, it
counts for itself.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from governance.kernel.space import lacks_room

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder to Prometheus' client, which reads it once, when it is loaded."""
TYPES: Final = ("counter", "histogram")
"""Of the figures that are counted; each has a file per process."""
FILE_BYTES: Final = 1 << 20
"""Some five thousand series; there are twelve for each route, and one for each answer that a route gives."""


def begin(folder: Path) -> None:
    """Begin with empty counts."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def reserve(folder: Path, *, process: int) -> bool:
    """Make the files of *process*; to be called in it, before it counts.

    Returns:
        Whether there was room; where not, the process is to count for itself (`metrics.count_apart`).
    """
    try:
        for kind in TYPES:
            path = folder / f"{kind}_{process}.db"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                # Written rather than allocated: not every file system keeps room for what was only promised.
                missing = FILE_BYTES - os.fstat(descriptor).st_size
                if missing > 0:
                    os.pwrite(descriptor, bytes(missing), FILE_BYTES - missing)
            finally:
                os.close(descriptor)
    except OSError as error:
        if not lacks_room(error):
            raise
        for kind in TYPES:
            (folder / f"{kind}_{process}.db").unlink(missing_ok=True)
        os.environ.pop(VARIABLE, None)
        return False
    return True
