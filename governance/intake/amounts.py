"""Sums of money and counts, exact to the last digit written."""

import re
from decimal import Decimal, InvalidOperation

from governance.intake.cells import Cell, text_of
from governance.intake.values import Flaw, codes, folded_word, is_nothing
from governance.kernel.records import frozen

_NUMBER = re.compile(
    r"(?P<before>[^\d\s.,+\-−–(]*\.?)\s*(?P<sign>[+\-−–]?)\s*(?P<digits>\d[\d\s.,'’]*)\s*(?P<after>[^\d]*)"
)
_GROUPED = re.compile(r"\d{1,3}(?:[ '’]\d{3})+")
_PLAIN = re.compile(r"-?\d{1,15}(?:\.\d{1,2})?")
_DURATION = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})")
_SECONDS = re.compile(r"(\d{1,9})\s*(с|сек|секунд|секунды|s|sec|seconds|мин|хв|минут|минуты|хвилин|m|min|minutes)?\.?")
LARGEST = Decimal(10) ** 13
MOST_PLACES = 4
_DAY_SECONDS = 86400


@frozen
class Amount:
    """A sum; the currency is None where the cell names none (ISO 4217)."""

    value: Decimal
    currency: str | None = None


def read_amount(cell: Cell) -> Amount | Flaw | None:
    """A sum of money; None where the cell says there is none.

    A number cell is taken to the fifteen digits that spreadsheets keep, so 7731.01 stays 7731.01.
    """
    if isinstance(cell, bool):
        return Flaw("amount-form", "Yes or no stands in place of a sum; write the number.")
    text = format(cell, ".15g") if isinstance(cell, int | float) else text_of(cell)
    if _PLAIN.fullmatch(text):
        return Amount(Decimal(text))
    if isinstance(cell, int | float):
        return _checked(Decimal(text), None)
    return None if is_nothing(text) else _worded(text)


def _worded(text: str) -> Amount | Flaw:
    negative = text.startswith("(") and text.endswith(")")
    found = _NUMBER.fullmatch(text[1:-1].strip() if negative else text)
    if not found:
        return Flaw("amount-form", "This is no sum of money; write digits such as 7731.01.")
    unit = folded_word(found["before"]) or folded_word(found["after"])
    currency = codes("currency").get(unit) if unit else None
    if unit and currency is None:
        return Flaw(
            "amount-currency", "The word beside the sum is no currency that is known; write its code, such as EUR."
        )
    value = _decimal(found["digits"].strip())
    if isinstance(value, Flaw):
        return value
    return _checked(-value if negative or found["sign"] in {"-", "−", "–"} else value, currency)


def _decimal(digits: str) -> Decimal | Flaw:
    """Digits with separators; the last one is decimal unless it groups thousands beyond doubt."""
    last = max(digits.rfind("."), digits.rfind(","))
    whole, places = (digits, "") if last < 0 else (digits[:last], digits[last + 1 :])
    if last >= 0:
        sign, other = digits[last], "," if digits[last] == "." else "."
        repeated = digits.count(sign) > 1
        if len(places) == 3 and not repeated and other not in whole and not re.search(r"[ '’]", whole) and whole != "0":
            return Flaw(
                "amount-ambiguous", "This may be thousands or thousandths; write the sum without a thousands separator."
            )
        if repeated:
            whole, places = (digits, "") if len(places) == 3 else (digits, "x")
    bare = re.sub(r"[ '’.,]", "", whole)
    grouped = re.sub(r"[.,]", " ", whole)
    if (bare != whole and not _GROUPED.fullmatch(grouped)) or not (places or "0").isdigit():
        return Flaw("amount-groups", "The digits are grouped in no usual way; write the sum without separators.")
    try:
        return Decimal(f"{bare}.{places}" if places else bare)
    except InvalidOperation:
        return Flaw("amount-form", "This is no sum of money; write digits such as 7731.01.")


def _checked(value: Decimal, currency: str | None) -> Amount | Flaw:
    if not abs(value) < LARGEST:
        return Flaw("amount-large", "This sum is larger than any purchase; correct it.")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MOST_PLACES:
        return Flaw("amount-places", f"A sum has at most {MOST_PLACES} decimal places; round it.")
    return Amount(value, currency)


def read_currency(cell: Cell) -> str | Flaw | None:
    """A currency by code, sign or word, to its ISO 4217 code."""
    text = text_of(cell)
    if is_nothing(text):
        return None
    code = codes("currency").get(folded_word(text))
    if code is None and len(text) == 3 and text.isascii() and text.isalpha():
        return text.upper()
    return code or Flaw("currency-unknown", "This currency is not known; write its code, such as UAH or RUB.")


def read_seconds(cell: Cell) -> int | Flaw | None:
    """A duration in whole seconds: a number, `12 min`, or `1:05:00`."""
    text = text_of(cell)
    if is_nothing(text):
        return None
    found = _SECONDS.fullmatch(text.casefold())
    clock = _DURATION.fullmatch(text)
    if found:
        minutes = (found[2] or "с").startswith(("м", "хв", "m"))
        seconds = int(found[1]) * (60 if minutes else 1)
    elif clock:
        hours, minutes_part, seconds_part = (int(part or 0) for part in clock.groups())
        seconds = hours * 3600 + minutes_part * 60 + seconds_part
    else:
        return Flaw("duration-form", "This is no duration; write whole seconds, or minutes and seconds as 4:30.")
    if seconds > _DAY_SECONDS:
        return Flaw("duration-long", "This lasts longer than a day; write the duration in seconds.")
    return seconds
