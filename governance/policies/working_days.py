"""Working days: which days of a calendar count where a law speaks of them, and how far they reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

ONE_DAY = timedelta(days=1)
_LONGEST_REST = 400
"""Days without a working day after which a calendar is taken for wrong; none on earth rests for a year."""


class CalendarError(ValueError):
    """A calendar has no working day within a year."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The holidays of a country, or of a part of one.

    Attributes:
        key: ISO 3166 code: `DE`, `DE-BY`.
        version: 0 as shipped; counts up with each edit.
        holidays: names of public holidays by day.
        worked: days that are worked though they are holidays or fall on a weekend, as by a transfer of days off.
        weekend: days of the week without work, Monday being 0.
    """

    key: str
    version: int
    holidays: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))
    worked: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({5, 6})

    def rests_on(self, day: date) -> bool:
        """Whether *day* is a public holiday or falls on a weekend (Regulation 1182/71 Art. 2)."""
        return day not in self.worked and (day in self.holidays or day.weekday() in self.weekend)

    def working_day_from(self, day: date) -> date:
        """*day* itself where it is worked, else the next day that is.

        Raises:
            CalendarError: where there is none within a year.
        """
        for ahead in range(_LONGEST_REST):
            if not self.rests_on(found := day + ahead * ONE_DAY):
                return found
        raise CalendarError(f"The calendar {self.key} has no working day within a year from {day}.")

    def after_working_days(self, day: date, count: int) -> date:
        """The last of *count* working days that follow *day*, which does not count itself; *day* where *count* is 0."""
        for _ in range(count):
            day = self.working_day_from(day + ONE_DAY)
        return day

    def working_days(self, after: date, until: date) -> int:
        """How many working days there are after the one day and until the other, that one included."""
        span = (until - after).days
        return sum(not self.rests_on(after + ahead * ONE_DAY) for ahead in range(1, span + 1))
