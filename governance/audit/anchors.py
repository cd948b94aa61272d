"""Anchors: places where a checkpoint is told, so that more than one has to be changed to deny it.

The nearer an anchor is to the database, the less it proves: a file on the same host stops a database administrator,
not whoever is root there. Copy `anchor.jsonl` away, let the log line go to a collector of somebody else's, or name an
anchor on another host (`distant`).
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Protocol

from governance.audit.notes import Checkpoint, Note
from governance.kernel.durable import sync_folder
from governance.kernel.logs import get_logger

log = get_logger(__name__)


class Anchor(Protocol):
    """Where checkpoints are told. A checkpoint may be told twice (after a crash), never not at all."""

    def publish(self, note: bytes, *, at: datetime) -> None:
        """Tell one checkpoint; it is out when this returns.

        Raises:
            OSError: where it could not be told; it will be tried again.
        """
        ...


class FileAnchor:
    """A file to which a line is added per checkpoint: `{"at": …, "note": …}`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def publish(self, note: bytes, *, at: datetime) -> None:
        """Add a line; it is on disk before this returns."""
        line = json.dumps({"at": at.isoformat(), "note": note.decode()}, ensure_ascii=False) + "\n"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not self.path.exists()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            sync_folder(self.path.parent)


class LogAnchor:
    """A line in the service's own log, which often goes to another host."""

    def publish(self, note: bytes, *, at: datetime) -> None:
        """Log the checkpoint."""
        checkpoint = Checkpoint.parse_text(Note.parse(note).text)
        log.info(
            "audit.checkpoint",
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            at=at.isoformat(),
        )
