"""A loop goes on after refusals, ever slower, and ends at what nobody named."""

import threading

import pytest

from governance.kernel.errors import ConflictError, GovernanceError, UnavailableError
from governance.worker.loops import Loop


class _Steps:
    """Fails as it is told, then sets the event."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.done = 0
        self.stopping = threading.Event()

    def __call__(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.done += 1
        self.stopping.set()


def test_a_loop_outlives_refusals() -> None:
    steps = _Steps(GovernanceError("no"), UnavailableError("no"), OSError("full"))
    loop = Loop("test", steps, every_seconds=0.001)

    assert [loop.run_once() for _ in range(4)] == [False, False, False, True]


def test_what_belongs_to_the_rhythm_is_no_failure() -> None:
    loop = Loop("test", _Steps(ConflictError("another host is at it")), every_seconds=0.001)

    assert loop.run_once()


def test_a_loop_ends_when_it_is_told_to() -> None:
    steps = _Steps()
    Loop("test", steps, every_seconds=0.001).run(steps.stopping)

    assert steps.done == 1


def test_an_error_that_nobody_named_ends_the_loop() -> None:
    steps = _Steps(ZeroDivisionError("a bug"))

    with pytest.raises(ZeroDivisionError):
        Loop("test", steps, every_seconds=0.001).run(steps.stopping)
