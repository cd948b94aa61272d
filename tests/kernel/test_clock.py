"""Instants are aware and in UTC, or refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.kernel.clock import FixedClock, require_aware


@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_the_same_one_in_utc_or_refused(naive: datetime, minutes: int) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    try:
        found = require_aware(instant)
    except ValueError:
        assert naive.year in (1, 9999)
        return
    assert found == instant
    assert found.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        require_aware(datetime(2026, 11, 22))  # noqa: DTZ001
    with pytest.raises(ValueError, match="without a time zone"):
        FixedClock(datetime(2026, 11, 22))  # noqa: DTZ001


@pytest.mark.parametrize(
    "instant",
    [
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    ],
)
def test_an_instant_that_utc_cannot_hold_is_refused(instant: datetime) -> None:
    with pytest.raises(ValueError, match="1 to 9999"):
        require_aware(instant)


def test_a_fixed_clock_stands_still() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    clock = FixedClock(at)

    assert (clock.now(), clock.now()) == (at, at)
