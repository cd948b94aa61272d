"""Codes of settings in words: laws, calendars, fields, mails."""

from collections.abc import Mapping

from flask_babel import gettext, ngettext

from governance.pages.languages import by_language
from governance.policies.deadline_rules import Span, Unit


def spelled(span: Span) -> str:
    """A time limit as people write it."""
    if span.count == 0:
        return str(gettext("at once"))
    if span.unit is Unit.MONTHS:
        return str(ngettext("%(num)d month", "%(num)d months", span.count))
    if span.unit is Unit.DAYS:
        return str(ngettext("%(num)d day", "%(num)d days", span.count))
    return str(ngettext("%(num)d working day", "%(num)d working days", span.count))


@by_language
def origins() -> Mapping[str, tuple[str, str]]:
    """Why a day stands in a calendar: in words, and how it is marked."""
    return {
        "shipped": (gettext("holiday"), "plain"),
        "added": (gettext("added here"), "good"),
        "removed": (gettext("taken out here"), "bad"),
        "worked": (gettext("worked here"), "wait"),
    }


@by_language
def changes() -> Mapping[str, str]:
    """What becomes of a day."""
    return {
        "rest": gettext("a day off"),
        "worked": gettext("a working day, though it is a day of rest"),
        "no_holiday": gettext("no holiday after all"),
        "as_shipped": gettext("as in the shipped calendar"),
    }
