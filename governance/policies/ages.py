"""Ages that a law asks about, from dates of birth of whatever precision."""

from datetime import UTC, date, datetime, timedelta

AGES = (0, 13, 14, 16, 18, 21)
"""Years at which some law changes what may be done; of an age in between, the one below it is known."""

_LAST_PLACE_ON_EARTH = timedelta(hours=12)
"""A day begins there so much later than in UTC."""


def age_at_least(born: str, *, at: datetime) -> int:
    """The greatest of `AGES` that somebody has reached for certain, wherever they are.

    Args:
        born: ISO 8601 of full or reduced precision: `1982-08-09`, `1982-08`, `1982`; of a month or year its last day
            counts. Who was born on 29 February has a birthday on 1 March of other years.
        at: the instant asked about.
    """
    year, month, day = (int(part) if part else None for part in (*born.split("-"), "", "")[:3])
    today = (at.astimezone(UTC) - _LAST_PLACE_ON_EARTH).date()
    reached = 0
    for age in AGES:
        if _birthday((year or 1) + age, month, day) <= today:
            reached = age
    return reached


def _birthday(year: int, month: int | None, day: int | None) -> date:
    """The day on which everybody born in this year, month or day has the birthday behind them."""
    if month is None:
        return date(year, 12, 31)
    if day is None:
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 3, 1)
