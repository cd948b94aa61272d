"""Instants, and days of which no time of day is known: kept as midnight UTC with a mark, so that a day stays a day."""

from datetime import UTC, datetime, time

from governance.customers.records import Moment
from governance.kernel.clock import require_aware


def kept(moment: Moment) -> tuple[datetime, bool]:
    """*moment* as it is stored: an instant, and whether only its day is known."""
    if isinstance(moment, datetime):
        return require_aware(moment), False
    return datetime.combine(moment, time(), UTC), True


def told(instant: datetime, *, whole_day: bool) -> Moment:
    """What `kept` was given."""
    return instant.date() if whole_day else instant
