"""Where log lines go while a terminal watches `governance up`: into a file, and what is wrong onto the screen.

A service that runs by itself writes its lines to standard error, for whatever collects them.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

LIMIT_BYTES: Final = 10_000_000
"""A file that has grown so large is kept as `.1`, in place of the one before, and begun anew."""
QUIET_SECONDS: Final = 60.0
"""What was shown is not shown again for so long: a step that fails is tried without end."""
SHOWN_LEVELS: Final = frozenset({"warning", "error", "critical"})
_APART: Final = frozenset({"event", "level", "logger", "timestamp", "error_at"})


class Journal:
    """One file for the lines of several processes; threads may write to it at once.

    Args:
        path: the file; its folder stands.
        show: tells whoever watches of warnings and errors, and of lines that are none of ours.
        limit_bytes: see `LIMIT_BYTES`.
    """

    def __init__(self, path: Path, *, show: Callable[[str], object], limit_bytes: int = LIMIT_BYTES) -> None:
        self.path = path
        self._show = show
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._shown: dict[str, float] = {}
        self._threads: list[threading.Thread] = []

    def follow(self, stream: IO[bytes]) -> None:
        """Take all that comes from *stream*, in a thread of its own, until it ends."""
        thread = threading.Thread(target=self._follow, args=(stream,), name="journal", daemon=True)
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()

    def finish(self, *, seconds: float = 1.0) -> None:
        """Wait, at most so long for each, until the last lines of processes that ended are written down."""
        for thread in self._threads:
            thread.join(seconds)

    def _follow(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self.take(line)

    def take(self, line: bytes) -> None:
        """Write a line down, and show it where it is of concern."""
        with self._lock:
            with contextlib.suppress(OSError):  # a full disk: what is wrong is shown all the same
                self._write(line)
            sentence = sentence_of(line)
            if sentence and self._is_due(sentence):
                self._show(sentence)

    def _write(self, line: bytes) -> None:
        if self.path.exists() and self.path.stat().st_size + len(line) > self._limit_bytes:
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    def _is_due(self, sentence: str) -> bool:
        now = time.monotonic()
        self._shown = {said: at for said, at in self._shown.items() if now - at < QUIET_SECONDS}
        return self._shown.setdefault(sentence, now) == now


def sentence_of(line: bytes) -> str | None:
    """A log line as whoever watches reads it; None for what is merely information."""
    text = line.decode(errors="replace").rstrip()
    try:
        event = json.loads(text)
    except ValueError:
        return text or None
    if not isinstance(event, dict) or "event" not in event:
        return text
    if event.get("level") not in SHOWN_LEVELS:
        return None
    facts = " ".join(f"{name}={told}" for name, told in event.items() if name not in _APART)
    return f"{str(event['level']).capitalize()}: {event['event']} {facts}".rstrip()
