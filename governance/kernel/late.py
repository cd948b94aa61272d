"""Parts that most processes never use, loaded by the first use: what a process loads it pays for at each start.

For what costs tens of milliseconds and few need: Alembic, the estimator of passwords, writers of workbooks. It is no
way around the layers; whoever names a part could have imported it.
"""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from governance.kernel.collecting import uncollected

Key = TypeVar("Key")
Value = TypeVar("Value")


def load(place: str) -> Any:  # noqa: ANN401 - whatever stands there; callers give it a type
    """What stands at *place* (`package.module:name`)."""
    module, _, name = place.partition(":")
    with uncollected():
        return getattr(importlib.import_module(module), name)


class LateMapping(Mapping[Key, Value]):
    """The mapping at *place*, loaded when it is first looked into."""

    def __init__(self, place: str) -> None:
        self._place = place

    def _loaded(self) -> Mapping[Key, Value]:
        found: Mapping[Key, Value] = load(self._place)
        return found

    def __getitem__(self, key: Key) -> Value:
        return self._loaded()[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())
