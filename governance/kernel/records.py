"""Frozen records: dataclasses whose methods are compiled when one is first asked for.

`dataclasses` compiles six functions for each class. Of some five hundred records a process uses a few dozen, and to
compile for all of them takes a fifth of a second of each start and megabytes of each process.
"""

from collections.abc import Callable
from dataclasses import Field, FrozenInstanceError, dataclass, field, fields, make_dataclass
from typing import Any, Final, Never, TypeVar, dataclass_transform, overload

Row = TypeVar("Row")

_BY_VALUE: Final = ("__eq__", "__hash__")


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field, Field))
def frozen(owner: type[Row], /) -> type[Row]: ...


@overload
@dataclass_transform(frozen_default=True, field_specifiers=(field, Field))
def frozen(*, eq: bool = True, kw_only: bool = False) -> Callable[[type[Row]], type[Row]]: ...


def frozen(
    owner: type[Row] | None = None, /, *, eq: bool = True, kw_only: bool = False
) -> type[Row] | Callable[[type[Row]], type[Row]]:
    """As `@dataclass(frozen=True, slots=True)`, but that methods are compiled when they are first asked for.

    Args:
        owner: the class, where the decorator is written without brackets.
        eq: whether two of equal fields are equal; else each equals itself only.
        kw_only: whether fields are given by name only.
    """

    def made(plain: type[Row]) -> type[Row]:
        own = plain.__dict__
        late = [_Late(name) for name in ("__init__", "__repr__", *(_BY_VALUE if eq else ())) if name not in own]
        if plain.__doc__ is None:
            plain.__doc__ = plain.__name__  # else the signature would be written there, which needs `__init__`
        for method in late:
            setattr(plain, method.name, method)
        for name, value in _FROZEN.items():
            setattr(plain, name, value)
        slotted = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(plain)
        for method in late:
            method.owner = slotted
        return slotted

    return made if owner is None else made(owner)


class _Late:
    """A method that puts what is compiled into its own place when it is first looked up; twice does no harm."""

    __slots__ = ("name", "owner")

    def __init__(self, name: str) -> None:
        self.name = name
        self.owner: type[Any]

    def __get__(self, one: object | None, kind: type | None = None) -> Any:  # noqa: ANN401 - a method, bound or not
        method = _compiled(self.owner, self.name)
        setattr(self.owner, self.name, method)
        return method.__get__(one, kind)


def _compiled(owner: type[Any], name: str) -> Any:  # noqa: ANN401 - a method
    ending = {"__post_init__": owner.__post_init__} if hasattr(owner, "__post_init__") else {}
    pattern = make_dataclass(
        owner.__name__,
        [(one.name, one.type, one) for one in fields(owner)],
        namespace={"__module__": owner.__module__, "__qualname__": owner.__qualname__, "__doc__": "", **ending},
        init=name == "__init__",
        repr=name == "__repr__",
        eq=name in _BY_VALUE,
        frozen=True,
    )
    return pattern.__dict__[name]


def _refuse(_one: object, name: str, *_value: object) -> Never:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(one: Any) -> list[Any]:  # noqa: ANN401 - any record
    return [getattr(one, each.name) for each in fields(one)]


def _restore(one: Any, state: list[Any]) -> None:  # noqa: ANN401 - any record
    for each, value in zip(fields(one), state, strict=True):
        object.__setattr__(one, each.name, value)


_FROZEN: Final[dict[str, Any]] = {
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _state,
    "__setstate__": _restore,
}
