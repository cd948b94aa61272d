"""What packages above this one do when a merge is undone: an erasure of the one lets go of the other, or refuses."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

Parting: TypeAlias = Callable[[Work, SubjectId, SubjectId], None]
"""Told of two who are two again, in the same transaction, with both locked; an error that it raises refuses that."""
_INFO: Final = "merge_partings"


def install_partings(database: Database, partings: Mapping[str, Parting]) -> None:
    """Let the undoing of merges in sessions of *database* be told to these."""
    database.remember(**{_INFO: partings})


def tell_parted(work: Work, *, survivor: SubjectId, other: SubjectId) -> None:
    """Tell all packages that two are two again."""
    installed: Mapping[str, Parting] = work.session.info.get(_INFO, {})
    for act in installed.values():
        act(work, survivor, other)
