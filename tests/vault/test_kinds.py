"""Whatever is assigned comes out again as it went in, or is refused when it is assigned."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from governance.vault.kinds import BYTES, DATE, DECIMAL, JSON, TEXT, Kind

any_text = st.text(st.characters(exclude_categories=()))
"""All of Unicode, lone surrogates and NUL included."""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


@given(any_text)
@example("\ud800")
@example("\ud83d\ude00")
@example("\U0001f600")
@example("a\x00b")
def test_any_text_survives(value):
    assert TEXT.decode(TEXT.encode(value)) == value


def test_a_pair_of_surrogates_stays_apart_from_the_character_it_would_make():
    assert TEXT.encode("\ud83d\ude00") != TEXT.encode("\U0001f600")


@given(st.dates())
def test_any_date_survives(value):
    assert DATE.decode(DATE.encode(value)) == value


@given(st.decimals(allow_nan=False))
@example(Decimal("1.10"))
@example(Decimal("1E+5"))
@example(Decimal("-0"))
def test_any_decimal_survives_with_its_places(value):
    assert DECIMAL.decode(DECIMAL.encode(value)).as_tuple() == value.as_tuple()


@given(st.binary())
def test_any_bytes_survive(value):
    assert BYTES.decode(BYTES.encode(value)) == value


@given(json_values)
def test_any_json_survives(value):
    assert JSON.decode(JSON.encode(value)) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DATE, datetime(2026, 1, 1, 12, tzinfo=UTC)),
        (JSON, {1: "a"}),
        (JSON, {"a": (1, 2)}),
        (JSON, {"a": {1, 2}}),
        (JSON, {"a": b"bytes"}),
        (JSON, [math.nan]),
        (JSON, [math.inf]),
    ],
)
def test_what_would_come_out_as_something_else_is_refused(kind: Kind, value):
    with pytest.raises((TypeError, ValueError)) as refused:
        kind.encode(value)
    assert "2026" not in str(refused.value)
