"""Words that differ by one letter: put in, left out, another one, or two that changed places."""

from collections.abc import Callable
from functools import cache

from governance.kernel.late import load


def is_one_letter_apart(one: str, other: str) -> bool:
    """Whether at most one slip of the pen lies between them (optimal string alignment distance)."""
    return _distance()(one, other, score_cutoff=1) <= 1


@cache
def _distance() -> Callable[..., int]:
    found: Callable[..., int] = load("rapidfuzz.distance:OSA").distance
    return found
