"""Buckets of calls."""

import pytest

from governance.api.limits import REMEMBERED, Limiter
from governance.kernel.errors import TooManyError


class _Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_refills_evenly() -> None:
    watch = _Watch()
    limiter = Limiter(60, monotonic=watch)
    for _ in range(60):
        limiter.take("a")

    with pytest.raises(TooManyError) as refusal:
        limiter.take("a")
    assert refusal.value.retry_after_seconds == 1
    watch.seconds += 2
    limiter.take("a")
    limiter.take("a")
    with pytest.raises(TooManyError):
        limiter.take("a")


def test_memory_is_bounded() -> None:
    limiter = Limiter(1, monotonic=_Watch())
    for number in range(REMEMBERED + 5):
        limiter.take(str(number))

    assert len(limiter._buckets) == REMEMBERED
