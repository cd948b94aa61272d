"""Cursors hold ids and instants, and come back as they went out."""

import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import marshmallow as ma
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from governance.api.paging import CursorField, encode_cursor


@given(st.uuids(), st.datetimes(timezones=st.just(UTC)), st.integers(-(2**53), 2**53))
def test_a_cursor_comes_back_as_it_went_out(row: UUID, at: datetime, number: int) -> None:
    field = CursorField(UUID, datetime, int)

    assert field.deserialize(encode_cursor(row, at, number)) == (row, at, number)


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_what_is_no_cursor_is_refused_in_words(text: str) -> None:
    with pytest.raises(ma.ValidationError, match="Not a cursor"):
        CursorField(UUID, int).deserialize(text)


@pytest.mark.parametrize("told", ["[" * 1000, "[Infinity]", "[NaN]", "[1e3]", "[true]", f"[{2**63}]", f"[-{2**63}]"])
def test_what_no_row_can_have_is_no_cursor(told: str) -> None:
    with pytest.raises(ma.ValidationError, match="Not a cursor"):
        CursorField(int).deserialize(base64.urlsafe_b64encode(told.encode()).decode())


def test_a_cursor_of_another_listing_is_refused() -> None:
    with pytest.raises(ma.ValidationError):
        CursorField(UUID).deserialize(encode_cursor(uuid4(), 1))


def test_what_is_asked_for_twice_is_refused_and_not_taken_once(web: FlaskClient, recorder: dict[str, str]) -> None:
    answer = web.get("/v1/notes?limit=1&limit=2", headers=recorder)

    assert (answer.status_code, answer.json["errors"]) == (422, {"limit": ["Give this once."]})


def test_a_cursor_leads_to_the_next_page(web: FlaskClient, recorder: dict[str, str]) -> None:
    after = uuid4()

    answer = web.get(f"/v1/notes?cursor={encode_cursor(after)}", headers=recorder)

    assert answer.json == [{"id": str(after)}]
