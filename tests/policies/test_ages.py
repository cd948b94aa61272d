"""Ages that laws ask about, from dates of whatever precision."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policies.ages import AGES, age_at_least

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("2010-11-22", 16),
        ("2010-11-23", 14),
        ("2010-11", 14),  # perhaps the 30th
        ("2010-10", 16),
        ("2010", 14),
        ("2009", 16),
        ("1982", 21),
        ("2026-11-22", 0),
        ("1926-02-28", 21),
    ],
)
def test_an_age_is_reached_only_where_that_is_certain(born: str, age: int) -> None:
    assert age_at_least(born, at=NOON) == age


def test_a_birthday_counts_once_the_day_has_begun_everywhere() -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)

    assert age_at_least("2010-11-22", at=midnight) == 14
    assert age_at_least("2010-11-22", at=midnight + timedelta(hours=12)) == 16


def test_who_was_born_on_a_leap_day_comes_of_age_on_the_first_of_march() -> None:
    assert age_at_least("2008-02-29", at=datetime(2026, 2, 28, 23, tzinfo=UTC)) == 16
    assert age_at_least("2008-02-29", at=datetime(2026, 3, 1, 12, tzinfo=UTC)) == 18


@given(st.dates(date(1900, 1, 1), date(2026, 11, 21)))
def test_less_known_of_a_date_never_makes_somebody_older(born: date) -> None:
    whole, month, year = (age_at_least(born.isoformat()[:length], at=NOON) for length in (10, 7, 4))

    assert AGES[0] <= year <= month <= whole <= (NOON.date() - born).days // 365
