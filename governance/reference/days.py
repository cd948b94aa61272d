"""A calendar by the day: what is a day of rest in a year and why, and one day of it changed."""

from datetime import date
from enum import StrEnum

from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.working_days import Calendar
from governance.reference.calendars import calendar_edits, edit_calendar, names_of_holidays, shipped_calendar


class Origin(StrEnum):
    """Why a day stands in a calendar."""

    SHIPPED = "shipped"
    ADDED = "added"
    """A day of rest of the controller's own."""
    REMOVED = "removed"
    """Shipped as a holiday, and taken out."""
    WORKED = "worked"
    """A day of rest that is worked."""


class Change(StrEnum):
    """What becomes of a day."""

    REST = "rest"
    NO_HOLIDAY = "no_holiday"
    WORKED = "worked"
    AS_SHIPPED = "as_shipped"


@frozen
class CalendarDay:
    """A day of a calendar that is not as other days of the week.

    Attributes:
        name: of the holiday; empty for a weekend that is worked.
    """

    day: date
    name: str
    origin: Origin


def days_of(work: Work, *, calendar: str, year: int, language: str | None = None) -> tuple[int, list[CalendarDay]]:
    """Version of a calendar, and the days of a year that it tells of, in order; names in a language, where it is known.

    Raises:
        InvalidError: no such calendar is known.
    """
    shipped = shipped_calendar(calendar, years=[year]).holidays
    names = shipped if language is None else names_of_holidays(calendar, year=year, language=language)
    version, edits = calendar_edits(work, calendar)
    found = {
        day: CalendarDay(day, names.get(day, name), Origin.REMOVED if day in edits.removed else Origin.SHIPPED)
        for day, name in shipped.items()
    }
    found.update({day: CalendarDay(day, name, Origin.ADDED) for day, name in edits.added.items() if day.year == year})
    found.update(
        {
            day: CalendarDay(day, found[day].name if day in found else "", Origin.WORKED)
            for day in edits.worked
            if day.year == year
        }
    )
    return version, [found[day] for day in sorted(found)]


def change_day(work: Work, *, calendar: str, day: date, change: Change, name: str = "") -> Calendar:
    """Change one day of a calendar, as a version of its own; what was changed before of other days stays.

    Raises:
        InvalidError: no such calendar is known, or the day cannot be changed so; `errors` says which field.
    """
    _version, edits = calendar_edits(work, calendar)
    added = {one: said for one, said in edits.added.items() if one != day}
    removed, worked = edits.removed - {day}, edits.worked - {day}
    if change is Change.REST:
        if not name.strip():
            raise InvalidError("A day of rest needs a name.", errors={"name": ["Say what the day is called."]})
        added[day] = name.strip()
    elif change is Change.NO_HOLIDAY:
        if day not in shipped_calendar(calendar, years=[day.year]).holidays:
            raise InvalidError(
                "The day is no holiday.", errors={"day": ["The calendar has no holiday on this day to take out."]}
            )
        removed = removed | {day}
    elif change is Change.WORKED:
        worked = worked | {day}
    return edit_calendar(work, calendar, added=added, removed=removed, worked=worked)
