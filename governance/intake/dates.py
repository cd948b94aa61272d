"""Dates and instants as lists keep them; what is not known stays unknown (a month without a day).

The day stands before the month, as in all countries these lists come from, unless told otherwise. A date that only
makes sense the other way round is refused rather than turned, since its neighbours in the column would be read wrongly.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from governance.intake.cells import Cell, text_of
from governance.intake.values import Flaw, codes, is_nothing
from governance.kernel.records import frozen

_YEAR_WORD = r"(?:\s*(?:г\.?\s?р|р\.?\s?н|(?:года|року)(?:\s+(?:рождения|народження))?|г|р)\.?)?"
"""What stands behind a year: "г.", "р.", and of birth "г.р.", "р.н."."""
_NUMERIC = re.compile(
    rf"(\d{{1,2}})([./\-, ])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_YEAR_WORD}(?:,?\s+(\d{{1,2}}:\d{{2}}(?::\d{{2}})?))?"
)
_ISO = re.compile(
    r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[./\-](\d{4})|(\d{4})[-./](\d{1,2})")
_WORDED = re.compile(
    r"(?:(?P<day>\d{1,2})(?:-?(?:е|го|st|nd|rd|th))?[\s.\-]+)?(?P<month>[^\W\d_]{3,12})\.?[\s,\-]*(?:(?P<us_day>\d{1,2})(?:st|nd|rd|th)?,\s+)?"
    rf"(?P<year>\d{{4}}|\d{{2}}){_YEAR_WORD}"
)
_YEAR = re.compile(rf"(1[89]\d{{2}}|20\d{{2}}){_YEAR_WORD}")
_COMPACT_DAY_FIRST = re.compile(r"(\d{2})(\d{2})((?:19|20)\d{2})")
_QUOTES = str.maketrans("", "", '«»“”„"')
_NO_YEAR = re.compile(r"\d{1,2}[./\-]\d{1,2}\.?|\d{1,2}\s+[^\W\d_]{3,12}")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
EXCEL_EPOCH = date(1899, 12, 30)
FIRST_SERIAL, LAST_SERIAL = 61, 80000
"""1 March 1900, from where on Excel counts days rightly, to the year 2119."""
OLDEST_YEARS = 125


class Use(StrEnum):
    """What a date says, which decides the plausible range and the century of two digits."""

    BIRTH = "birth"
    PAST = "past"
    ANY = "any"


@frozen
class PartialDate:
    """A date of which the day, or month and day, may be unknown (ISO 8601, reduced precision)."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def exact(self) -> date | None:
        """The date where all of it is known."""
        return None if self.month is None or self.day is None else date(self.year, self.month, self.day)

    @property
    def earliest(self) -> date:
        """The first day it may be."""
        return date(self.year, self.month or 1, self.day or 1)

    def __str__(self) -> str:
        if self.month is None:
            return f"{self.year:04}"
        return f"{self.year:04}-{self.month:02}" + ("" if self.day is None else f"-{self.day:02}")

    @classmethod
    def parse(cls, iso: str) -> "PartialDate":
        """Read what `str` wrote."""
        return cls(*map(int, iso.split("-")))


