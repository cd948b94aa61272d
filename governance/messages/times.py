"""Days and instants as messages write them: in the way of their language, by the clocks of the controller."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from governance.messages.texts import language_of

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")
_NO_ZONE: Final = "UTC"


def written(day: date, language: str | None) -> str:
    """A day as people write it."""
    if language_of(language) == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day:%d.%m.%Y}"


def moment(at: datetime, *, language: str | None, zone: str | None) -> str:
    """An instant with the name of its zone.

    Args:
        at: aware.
        language: of the message (ISO 639).
        zone: IANA name; UTC where none is known.
    """
    there = at.astimezone(ZoneInfo(zone or _NO_ZONE))
    return f"{written(there, language)}, {there:%H:%M} ({zone or _NO_ZONE})"
