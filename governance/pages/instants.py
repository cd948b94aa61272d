"""Days, instants and counts as pages write them: a day is never parted, nor a time; between them a line may break."""

import re
from datetime import date, datetime
from typing import Final
from uuid import UUID

from flask_babel import format_date, format_decimal, format_time

_WITHIN: Final = re.compile(r"(?<!,) ")
_LAST: Final = 12


def day(value: date | None, pattern: str | None = None) -> str:
    """A day in the way of the page's language; the present one where none is given."""
    return _WITHIN.sub("\N{NO-BREAK SPACE}", str(format_date(value, pattern)))


def moment(value: datetime) -> str:
    """An instant to the minute, by the clocks of the controller."""
    return f"{day(value, 'medium')}, {format_time(value, 'short')}"


def counted(value: int | str) -> str:
    """How many there are; what a small number is told as (`<5`) stays."""
    return value if isinstance(value, str) else str(format_decimal(value))


def shortened(value: UUID) -> str:
    """The end of an id, by which one is told from another: ids made at one time begin alike (RFC 9562, 5.7)."""
    return f"…{str(value)[-_LAST:]}"
