"""Opened data keys, kept for seconds: bounded, and emptied whenever keys were shredded anywhere."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CipherName = tuple[bytes, str, int]
"""Owner (its sixteen bytes, which hash faster than a UUID), compartment, generation."""

TTL_SECONDS = 5.0
CAPACITY = 16_384
"""Keys at most: an opened one takes 2.6 kB, mostly of the library's own."""


class OpenedKey(NamedTuple):
    """A cipher, and how long it may be used (a tuple, since thousands of them must not burden the garbage collector).

    Attributes:
        cipher: AES-256-GCM under the data key.
        until: reading of the monotonic clock after which it is no longer used.
        mark: emptying of the cache that it came after.
    """

    cipher: AESGCM
    until: float
    mark: int


class CipherCache:
    """Ciphers by owner, compartment and generation.

    A cipher is no longer used *ttl_seconds* after it was opened, whether it is in use or not, so that a shredded key
    stops opening values even where no notification arrives. Those that are too old leave memory as others come.
    """

    def __init__(
        self,
        *,
        ttl_seconds: float = TTL_SECONDS,
        capacity: int = CAPACITY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.monotonic = monotonic
        self.mark = 0
        """Number of emptyings so far; a key read before an emptying is not kept after it."""
        self._ttl_seconds = ttl_seconds
        self._capacity = capacity
        self._held: dict[CipherName, OpenedKey] = {}
        self._older: dict[CipherName, OpenedKey] = {}
        self._turned_at = monotonic()
        self._lock = threading.Lock()

    def get(self, name: CipherName) -> OpenedKey | None:
        """The key, unless it is unknown or no longer valid."""
        found = self._held.get(name) or self._older.get(name)
        return found if found is not None and self.valid(found) else None

    def valid(self, key: OpenedKey) -> bool:
        """Whether *key* may still be used."""
        return key.mark == self.mark and key.until >= self.monotonic()

    def opened(self, cipher: AESGCM, *, mark: int) -> OpenedKey:
        """A key as it is kept, counted from now; *mark* is the emptying before it was read."""
        return OpenedKey(cipher, self.monotonic() + self._ttl_seconds, mark)

    def put(self, keys: Mapping[CipherName, OpenedKey], *, mark: int) -> None:
        """Keep *keys* that were read since *mark*; as many of them as there is room for."""
        with self._lock:
            if mark != self.mark:
                return
            if self.monotonic() - self._turned_at > self._ttl_seconds:
                self._turn()
            if len(self) + len(keys) > self._capacity:
                self._turn()
            if len(self) + len(keys) > self._capacity:
                self._turn()
            if len(keys) <= self._capacity:
                self._held.update(keys)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self.mark += 1
            self._held, self._older = {}, {}

    def _turn(self) -> None:
        """Drop what was kept before the last turn."""
        self._held, self._older, self._turned_at = {}, self._held, self.monotonic()

    def __len__(self) -> int:
        return len(self._held) + len(self._older)


def cipher_name(owner: UUID, compartment: str, generation: int) -> CipherName:
    """Name of one data key."""
    return (owner.bytes, compartment, generation)
