"""The log as one file for an auditor: the very files of an export, packed as they come (tar, POSIX ustar).

The export is written to a folder of its own first, so that no transaction is open while somebody downloads; each file
goes once it was sent. Entries hold no personal value, and so does the folder.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Final

from governance.audit.exporting import Exported, export
from governance.audit.outside import Outside
from governance.kernel.late import load
from governance.kernel.records import frozen
from governance.kernel.work import Work

MEDIA_TYPE: Final = "application/x-tar"
_PIECE: Final = 65_536
_BLOCK: Final = 512  # of a tar archive (POSIX.1-1988)
_LAST: Final = "checkpoint"
"""What an interrupted file lacks, so that nobody takes it for a whole one."""


@frozen
class Handed:
    """A log that is being handed out.

    Attributes:
        exported: what it holds.
        pieces: the file; to be read to its end, or closed.
    """

    exported: Exported
    pieces: Iterator[bytes] = field(repr=False)


def hand_out(work: Work, *, folder: Path, outside: Outside, public_key: bytes | None) -> Handed:
    """Export the tree that grows, as `exporting.export` does, and pack it.

    Args:
        work: whoever exports.
        folder: where the files lie until they were sent.
        outside: with the verifier keys.
        public_key: of the signing key on this host; None where there is none.

    Raises:
        NotYetProvableError, SigningKeyError, AuditBrokenError: as `export` does.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="log-", dir=folder))
    try:
        exported = export(work, directory=place, outside=outside, public_key=public_key)
    except BaseException:
        shutil.rmtree(place)
        raise
    return Handed(exported, _packed(place, int(work.now.timestamp())))


def _packed(place: Path, at: int) -> Iterator[bytes]:
    try:
        names = sorted(str(one.relative_to(place)) for one in place.rglob("*") if one.is_file())
        for name in sorted(names, key=lambda one: (one == _LAST, one)):
            yield from _file(place / name, name, at)
        yield bytes(2 * _BLOCK)
    finally:
        shutil.rmtree(place)


def _file(path: Path, name: str, at: int) -> Iterator[bytes]:
    head = load("tarfile:TarInfo")(name)
    head.size, head.mtime, head.mode = path.stat().st_size, at, 0o644
    yield head.tobuf(load("tarfile:USTAR_FORMAT"))
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
    yield bytes(-head.size % _BLOCK)
    path.unlink()
