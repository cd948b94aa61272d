"""Noting that consents were relied on: a second later and beside the answers, which do not wait for it."""

import atexit
import threading
from collections import defaultdict
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from governance.consent import operations as consent
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.logs import get_logger
from governance.kernel.outage import OUTAGES
from governance.kernel.work import SYSTEM, open_work
from governance.policies.purposes import Channel

DELAY_SECONDS: Final = 1.0
PART: Final = 5000
MOST_WAITING: Final = 100_000
"""Whoever notes more does it at once and themselves."""

log = get_logger(__name__)


class Uses:
    """What is still to be noted. What waits when the process is killed is noted at the next check instead."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, Channel], set[UUID]] = defaultdict(set)
        self._timer: threading.Timer | None = None
        atexit.register(self.flush)

    def note(self, purpose: str, channel: Channel, people: Iterable[UUID]) -> None:
        """Note that the consents of *people* were relied on."""
        with self._lock:
            self._waiting[purpose, channel].update(people)
            full = sum(map(len, self._waiting.values())) > MOST_WAITING
            if self._timer is None and not full:
                self._timer = threading.Timer(DELAY_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()
        if full:
            self.flush()

    def flush(self) -> None:
        """Write down what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, defaultdict(set)
            self._timer = None
        for (purpose, channel), people in waiting.items():
            listed = sorted(people)
            for start in range(0, len(listed), PART):
                self._write(purpose, channel, listed[start : start + PART])

    def _write(self, purpose: str, channel: Channel, people: list[UUID]) -> None:
        try:
            with open_work(self._database, SYSTEM, clock=self._clock) as work:
                consent.note_use(work, purpose=purpose, channel=channel, people=people)
        except OUTAGES as error:
            log.warning("consent.use_not_noted", people=len(people), error_type=type(error).__name__)
