"""Masks: enough of a value to recognise what one knows already, never enough to learn it.

Masking is idempotent, so a masked value that is masked once more is not mangled.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

DOTS = "•••"
UNREADABLE = f"{DOTS} unreadable"
"""Shown in place of a value that is there and does not open. Like every mask, it cannot be sent back as a value."""
_INITIAL_AT_LEAST = 3
"""Shorter words show nothing: their first letter would be half of them (characters)."""
_PHONE_AT_LEAST = 7
_TAIL_AT_LEAST = 6
_TOP_DOMAIN_AT_MOST = 10

_MASKED_INITIAL = re.compile(rf"\w?{DOTS}")
_MASKED_EMAIL = re.compile(rf"\w?{DOTS}@\w?{DOTS}(?:\.\w+)?")
_MASKED_PHONE = re.compile(rf"(?:\+\d{{1,3}} )?{DOTS} ••\d\d")
_MASKED_DATE = re.compile(r"••\.••\.\d{4}")
_MASKED_TAIL = re.compile(rf"{DOTS}\w\w")
_DATE = re.compile(r"(\d{4})-\d\d(?:-\d\d)?")
"""ISO 8601, possibly without a day; a year alone is masked fully, since the year is all that a mask shows."""
_CALLING_CODE = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}")
"""Country calling code at the start of an E.164 number: no code is the beginning of another (ITU-T E.164, 6.2.1)."""


class Mask(StrEnum):
    """How a value is shown in part."""

    INITIAL = "initial"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    TAIL = "tail"
    FULL = "full"


def mask(kind: Mask, value: object) -> str | None:
    """Show *value* in part.

    Args:
        kind: how.
        value: text, or a date for `Mask.DATE`; anything that is no text is masked fully. None stays None: that nothing
            is there is not hidden.

    Returns:
        For example `И•••`, `i•••@e•••.ru`, `+7 ••• ••61`, `••.••.1982`, `•••42`, `•••`.
    """
    if value is None:
        return None
    if isinstance(value, date):
        value = value.isoformat()[:10]
    if not isinstance(value, str):
        return DOTS
    return _MASKS[kind](value.strip())


def _full(_text: str) -> str:
    return DOTS


def _initial(text: str) -> str:
    if _MASKED_INITIAL.fullmatch(text):
        return text
    return f"{text[0]}{DOTS}" if len(text) >= _INITIAL_AT_LEAST and text[0].isalnum() else DOTS


def _email(text: str) -> str:
    if _MASKED_EMAIL.fullmatch(text):
        return text
    local, _, domain = text.rpartition("@")
    if not local or not domain:
        return DOTS
    host, dot, top = domain.rpartition(".")
    if not dot:
        return f"{_initial(local)}@{_initial(domain)}"
    shown = f".{top}" if top.isalpha() and len(top) <= _TOP_DOMAIN_AT_MOST else ""
    return f"{_initial(local)}@{_initial(host)}{shown}"


def _phone(text: str) -> str:
    if _MASKED_PHONE.fullmatch(text):
        return text
    digits = "".join(character for character in text if character in "0123456789")
    if len(digits) < _PHONE_AT_LEAST:
        return DOTS
    if not text.startswith("+"):
        return f"{DOTS} ••{digits[-2:]}"
    code = _CALLING_CODE.match(digits)
    return f"+{code[0]} {DOTS} ••{digits[-2:]}" if code else DOTS


def _date(text: str) -> str:
    if _MASKED_DATE.fullmatch(text):
        return text
    parts = _DATE.fullmatch(text)
    return f"••.••.{parts[1]}" if parts else DOTS


def _tail(text: str) -> str:
    if _MASKED_TAIL.fullmatch(text):
        return text
    return f"{DOTS}{text[-2:]}" if len(text) >= _TAIL_AT_LEAST and text[-2:].isalnum() else DOTS


_MASKS: Mapping[Mask, Callable[[str], str]] = MappingProxyType(
    {
        Mask.INITIAL: _initial,
        Mask.EMAIL: _email,
        Mask.PHONE: _phone,
        Mask.DATE: _date,
        Mask.TAIL: _tail,
        Mask.FULL: _full,
    }
)
