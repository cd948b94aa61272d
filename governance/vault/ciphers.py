"""Opened data keys, kept for seconds: bounded, and emptied whenever keys were shredded anywhere."""

import threading
import time
from collections.abc import Callable
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CipherName = tuple[UUID, str, int]
"""Owner, compartment, generation."""

TTL_SECONDS = 5.0
CAPACITY = 65_536


class CipherCache:
    """Ciphers by owner, compartment and generation.

    A cipher is forgotten *ttl_seconds* after it was opened, whether it is in use or not, so that a shredded key stops
    opening values even where no notification arrives.
    """

    def __init__(
        self,
        *,
        ttl_seconds: float = TTL_SECONDS,
        capacity: int = CAPACITY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl_seconds = ttl_seconds
        self._capacity = capacity
        self._monotonic = monotonic
        self._held: dict[CipherName, tuple[float, AESGCM]] = {}
        self._lock = threading.Lock()
        self._generation = 0

    def get(self, name: CipherName) -> AESGCM | None:
        """The cipher, unless it is unknown or older than its time to live."""
        found = self._held.get(name)
        if found is None or found[0] < self._monotonic():
            return None
        return found[1]

    def mark(self) -> int:
        """A number to give back to `put`: what was read before an emptying is not put in after it."""
        return self._generation

    def put(self, ciphers: dict[CipherName, AESGCM], *, mark: int) -> None:
        """Keep *ciphers* that were read since *mark*."""
        until = self._monotonic() + self._ttl_seconds
        with self._lock:
            if mark != self._generation:
                return
            if len(self._held) + len(ciphers) > self._capacity:
                self._held.clear()
            for name, cipher in ciphers.items():
                if len(self._held) >= self._capacity:
                    break
                self._held[name] = (until, cipher)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._generation += 1
            self._held.clear()

    def __len__(self) -> int:
        return len(self._held)
