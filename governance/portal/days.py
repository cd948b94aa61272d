"""Days as people type them, and as fields have them."""

import re
from typing import Final

from governance.pages.languages import SOURCE, language

_DOTTED: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_WHOLE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def typed_day(said: str) -> str:
    """A day as ISO 8601, typed so or with dots (31.12.1990: with dots the day is first); else what was typed."""
    found = _DOTTED.fullmatch(said.strip())
    return said.strip() if found is None else f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"


def shown_day(day: str) -> str:
    """A day of ISO 8601 as the hint beside a field says to write it: with dots, but in English."""
    if language() == SOURCE or not is_day(day):
        return day
    return ".".join(reversed(day.split("-")))


def is_day(said: str) -> bool:
    """Whether it has the form of a day, as `typed_day` answers it."""
    return _WHOLE.fullmatch(said) is not None
