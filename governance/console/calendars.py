"""Calendars: days of rest by country and year, and what was changed of them here."""

from typing import Final

from flask import Response, request
from flask_babel import gettext

from governance.console import sayings, words_settings
from governance.console.days import read_day, today
from governance.console.frame import go, page
from governance.console.guard import Visit, act, screen
from governance.kernel.errors import InvalidError
from governance.pages.forms import EMPTY, Typed, whole_number
from governance.pages.languages import language
from governance.reference.calendars import FIRST_YEAR, LAST_YEAR, edited_calendars
from governance.reference.days import Change, change_day, days_of
from governance.reference.operations import controller

PART: Final = "settings"


@screen("/settings/calendars", "calendars")
def calendars(visit: Visit, typed: Typed = EMPTY) -> Response:
    """The days of rest of a country, or of a part of one, in a year."""
    ours, errors = controller(visit.work).calendar, dict(sayings.by_field(typed.errors))
    asked = (request.values.get("calendar") or ours).strip().upper()
    said = request.values.get("year", "")
    wanted = whole_number(said)
    year = wanted if wanted is not None and FIRST_YEAR <= wanted <= LAST_YEAR else today(visit).year
    sought: dict[str, str] = {}
    try:
        version, rows = days_of(visit.work, calendar=asked, year=year, language=language())
    except InvalidError:
        version, rows = 0, []
        sought["calendar"] = gettext("No such calendar is known. Write a country, such as DE, or a part of one: DE-BY.")
    if said and str(year) != said:
        sought["year"] = gettext("Write a year as 2026.")
    return page(
        visit,
        "calendars",
        part=PART,
        tab="calendars",
        calendar=asked,
        year=year,
        said_year=said or str(year),
        version=version,
        rows=rows,
        others=sorted({ours, *edited_calendars(visit.work)} - {asked}),
        sought=sought,
        origins=words_settings.origins(),
        changes=list(words_settings.changes().items()),
        typed=typed,
        errors=errors,
    )


def _back() -> Response:
    said = request.form
    day = read_day(said.get("day", ""))
    year = {} if day is None else {"year": day.year}
    return go("calendars", calendar=said.get("calendar", ""), **year)


@act("/settings/calendars", "change_calendar", shows=calendars, of="calendars", then=_back)
def change(visit: Visit) -> Response:
    """Change what a day is; due dates that were told before stay."""
    said = request.form
    day = read_day(said.get("day", ""))
    if day is None:
        raise InvalidError("The day is none.", errors={"day": ["Write a day as 2026-12-31."]})
    if said.get("change", "") not in set(Change):
        raise InvalidError("The change is none.", errors={"change": ["Choose what the day is."]})
    change_day(
        visit.work,
        calendar=said.get("calendar", "").strip().upper(),
        day=day,
        change=Change(said["change"]),
        name=said.get("name", ""),
    )
    return _back()
