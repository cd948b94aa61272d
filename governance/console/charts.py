"""Bars: drawn on the server as shapes, with the same figures in a table for whoever does not see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HEIGHT: Final = 120
WIDTH: Final = 720
_GAP: Final = 3
_LEAST: Final = 2
"""Height of a bar for what is not nothing, so that it is seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar; places in units of the drawing."""

    label: str
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars beside each other.

    Attributes:
        most: the highest value.
    """

    bars: Sequence[Bar]
    most: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen."""
        return self.most == 0


def chart(figures: Sequence[tuple[str, int]]) -> Chart:
    """Bars for labelled figures, the first at the left."""
    most = max((value for _label, value in figures), default=0)
    step = WIDTH / max(1, len(figures))
    bars = []
    for place, (label, value) in enumerate(figures):
        tall = max(_LEAST, round(HEIGHT * value / most, 1)) if value else 0
        bars.append(Bar(label, value, round(place * step, 1), round(HEIGHT - tall, 1), round(step - _GAP, 1), tall))
    return Chart(bars, most)
