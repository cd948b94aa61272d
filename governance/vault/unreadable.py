"""Sealed values that do not open though their keys were not destroyed, kept by place wherever they are met.

A list goes on past such a value; so that nobody has to stumble over it to know of it, its place (never what is in it)
is told in the log once per process, and written down in the data folder for metrics and `governance doctor`.
"""

import json
import os
import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from governance.kernel.durable import replace_file
from governance.kernel.logs import get_logger

MOST_BYTES: Final = 64 * 1024
"""Of the list on disk, some five hundred places: where whole tables do not open, more of them tell nothing new."""
MOST_NOTED: Final = 1000
"""Places that a process remembers having told of."""

log = get_logger(__name__)


class Place(NamedTuple):
    """Where a sealed value stands.

    Attributes:
        table, column: frozen logical names, as the catalogue has them.
        row_id: the row.
    """

    table: str
    column: str
    row_id: UUID

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of the row {self.row_id}"


class Unreadables:
    """Places of values that did not open when they were last met on this host.

    Args:
        path: the list on disk, shared by the processes of a host; None to keep it in memory alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._noted: set[Place] = set()
        self._lock = threading.Lock()

    def note(self, place: Place) -> None:
        """Tell of a value that did not open; more than once does nothing."""
        with self._lock:
            if place in self._noted or len(self._noted) >= MOST_NOTED:
                return
            self._noted.add(place)
        log.error("vault.unreadable", table=place.table, column=place.column, row_id=str(place.row_id))
        # A full disk must not make of an unreadable field a list that fails; the line above stands in any case.
        with suppress(OSError):
            self._append(place)

    def known(self) -> list[Place]:
        """All places on the list, each once, in the order in which they were met."""
        if self._path is None:
            return sorted(self._noted)
        try:
            lines = self._path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return list(dict.fromkeys(place for line in lines if (place := _read(line)) is not None))

    def forget(self, places: Collection[Place]) -> None:
        """Take off the list what opens again, or is gone."""
        if not places:
            return
        with self._lock:
            self._noted.difference_update(places)
        if self._path is not None:
            left = [place for place in self.known() if place not in places]
            replace_file(self._path, b"".join(map(_line, left)))

    def _append(self, place: Place) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        with os.fdopen(descriptor, "ab", buffering=0) as file:  # a line is one write, so lines do not mix
            if file.tell() < MOST_BYTES:
                file.write(_line(place))


def _line(place: Place) -> bytes:
    return json.dumps({"table": place.table, "column": place.column, "row": str(place.row_id)}).encode() + b"\n"


def _read(line: str) -> Place | None:
    """A place as it was written; None for a line that a crash cut short."""
    try:
        told = json.loads(line)
        return Place(told["table"], told["column"], UUID(told["row"]))
    except (ValueError, KeyError, TypeError):
        return None
