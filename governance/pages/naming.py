"""Countries, languages and money as the language of the present page names and writes them (CLDR)."""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import format_currency
from flask_babel import get_locale

from governance.pages.languages import SOURCE, language
from governance.reference.calendars import calendar_name

_GLUED: Final = re.compile(r"(?<=[A-Z])(?=\d)")
"""Between a currency's code and the figure, where the language has no sign for it."""


def country(code: str) -> str:
    """The name of a country, by its two letters (ISO 3166); the code where it has none."""
    return str(_locale().territories.get(code.upper(), code))


def calendar(code: str) -> str:
    """What people call a calendar of days of rest: its country, and the part of it; its code where it has none."""
    return calendar_name(code, language())


def countries() -> list[tuple[str, str]]:
    """All countries, code and name, in the order of their names."""
    known = _locale().territories.items()
    named = [(code, str(name)) for code, name in known if len(code) == 2 and code.isalpha() and code not in _NONE]
    return sorted(named, key=lambda one: one[1])


def tongue(code: str) -> str:
    """The name of a language, by its code (ISO 639); the code where it has none."""
    return str(_locale().languages.get(code.lower(), code))


def tongues() -> list[tuple[str, str]]:
    """All languages that have a code of two letters (ISO 639-1), code and name, in the order of their names."""
    named = [(code, str(name)) for code, name in _locale().languages.items() if len(code) == 2]
    return sorted(named, key=lambda one: one[1])


def currency(code: str) -> str:
    """The name of a currency, by its code (ISO 4217); the code where it has none."""
    return str(_locale().currencies.get(code.upper(), code))


def money(amount: str, currency: str) -> str:
    """An amount with its currency (ISO 4217); as it stands where it is no number."""
    try:
        told = str(format_currency(Decimal(amount), currency, locale=_locale()))
        return _GLUED.sub("\N{NO-BREAK SPACE}", told)
    except (InvalidOperation, UnknownLocaleError):
        return f"{amount} {currency}".strip()


def _locale() -> Locale:
    found = get_locale()
    return Locale(SOURCE) if found is None else Locale(str(found.language))


_NONE = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})
"""Codes of CLDR that are no countries."""
