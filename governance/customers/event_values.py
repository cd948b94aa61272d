"""What may be written into purchases, interactions and activity: instants, amounts, JSON."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from governance.customers.records import Json, Moment
from governance.customers.texts import Wrong
from governance.kernel.clock import require_aware

LARGEST_JSON = 65_536
"""Characters of a JSON value, written without spaces."""
_CURRENCY = re.compile(r"[A-Z]{3}")
_LARGEST_TOTAL = Decimal("1e14")
_SMALLEST_PART = -6


def moment(value: object) -> Moment:
    """An instant with its offset, or a day where the time of day is not known.

    Raises:
        Wrong: where it is neither.
    """
    if isinstance(value, datetime):
        return require_aware(value)
    text = value if isinstance(value, str) else ""
    try:
        if len(text) == len("YYYY-MM-DD"):
            return date.fromisoformat(text)
        return require_aware(datetime.fromisoformat(text))
    except ValueError:
        raise Wrong("Give an instant with its offset, 2026-11-22T12:00:00Z, or a day, 2026-11-22.") from None


def instant(value: object) -> datetime:
    """An instant with its offset.

    Raises:
        Wrong: where it is none.
    """
    found = moment(value)
    if not isinstance(found, datetime):
        raise Wrong("Give an instant with its offset, such as 2026-11-22T12:00:00Z.")
    return found


def total(value: object) -> Decimal:
    """An amount of money.

    Raises:
        Wrong: where it is none.
    """
    try:
        amount = Decimal(str(value)) if not isinstance(value, bool) else Decimal("nan")
    except InvalidOperation:
        raise Wrong("Give an amount, such as 5469.03.") from None
    if not amount.is_finite() or abs(amount) >= _LARGEST_TOTAL:
        raise Wrong("Give an amount below a hundred million million.")
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _SMALLEST_PART:
        raise Wrong("At most six digits behind the point.")
    return amount


def currency(value: object) -> str:
    """An ISO 4217 code.

    Raises:
        Wrong: where it is none.
    """
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise Wrong("Give an ISO 4217 code, such as UAH.")
    return value


def json_value(value: Json) -> Json:
    """A JSON value of tolerable size.

    Raises:
        Wrong: where it is too large.
    """
    if _size(value) > LARGEST_JSON:
        raise Wrong(f"At most {LARGEST_JSON} characters of JSON.")
    return value


def _size(value: Json) -> int:
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, dict):
        return 2 + sum(len(name) + 4 + _size(inner) for name, inner in value.items())
    if isinstance(value, list):
        return 2 + sum(1 + _size(inner) for inner in value)
    return len(str(value))
