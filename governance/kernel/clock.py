"""Time: aware UTC everywhere. A naive datetime is refused at the border, never guessed."""

from datetime import UTC, datetime
from typing import Protocol

__all__ = ["UTC", "Clock", "FixedClock", "SystemClock", "require_aware"]


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...


class SystemClock:
    """The clock of the host."""

    def now(self) -> datetime:
        """The present instant by the host's clock."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still, for simulations of another day and for tests."""

    def __init__(self, at: datetime) -> None:
        self.at = require_aware(at)

    def now(self) -> datetime:
        """The instant that the clock was set to."""
        return self.at


def require_aware(instant: datetime) -> datetime:
    """*instant* in UTC.

    Raises:
        ValueError: where *instant* has no zone (a naive instant means something else on every host), or where it lies
            beyond the years 1 to 9999 in UTC.
    """
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("An instant without a time zone is refused; give it with its UTC offset.")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("An instant that in UTC lies beyond the years 1 to 9999 is refused.") from None