@frozen
class Reader:
    """Reads date cells of one file.

    Attributes:
        today: no birth lies after it.
        zone: of instants that name none.
        day_first: whether the day stands before the month in `03/04/2024`.
    """

    today: date
    zone: tzinfo = UTC
    day_first: bool = True

    def read_date(self, cell: Cell, *, use: Use) -> PartialDate | Flaw | None:
        """A date; the time of day in the cell is left out. None where the cell says there is none."""
        read = self._read(cell, use)
        if isinstance(read, datetime):
            read = PartialDate(read.year, read.month, read.day)
        return self._plausible(read, use) if isinstance(read, PartialDate) else read

    def read_moment(self, cell: Cell, *, use: Use) -> datetime | PartialDate | Flaw | None:
        """An aware instant, or a date where no time of day is given."""
        read = self._read(cell, use)
        if isinstance(read, datetime):
            aware = (read if read.tzinfo else read.replace(tzinfo=self.zone)).astimezone(UTC)
            flaw = self._plausible(PartialDate(aware.year, aware.month, aware.day), use)
            return flaw if isinstance(flaw, Flaw) else aware
        return self._plausible(read, use) if isinstance(read, PartialDate) else read

    def _read(self, cell: Cell, use: Use) -> datetime | PartialDate | Flaw | None:
        if isinstance(cell, datetime):
            return cell if cell.time() != time() else PartialDate(cell.year, cell.month, cell.day)
        if isinstance(cell, date):
            return PartialDate(cell.year, cell.month, cell.day)
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            return _from_number(cell)
        text = text_of(cell)
        if is_nothing(text):
            return None
        return self._text(text, use)

    def _text(self, text: str, use: Use) -> datetime | PartialDate | Flaw:
        found = _NUMERIC.fullmatch(text)
        if found:
            first, _, second, year, clock = found.groups()
            day, month = (first, second) if self.day_first else (second, first)
            return _with_time(_checked(self._year(year, use), int(month), int(day)), clock, None)
        found = _ISO.fullmatch(text)
        if found:
            year, month, day, clock, offset = found.groups()
            return _with_time(_checked(int(year), int(month), int(day)), clock, offset)
        return self._rarer(text, use)

    def _rarer(self, text: str, use: Use) -> datetime | PartialDate | Flaw:
        lowered = text.casefold().translate(_QUOTES)
        forms: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], PartialDate | Flaw]], ...] = (
            # No number reads both ways: 19 and 20 are no months.
            (_COMPACT_DAY_FIRST, self._day_first),
            (_COMPACT, lambda m: _checked(int(m[1]), int(m[2]), int(m[3]))),
            (_MONTH_YEAR, lambda m: _checked(int(m[2] or m[3]), int(m[1] or m[4]), None)),
            (_WORDED, lambda m: self._worded(m, use)),
            (_YEAR, lambda m: PartialDate(int(m[1]))),
        )
        for form, read in forms:
            found = form.fullmatch(lowered)
            if found:
                return read(found)
        if _SERIAL.fullmatch(lowered):
            return _from_number(float(lowered.replace(",", ".")))
        if _NO_YEAR.fullmatch(lowered):
            return Flaw("date-without-year", "The year is missing; write day, month and year.")
        return Flaw("date-form", "This is in no usual form of a date; write it as 31.12.1980 or 1980-12-31.")

    def _day_first(self, found: re.Match[str]) -> PartialDate | Flaw:
        day, month = (found[1], found[2]) if self.day_first else (found[2], found[1])
        return _checked(int(found[3]), int(month), int(day))

    def _worded(self, found: re.Match[str], use: Use) -> PartialDate | Flaw:
        month = codes("month").get(found["month"].replace("ё", "е"))
        if month is None:
            return Flaw("date-month-word", "The word is no month that is known; write the date as 31.12.1980.")
        day = found["day"] or found["us_day"]
        return _checked(self._year(found["year"], use), int(month), int(day) if day else None)

    def _year(self, digits: str, use: Use) -> int:
        """Four digits, or two of the century that the use makes plausible."""
        year = int(digits)
        if len(digits) == 4:
            return year
        latest = self.today.year + (10 if use is Use.ANY else 0)
        return 2000 + year if 2000 + year <= latest else 1900 + year

    def _plausible(self, read: PartialDate, use: Use) -> PartialDate | Flaw:
        if use is not Use.ANY and read.earliest > self.today + timedelta(days=1):
            return Flaw("date-future", "This lies in the future; correct the year.")
        if read.year < self.today.year - OLDEST_YEARS:
            return Flaw("date-old", f"This lies more than {OLDEST_YEARS} years back; correct the year.")
        if read.year > self.today.year + 100:
            return Flaw("date-far", "This lies more than a century ahead; correct the year.")
        return read


def _from_number(number: float) -> datetime | PartialDate | Flaw:
    """Excel keeps dates as days since 1899-12-30, and a bare year as itself; `20240312` is taken, too."""
    if number == int(number):
        whole = int(number)
        if 1880 <= whole <= 2100:
            return PartialDate(whole)
        compact = _COMPACT.fullmatch(str(whole))
        if compact:
            return _checked(int(compact[1]), int(compact[2]), int(compact[3]))
    if not FIRST_SERIAL <= number <= LAST_SERIAL:
        return Flaw("date-number", "This number is no date; format the cell as a date or write 31.12.1980.")
    on = EXCEL_EPOCH + timedelta(days=int(number))
    seconds = round((number - int(number)) * 86400)
    if seconds:
        return datetime.combine(on, time()) + timedelta(seconds=seconds)
    return PartialDate(on.year, on.month, on.day)


def _checked(year: int, month: int, day: int | None) -> PartialDate | Flaw:
    if not 1 <= month <= 12:
        return Flaw("date-month", "There are twelve months; if the month stands before the day, say so for this file.")
    if not 1 <= year <= 9999:
        return Flaw("date-year", "There is no such year; correct it.")
    if day is not None and not 1 <= day <= monthrange(year, month)[1]:
        return Flaw("date-day", "That month of that year has no such day; correct the day or the month.")
    return PartialDate(year, month, day)


def _with_time(on: PartialDate | Flaw, clock: str | None, offset: str | None) -> datetime | PartialDate | Flaw:
    # Exports write a bare date as midnight without a zone.
    if isinstance(on, Flaw) or clock is None or (offset is None and not clock.strip("0:.,")):
        return on
    padded = clock.replace(",", ".") if clock[1:2] != ":" else f"0{clock.replace(',', '.')}"
    zone = (offset or "").upper()
    if zone and zone != "Z" and ":" not in zone:
        zone = f"{zone[:3]}:{zone[3:] or '00'}"
    try:
        return datetime.fromisoformat(f"{on}T{padded}{zone}")
    except ValueError:
        return Flaw("date-time", "There is no such time of day; write it as 14:30.")
