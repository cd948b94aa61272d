"""How much of a file may be read while somebody waits for the answer."""

import time
from collections.abc import Callable, Iterator

from governance.intake.files import ReadRow
from governance.intake.reading import SkippedRow
from governance.kernel.records import frozen


@frozen
class Bounds:
    """What a reading may cost.

    Attributes:
        rows: rows of data; those that are none (blank ones, totals) count by the time that they take.
        seconds: from the beginning of the reading, the opening of the file included.
    """

    rows: int
    seconds: float


class BoundedRows:
    """The rows of a file as far as *bounds* go; without bounds, all of them.

    Attributes:
        cut: whether rows were left unread.
    """

    def __init__(self, bounds: Bounds | None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.cut = False
        self._bounds = bounds
        self._monotonic = monotonic
        self._until = monotonic() + (0.0 if bounds is None else bounds.seconds)

    def of(self, rows: Iterator[ReadRow]) -> Iterator[ReadRow]:
        """*rows*, until a bound is reached."""
        if self._bounds is None:
            yield from rows
            return
        left = self._bounds.rows
        for row in rows:
            left -= not isinstance(row.row, SkippedRow)
            if left < 0 or self._monotonic() > self._until:
                self.cut = True
                return
            yield row
