"""Days of rest: as the package `holidays` knows them, until somebody edits a calendar; each edit makes a version.

A version holds the edits, not the days: what is added, taken away, or worked though it is a day of rest. So a year that
nobody thought of when a calendar was edited has its usual holidays all the same.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from sqlalchemy import select, text

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.errors import InvalidError
from governance.kernel.ids import uuid7
from governance.kernel.late import load
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.working_days import Calendar
from governance.reference.holiday_names import holiday_name
from governance.reference.tables import CalendarVersionRow

CALENDAR_LOCK = 0x63616C656E646172
"""Advisory lock under which versions are numbered ("calendar" in ASCII)."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Years that calendars tell of."""
_LOCALES = {"en": "en_US"}
"""As the package names languages, where it names them by country."""
_MOST_EDITS = 2000
_LONGEST_NAME = 100


@frozen
class CalendarEdits:
    """How a calendar differs from the one shipped.

    Attributes:
        added: names of days of rest.
        removed: days that are no holiday after all; a weekend stays one.
        worked: days that are worked though they are days of rest.
    """

    added: Mapping[date, str]
    removed: frozenset[date]
    worked: frozenset[date]


UNEDITED = CalendarEdits(MappingProxyType({}), frozenset(), frozenset())
"""As shipped: version 0."""


def calendar_name(key: str, language: str) -> str:
    """What people call a calendar: its country in a language (CLDR), and the part of it; its key where it has none."""
    if not load("babel.localedata:exists")(language):
        return key
    of, _, part = key.partition("-")
    named = load("babel.core:Locale")(language).territories.get(of.upper(), of)
    if named == of:
        return key
    return f"{named} ({part})" if part else str(named)


def shipped_calendar(key: str, *, years: Iterable[int], transfers: bool = False) -> Calendar:
    """The calendar of a country (`DE`) or a part of one (`DE-BY`), as shipped: version 0.

    Args:
        key: of the calendar.
        years: which it is to tell of.
        transfers: whether weekend days count as worked where a government moved their rest to other days.

    Raises:
        InvalidError: where no such calendar is known.
    """
    country, _, part = key.partition("-")
    weekend: set[int] = set()
    days: dict[date, str] = {}
    worked: set[date] = set()
    for year in years:
        if FIRST_YEAR <= year <= LAST_YEAR:
            found, weekend, moved = _known(country, part, year)
            days.update(found)
            worked |= moved if transfers else frozenset()
    return Calendar(key, 0, MappingProxyType(days), frozenset(worked), frozenset(weekend or {5, 6}))


def names_of_holidays(key: str, *, year: int, language: str) -> Mapping[date, str]:
    """What shipped holidays are called in a language: by the package of holidays, else by names of our own.

    Where neither has one, a holiday is called as its calendar calls it.

    Raises:
        InvalidError: where no such calendar is known.
    """
    country, _, part = key.partition("-")
    locale = _LOCALES.get(language, language)
    known = _known(country, part, year, locale)[0]
    if locale in load("holidays:country_holidays")(country, subdiv=part or None).supported_languages:
        return known
    english = _known(country, part, year, _LOCALES["en"])[0]
    return {day: holiday_name(english.get(day, ""), language=language) or name for day, name in known.items()}


@lru_cache(maxsize=256)
def _known(
    country: str, part: str, year: int, language: str | None = None
) -> tuple[Mapping[date, str], set[int], frozenset[date]]:
    """Holidays of a year by day, days of the week without work, and weekend days that are worked all the same."""
    try:
        found = load("holidays:country_holidays")(country, subdiv=part or None, years=year, language=language)
    except NotImplementedError:
        raise InvalidError(
            "No such calendar is known.",
            errors={"calendar": ["Give a country such as DE, or a part of one such as DE-BY; or edit a calendar."]},
        ) from None
    days = {day: name for day, name in sorted(found.items()) if day.year == year}
    worked = frozenset(day for day in getattr(found, "weekend_workdays", ()) if day.year == year)
    return MappingProxyType(days), set(found.weekend), worked


