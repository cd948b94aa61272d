"""What packages above this one keep of a person under keys of its own, and destroy with an erasure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

Shedder: TypeAlias = Callable[[Work, Sequence[SubjectId]], int]
"""Destroys what a package keeps of people, by the ids of their records; answers how many things that were."""
_INFO: Final = "erasure_shedders"


def install_shedders(database: Database, shedders: Mapping[str, Shedder]) -> None:
    """Let erasures in sessions of *database* have these called, by the name under which the receipt counts it."""
    database.remember(**{_INFO: shedders})


def shed(work: Work, *, people: Sequence[SubjectId]) -> Counter[str]:
    """Have all packages destroy what they keep of people."""
    installed: Mapping[str, Shedder] = work.session.info.get(_INFO, {})
    return Counter({name: act(work, people) for name, act in installed.items()})
