"""Arrays as the server reads them: what comes back is what was handed over."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.kernel import arrays
from governance.kernel.db import driver_connection, one_trip
from governance.kernel.work import Work

NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, UTC)
MADE = (
    (arrays.bools, [True, False]),
    (arrays.byteas, [b"", b"\x00\xff" * 700, None]),
    (arrays.ints, [0, -1, 2**31 - 1, -(2**31), None]),
    (arrays.longs, [0, -1, 2**63 - 1, -(2**63), None]),
    (arrays.texts, ["", 'Ї, {"}\\', "x" * 2000, None]),
    (arrays.instants, [NOW, datetime(1, 1, 1, tzinfo=UTC), datetime(1999, 12, 31, 23, 59, 59, 999999, UTC), None]),
    (arrays.uuids, [UUID(int=0), UUID(int=2**128 - 1), None]),
)


def test_arrays_come_back_as_they_were_handed_over(work: Work) -> None:
    connection = driver_connection(work.session)
    for make, values in MADE:
        for given_ones in (values, values[:1], []):
            (found,) = connection.execute("SELECT %b", [make(given_ones)], binary=True).fetchone() or ()
            assert found == given_ones, make.__name__  # type: ignore[comparison-overlap]  # of any type


@given(st.lists(st.binary(min_size=17, max_size=17), max_size=5))
def test_values_of_one_length_make_the_same_array_as_any(values: list[bytes]) -> None:
    assert arrays.even_byteas(values, size=17) == arrays.byteas(values)


@given(hours=st.integers(-14, 14), instant=st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9990, 1, 1)))  # noqa: DTZ001 - the zone comes below
def test_an_instant_is_the_same_in_every_zone(hours: int, instant: datetime) -> None:
    there = instant.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert arrays.instants([there]) == arrays.instants([there.astimezone(UTC)])


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(OverflowError):
        arrays.ints([2**31])


def test_statements_of_one_trip_each_see_what_the_one_before_did(work: Work) -> None:
    with one_trip(work.session) as connection:
        connection.execute("CREATE TEMPORARY TABLE said (number int8)")
        connection.execute("INSERT INTO said SELECT * FROM unnest(%b)", [arrays.longs([1, 2])])
        found = connection.execute("SELECT sum(number) FROM said")
    assert found.fetchall() == [(3,)]
