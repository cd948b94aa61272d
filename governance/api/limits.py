"""Rate limits: a bucket of calls per caller, refilled evenly.

Buckets are kept in each process, since a shared count would cost a write per call: with *n* processes and the limit
divided by *n* a client gets about its limit, somewhat less where its connections fall unevenly.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from governance.kernel.errors import TooManyError

REMEMBERED: Final = 10_000
"""Callers remembered; whoever was silent longest is forgotten, which gives them a full bucket."""


class Limiter:
    """Lets each caller make so many calls a minute, all of them at once if they like.

    Args:
        per_minute: calls per minute and size of the bucket.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str) -> None:
        """Count a call.

        Raises:
            TooManyError: the bucket is empty.
        """
        with self._lock:
            left = self._left(caller)
            if left < 1:
                raise _too_many((1 - left) / self._per_second)
            self._keep(caller, left - 1)

    def put_back(self, caller: str) -> None:
        """Take back a call that will be counted again, where it is answered."""
        with self._lock:
            self._keep(caller, min(self._size, self._left(caller) + 1))

    def _left(self, caller: str) -> float:
        left, at = self._buckets.get(caller, (self._size, 0.0))
        return min(self._size, left + (self._monotonic() - at) * self._per_second)

    def _keep(self, caller: str, left: float) -> None:
        self._buckets[caller] = (left, self._monotonic())
        self._buckets.move_to_end(caller)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)


def _too_many(seconds: float) -> TooManyError:
    return TooManyError("Too many requests; come back later.", retry_after_seconds=max(1, math.ceil(seconds)))
