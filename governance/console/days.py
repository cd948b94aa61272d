"""Days as officers count them: in the controller's zone, and how far away a day is, in words."""

from datetime import date
from zoneinfo import ZoneInfo

from flask import g
from flask_babel import gettext, ngettext

from governance.console.guard import Visit

_FIRST, _LAST = 1800, 2500
SOON = 7
"""Days; what is due within them is shown as such."""


def today(visit: Visit) -> date:
    """The present day in the controller's zone."""
    zone: str = g.get("zone", "UTC")
    return visit.work.now.astimezone(ZoneInfo(zone)).date()


def countdown(due: date, on: date) -> tuple[str, str]:
    """How far away a day is, in words, and how that is marked."""
    left = (due - on).days
    if left < 0:
        return ngettext("%(num)d day late", "%(num)d days late", -left), "bad"
    if left == 0:
        return gettext("due today"), "bad"
    said = ngettext("%(num)d day left", "%(num)d days left", left)
    return said, "wait" if left <= SOON else "plain"


def read_day(said: str) -> date | None:
    """A day as a form sends it; None where it is none, or one that no calendar of ours reaches."""
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return None
    return day if _FIRST <= day.year <= _LAST else None
