"""Charts drawn on the server as shapes, with the same figures in a table for whoever does not see them."""

from collections.abc import Sequence
from typing import Final

from governance.kernel.records import frozen

HEIGHT: Final = 120
WIDTH: Final = 720
_GAP: Final = 3
_LEAST: Final = 2
"""Height of a pillar for what is not nothing, so that it is seen."""
_SHARE: Final = 0.15
"""How much of the greater one the smaller side of an axis has at least, so that its figures do not touch."""
_STEPS: Final = (1, 2, 4, 5, 10)
"""Where an axis ends: one of these times a power of ten."""


@frozen
class Pair:
    """A figure that stands up from the line and one that hangs from it; None for one too small to be told.

    Attributes:
        short: what stands below it. label: the same in full.
    """

    short: str
    label: str
    up: int | None
    down: int | None = 0


@frozen
class Pillar:
    """A pair as it is drawn; places in units of the drawing."""

    pair: Pair
    x: float
    width: float
    up_y: float
    up_height: float
    down_height: float


@frozen
class Mark:
    """What stands at a line of an axis; its place in percent from the top."""

    value: int
    place: float


@frozen
class Plot:
    """Pairs beside each other on one axis.

    Attributes:
        marks: of the axis, from the top to the bottom.
        zero: where the line is that all stand on.
    """

    pillars: Sequence[Pillar]
    marks: Sequence[Mark]
    zero: float
    is_empty: bool
    width: int = WIDTH
    height: int = HEIGHT


@frozen
class Line:
    """A figure with a bar beside it; its share in percent of the most."""

    label: str
    value: int
    share: float


def plot(pairs: Sequence[Pair]) -> Plot:
    """Pairs on an axis, the first at the left; where none hangs down, the line that all stand on is at the bottom."""
    highest, lowest = (max((_of(one, up=up) or 0 for one in pairs), default=0) for up in (True, False))
    hangs = any(one.down != 0 for one in pairs)
    end = axis_end(max(highest, lowest * _SHARE)) if hangs else axis_end(highest)
    depth = axis_end(max(lowest, end * _SHARE)) if hangs else 0
    unit, step = HEIGHT / (end + depth), WIDTH / max(1, len(pairs))
    zero = round(end * unit, 1)
    pillars = []
    for place, one in enumerate(pairs):
        up, down = _height(one.up, unit), _height(one.down, unit)
        x, width = round(place * step + _GAP, 1), round(step - 2 * _GAP, 1)
        pillars.append(Pillar(one, x, width, round(zero - up, 1), up, down))
    values = (end, 0, -depth) if hangs else (end, end // 2, 0)
    marks = [Mark(abs(value), round(100 * (end - value) / (end + depth), 1)) for value in values]
    return Plot(pillars, marks, zero, all(one.up == 0 and one.down == 0 for one in pairs))


def _of(pair: Pair, *, up: bool) -> int | None:
    return pair.up if up else pair.down


def lines(figures: Sequence[tuple[str, int]]) -> Sequence[Line]:
    """Labelled figures with bars, in their order."""
    most = max((value for _label, value in figures), default=0)
    return [Line(label, value, round(100 * value / most, 1) if most else 0) for label, value in figures]


def axis_end(most: float) -> int:
    """A round even number, not below *most*: so half of it is a whole one."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power >= max(2, most) and step * power % 2 == 0:
                return step * power
        power *= 10


def _height(value: int | None, unit: float) -> float:
    if value is None:
        return _LEAST
    return max(_LEAST, round(value * unit, 1)) if value else 0
