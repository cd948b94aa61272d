"""Frozen records are what `dataclass(frozen=True, slots=True)` makes, whenever their methods are compiled."""

import copy
import inspect
import pickle
import threading
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from governance.kernel.records import frozen


@frozen
class Point:
    """A place."""

    x: int
    y: int = 2
    names: tuple[str, ...] = field(default_factory=tuple, repr=False)


@dataclass(frozen=True, slots=True)
class Plain:
    """The same, as the standard library makes it."""

    x: int
    y: int = 2
    names: tuple[str, ...] = field(default_factory=tuple, repr=False)


@frozen
class Cube(Point):
    z: int = 3

    def __post_init__(self) -> None:
        if self.z < 0:
            raise ValueError("below the ground")


@frozen(eq=False, kw_only=True)
class Named:
    late: str = ""
    first: int


def test_a_record_is_made_and_told_as_a_dataclass_is() -> None:
    assert repr(Point(1, names=("a",))) == repr(Plain(1, names=("a",))).replace("Plain", "Point") == "Point(x=1, y=2)"
    assert str(inspect.signature(Point)) == str(inspect.signature(Plain))
    assert Point.__match_args__ == Plain.__match_args__
    assert [one.name for one in fields(Point)] == ["x", "y", "names"]
    assert is_dataclass(Point)
    assert asdict(Point(1)) == asdict(Plain(1))
    assert replace(Point(1), y=5) == Point(1, 5)
    assert Point.__doc__ == "A place."
    assert not hasattr(Point(1), "__dict__")
    with pytest.raises(TypeError, match=r"Point.__init__\(\) missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]  # what is tried


def test_records_are_equal_by_value_and_of_one_class_only() -> None:
    assert Point(1) == Point(1)
    assert Point(1) != Point(2)
    assert Point(1) != Plain(1)
    assert Point(1) != Cube(1)
    assert {Point(1), Point(1), Point(2)} == {Point(2), Point(1)}
    assert Named(first=1) != Named(first=1)
    assert len({Named(first=1), Named(first=1)}) == 2


def test_nothing_can_be_assigned_or_deleted_in_a_record() -> None:
    one: Any = Point(1)

    for name in ("x", "other"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(one, name, 2)
    with pytest.raises(FrozenInstanceError):
        del one.x

    assert one == Point(1)


def test_a_record_survives_copying_and_pickling() -> None:
    one = Cube(1, 5, ("a", "b"), 7)

    assert copy.copy(one) == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one


def test_a_record_inherits_fields_and_checks_itself_when_it_is_made() -> None:
    assert repr(Cube(1)) == "Cube(x=1, y=2, z=3)"
    with pytest.raises(ValueError, match="below the ground"):
        Cube(1, z=-1)


def test_fields_given_by_name_only_may_follow_those_with_defaults() -> None:
    assert Named(first=1).late == ""
    with pytest.raises(TypeError):
        Named("late", 1)  # type: ignore[misc]  # what is tried


def test_methods_are_compiled_by_the_first_use_and_not_before() -> None:
    @frozen
    class Fresh:
        x: int

    methods = ("__init__", "__eq__", "__hash__", "__repr__")

    def compiled() -> set[str]:
        return {name for name in methods if inspect.isfunction(vars(Fresh)[name])}

    assert compiled() == set()
    one = Fresh(1)
    assert compiled() == {"__init__"}
    assert one == Fresh(1)
    assert compiled() == {"__init__", "__eq__"}


def test_threads_that_make_the_first_records_at_once_all_get_theirs() -> None:
    @frozen
    class Fresh:
        x: int

    together, made = threading.Barrier(8), []

    def make(number: int) -> None:
        together.wait()
        made.append(Fresh(number))

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {one.x for one in made} == set(range(8))
