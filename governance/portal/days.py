"""Days as people type them."""

import re
from typing import Final

_DOTTED: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_WHOLE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def typed_day(said: str) -> str:
    """A day as ISO 8601, typed so or with dots (31.12.1990: with dots the day is first); else what was typed."""
    found = _DOTTED.fullmatch(said.strip())
    return said.strip() if found is None else f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}"


def is_day(said: str) -> bool:
    """Whether it has the form of a day, as `typed_day` answers it."""
    return _WHOLE.fullmatch(said) is not None
