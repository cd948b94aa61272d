"""Tombstones: who was shredded, written down outside the database, so that no backup brings them back.

A file of lines that is only ever added to. A shredding writes what it *intends* at the last moment before its commit,
on disk before the commit is asked for, and the *outcome* after it::

    {"id": …, "at": …, "owners": [random ids], "compartments": null or [codes], "transaction": …}
    {"id": …, "outcome": "committed"}

So whatever was committed has a tombstone. An intent without an outcome is of a transaction that died in its commit, or
of a process that died after it; while the database is there, `custody.shredding.settle` finds out which. Where it is
not, the shredding is taken for done: it had been decided, and its transaction had nothing left to do but commit. A line
that says neither is as good as committed.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from governance.custody.errors import TombstoneError
from governance.custody.places import SECRET, private_folder
from governance.kernel.durable import sync_folder
from governance.kernel.errors import Sentence
from governance.kernel.ids import spelled, uuid4
from governance.kernel.records import frozen

INFO: Final = "tombstones"
"""Under this name sessions carry the list of their store."""


class Outcome(StrEnum):
    """What became of an intended shredding."""

    COMMITTED = "committed"
    VOID = "void"


@frozen
class Tombstone:
    """A shredding, as it was written down outside the database.

    Attributes:
        id: of this shredding; None in a line that was not written by `intend`.
        compartments: which were shredded; None all of them.
        transaction: number of its transaction in that cluster, by which one that still runs is known.
        outcome: None where nothing is known of it.
    """

    at: datetime
    owners: tuple[UUID, ...]
    compartments: tuple[str, ...] | None
    id: UUID | None = None
    transaction: str | None = None
    outcome: Outcome | None = Outcome.COMMITTED


class Tombstones:
    """The list in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def intend(
        self, *, owners: Sequence[UUID], compartments: Sequence[str] | None, at: datetime, transaction: str
    ) -> UUID:
        """Write down a shredding that is about to be committed; it is on disk when this returns.

        Raises:
            TombstoneError: where it cannot be written. The transaction must then not commit.
        """
        tombstone = uuid4()
        told: dict[str, object] = {
            "id": str(tombstone),
            "at": at.isoformat(),
            "owners": [spelled(owner) for owner in owners],
            "compartments": None if compartments is None else list(compartments),
            "transaction": transaction,
        }
        try:
            self._append(told, durable=True)
        except OSError as error:
            raise TombstoneError(
                Sentence(
                    "%(path)s cannot be written (%(error)s), so nothing may be shredded.",
                    {"path": str(self.path), "error": str(error.strerror)},
                )
            ) from None
        return tombstone

    def settle(self, tombstone: UUID, outcome: Outcome) -> None:
        """Write down what became of it. Losing this line in a crash does no harm.

        Raises:
            OSError: where it cannot be written.
        """
        self._append({"id": str(tombstone), "outcome": outcome.value}, durable=False)

    def read(self) -> list[Tombstone]:
        """All of them, oldest first.

        A last line that a crash has cut short is of a shredding that did not happen.

        Raises:
            TombstoneError: where the file cannot be read or a line is damaged.
        """
        found: dict[object, Tombstone] = {}
        for number, line in enumerate(self._lines(), start=1):
            try:
                told = json.loads(line)
                if "outcome" in told:
                    known = UUID(told["id"])
                    found[known] = replace(found[known], outcome=Outcome(told["outcome"]))
                else:
                    tombstone = _tombstone(told)
                    found[tombstone.id or number] = tombstone
            except (ValueError, KeyError, TypeError, AttributeError):
                raise TombstoneError(
                    Sentence(
                        "Line %(line)s of %(path)s is damaged; restore that file from a copy.",
                        {"line": number, "path": str(self.path)},
                    )
                ) from None
        return list(found.values())

    def standing(self) -> list[Tombstone]:
        """Those that a restored database must follow: all but those that are known to have come to nothing."""
        return [one for one in self.read() if one.outcome is not Outcome.VOID]

    def unsettled(self) -> list[Tombstone]:
        """Those of which nobody has written down whether they were committed."""
        return [one for one in self.read() if one.outcome is None]

    def _lines(self) -> list[bytes]:
        try:
            *lines, last = self.path.read_bytes().split(b"\n")
            return [*lines, last] if _is_whole(last) else lines
        except FileNotFoundError:
            return []
        except OSError as error:
            raise TombstoneError(
                Sentence("%(path)s cannot be read (%(error)s).", {"path": str(self.path), "error": str(error.strerror)})
            ) from None

    def _append(self, told: dict[str, object], *, durable: bool) -> None:
        line = json.dumps(told).encode() + b"\n"
        private_folder(self.path.parent)
        with self._opened() as descriptor:
            end = os.fstat(descriptor).st_size
            try:
                written = 0
                while written < len(line):
                    written += os.write(descriptor, line[written:])
                if durable:
                    os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)  # half a line would run into the next one
                raise
            if durable and end == 0:
                sync_folder(self.path.parent)

    def _mend(self, descriptor: int) -> None:
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if _is_whole(content[whole:]):  # somebody's editor took the end of the line away
            os.write(descriptor, b"\n")
        else:
            os.ftruncate(descriptor, whole)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """The file, for this writer alone; what a crash has cut short at its end is taken away first."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, SECRET)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                self._mend(descriptor)
            yield descriptor
        finally:
            os.close(descriptor)


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _tombstone(told: dict[str, object]) -> Tombstone:
    owners, compartments, known = told["owners"], told["compartments"], told.get("id")
    if not isinstance(owners, list) or not isinstance(compartments, list | None):
        raise TypeError("not a tombstone")
    return Tombstone(
        at=datetime.fromisoformat(str(told["at"])),
        owners=tuple(UUID(owner) for owner in owners),
        compartments=None if compartments is None else tuple(map(str, compartments)),
        id=None if known is None else UUID(str(known)),
        transaction=None if told.get("transaction") is None else str(told["transaction"]),
        outcome=Outcome.COMMITTED if known is None else None,
    )