def calendar_in_force(work: Work, key: str, *, years: Iterable[int], transfers: bool = False) -> Calendar:
    """The calendar with its edits, for *years*; *transfers* as of `shipped_calendar`.

    Raises:
        InvalidError: where no such calendar is known.
    """
    row = _newest(work, key)
    shipped = shipped_calendar(key, years=(wanted := set(years)), transfers=transfers)
    return shipped if row is None else _edited(shipped, _edits(row), row.version, wanted)


def calendar_edits(work: Work, key: str) -> tuple[int, CalendarEdits]:
    """Version and edits of a calendar; 0 and none where nobody edited it."""
    row = _newest(work, key)
    return (0, UNEDITED) if row is None else (row.version, _edits(row))


def edited_calendars(work: Work) -> list[str]:
    """Keys of calendars that were edited, in order."""
    return list(work.session.scalars(select(CalendarVersionRow.key).distinct().order_by(CalendarVersionRow.key)))


def edit_calendar(
    work: Work, key: str, *, added: Mapping[date, str], removed: Iterable[date] = (), worked: Iterable[date] = ()
) -> Calendar:
    """Replace the edits of a calendar; due dates that were computed before stay as they are.

    Raises:
        InvalidError: the calendar is unknown, or an edit cannot be kept; `errors` says which.
    """
    edits = CalendarEdits(MappingProxyType(dict(added)), frozenset(removed), frozenset(worked))
    years = {day.year for day in (*edits.added, *edits.removed, *edits.worked)} or {work.now.year}
    shipped = shipped_calendar(key, years=years)
    _require_sense(edits)
    work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CALENDAR_LOCK})
    newest = _newest(work, key)
    version = 1 if newest is None else newest.version + 1
    if newest is not None and _edits(newest) == edits:
        return _edited(shipped, edits, newest.version, years)
    row = CalendarVersionRow(
        id=uuid7(),
        key=key,
        version=version,
        recorded_at=work.now,
        added={day.isoformat(): name for day, name in sorted(edits.added.items())},
        removed=sorted(edits.removed),
        worked=sorted(edits.worked),
    )
    work.session.add(row)
    work.session.flush()
    audit.append(
        work,
        Action.CALENDAR_EDITED,
        object=ObjectRef("calendar", row.id),
        facts={
            "calendar": key,
            "version": version,
            "added": len(edits.added),
            "removed": len(edits.removed),
            "worked": len(edits.worked),
        },
    )
    return _edited(shipped, edits, version, years)


def _require_sense(edits: CalendarEdits) -> None:
    errors: dict[str, list[str]] = {}
    if len(edits.added) + len(edits.removed) + len(edits.worked) > _MOST_EDITS:
        errors["added"] = [f"A calendar has at most {_MOST_EDITS} edits."]
    for day, name in edits.added.items():
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            errors["added"] = [f"{day} needs a name of at most {_LONGEST_NAME} characters."]
    if twice := sorted(edits.worked & edits.added.keys()):
        errors["worked"] = [f"{twice[0]} is added as a day of rest as well."]
    for field, days in (("added", edits.added), ("removed", edits.removed), ("worked", edits.worked)):
        if any(not FIRST_YEAR <= day.year <= LAST_YEAR for day in days):
            errors[field] = [f"Days lie in {FIRST_YEAR} to {LAST_YEAR}."]
    if errors:
        raise InvalidError("The calendar cannot be kept as it was given.", errors=errors)


def _edited(shipped: Calendar, edits: CalendarEdits, version: int, years: set[int]) -> Calendar:
    days = {day: name for day, name in shipped.holidays.items() if day not in edits.removed}
    days.update({day: name for day, name in edits.added.items() if day.year in years})
    worked = (shipped.worked - edits.added.keys()) | edits.worked
    return Calendar(shipped.key, version, MappingProxyType(days), worked, shipped.weekend)


def _newest(work: Work, key: str) -> CalendarVersionRow | None:
    query = select(CalendarVersionRow).where(CalendarVersionRow.key == key)
    return work.session.scalars(query.order_by(CalendarVersionRow.version.desc()).limit(1)).first()


def _edits(row: CalendarVersionRow) -> CalendarEdits:
    added = {date.fromisoformat(day): str(name) for day, name in row.added.items()}
    return CalendarEdits(MappingProxyType(added), frozenset(row.removed), frozenset(row.worked))
