"""A disk without room: known by whatever tells of it, and named with its remedy."""

import errno
import os
from typing import Final

from governance.kernel.errors import UnavailableError

_SQLSTATE: Final = "53100"
_SAID: Final = (os.strerror(errno.ENOSPC), "No space left on device")
"""A server that cannot even start a session says it in words alone; they name files of its own and nothing personal."""


class DiskFullError(UnavailableError):
    """A file or the database had no room; nothing of what was asked for was kept."""

    slug = "disk-full"

    def __init__(self) -> None:
        super().__init__("The disk is full, or the quota used up: this could not be kept. Make room, then do it again.")


def lacks_room(error: BaseException) -> bool:
    """Whether *error* says that a disk is full: ENOSPC, EDQUOT or SQLSTATE 53100, be it wrapped by SQLAlchemy."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    told = getattr(error, "orig", None) or error
    return getattr(told, "sqlstate", None) == _SQLSTATE or (
        type(told).__name__ == "OperationalError" and any(words in str(told) for words in _SAID)
    )
