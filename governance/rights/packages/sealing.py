"""Where the files of a package go: piece by piece, compressed and sealed, so that none is ever whole in memory."""

import zlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from governance.kernel.ids import uuid7
from governance.kernel.work import Work
from governance.rights.packages.tables import PackagePartRow

PIECE_CHARACTERS: Final = 256 * 1024
"""What is sealed as one part."""


@dataclass
class Sealing:
    """Where files go: sealed under the key owner of the package, a part at a time.

    Attributes:
        names: of the files, in their order.
        parts: sealed so far; size: bytes of them before they are compressed.
    """

    work: Work
    package: UUID
    owner: UUID
    names: list[str]
    parts: int = 0
    size: int = 0

    def file(self, name: str) -> "SealedFile":
        """Begin a file."""
        self.names.append(name)
        return SealedFile(self, len(self.names) - 1)

    def keep(self, file: int, number: int, text: str) -> None:
        """Seal a piece; what is flushed leaves the memory."""
        content = text.encode("utf-8", "replace")
        self.work.session.add(
            PackagePartRow(
                id=uuid7(),
                owner_id=self.owner,
                package_id=self.package,
                file=file,
                number=number,
                payload=zlib.compress(content, 1),
            )
        )
        self.parts += 1
        self.size += len(content)


class SealedFile:
    """A file that is being written."""

    def __init__(self, sealing: Sealing, place: int) -> None:
        self._sealing = sealing
        self._place = place
        self._pieces: list[str] = []
        self._held = 0
        self._number = 0

    def write(self, text: str) -> None:
        """Add *text*."""
        self._pieces.append(text)
        self._held += len(text)
        if self._held >= PIECE_CHARACTERS:
            self.end()
            self._sealing.work.session.flush()

    def end(self) -> None:
        """Seal what is held back."""
        if self._pieces:
            self._number += 1
            self._sealing.keep(self._place, self._number, "".join(self._pieces))
            self._pieces, self._held = [], 0
