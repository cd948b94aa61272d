"""Input: read strictly, refused by field, and never repeated."""

import base64
import io
import json
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from gunicorn.config import Config
from gunicorn.http import RequestParser

from governance.policies.permissions import Permission
from tests.api.conftest import Bearer

CANARY = "kanareyka-petrov@example.org"


def _post(web: FlaskClient, headers: dict[str, str], body: object) -> tuple[int, dict[str, object], str]:
    answer = web.post("/v1/notes", json=body, headers=headers)
    return answer.status_code, answer.json, answer.text


def test_an_unknown_field_is_refused_by_name(web: FlaskClient, recorder: dict[str, str]) -> None:
    status, problem, _ = _post(web, recorder, {"text": "a", "colour": "red"})

    assert status == 422
    assert problem["type"] == "invalid"
    assert problem["errors"] == {"colour": ["Unknown field."]}


def test_an_unknown_field_whose_name_may_be_somebodys_is_not_named(web: FlaskClient, recorder: dict[str, str]) -> None:
    status, problem, text = _post(web, recorder, {"text": "a", CANARY: 1})

    assert status == 422
    assert problem["errors"] == {"(name not shown)": ["Unknown field."]}
    assert CANARY not in text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": None}, "text"),
        ({"text": ""}, "text"),
        ({"text": [CANARY]}, "text"),
        ({"text": "a", "kind": CANARY}, "kind"),
        ({"text": "a", "count": CANARY}, "count"),
        ({"text": "a", "count": 1.5}, "count"),
        ({"text": "a", "at": CANARY}, "at"),
        ({"text": "a", "at": "9999-12-31T23:59:59-14:00"}, "at"),
        ({"text": "a", "at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"text": "a", "at": "2026-11-22T12:00:00"}, "at"),
        ({"text": "a", "inner": [{"word": "b"}, {"word": {"x": CANARY}}]}, "inner.1.word"),
        ({"text": "a", "inner": [{"word": "b", "more": CANARY}]}, "inner.0.more"),
        ([CANARY], "_"),
        (CANARY, "_"),
        (7, "_"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_never_repeated(
    web: FlaskClient, recorder: dict[str, str], body: object, field: str
) -> None:
    status, problem, text = _post(web, recorder, body)

    assert status == 422
    assert list(problem["errors"]) == [field]
    assert CANARY not in text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"text": "a"',
        b'{"text": NaN}',
        b'{"text": "a", "text": "b"}',
        b"\xff\xfe{",
        b'{"text": "\\u0000"}',
        b'{"text": "\\ud800"}',
        b'{"\\u0000": 1}',
        b"[" * 500_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b'{"count": ' + b"9" * 100_000 + b"}",
        CANARY.encode(),
    ],
)
def test_what_is_no_proper_document_is_refused_whole(web: FlaskClient, recorder: dict[str, str], body: bytes) -> None:
    answer = web.post("/v1/notes", data=body, content_type="application/json", headers=recorder)

    assert answer.status_code in {400, 422}
    assert answer.json["type"] in {"malformed", "invalid"}
    assert CANARY not in answer.text


def test_a_body_of_another_type_is_refused(web: FlaskClient, recorder: dict[str, str]) -> None:
    answer = web.post("/v1/notes", data="text=a", content_type="application/x-www-form-urlencoded", headers=recorder)

    assert (answer.status_code, answer.json["type"]) == (415, "unsupported-media-type")


def test_a_body_beyond_the_limit_is_refused(web: FlaskClient, recorder: dict[str, str]) -> None:
    answer = web.post("/v1/notes", json={"text": "a" * 1_100_000}, headers=recorder)

    assert (answer.status_code, answer.json["type"]) == (413, "too-large")


def test_a_body_of_unannounced_length_is_refused_beyond_the_limit_too(
    web: FlaskClient, recorder: dict[str, str]
) -> None:
    answer = web.post(
        "/v1/notes",
        input_stream=io.BytesIO(b'{"text": "' + b"a" * 1_100_000 + b'"}'),
        content_type="application/json",
        headers=recorder,
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert (answer.status_code, answer.json["type"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("length", "sent"),
    [
        ("Content-Length: 200", '{"text": "a"}'),
        ("Transfer-Encoding: chunked", 'd\r\n{"text": "a"}\r\n'),
        ("Transfer-Encoding: chunked", 'zz\r\n{"text": "a"}\r\n0\r\n\r\n'),
        ("Transfer-Encoding: chunked", 'd;\x01\r\n{"text": "a"}\r\n0\r\n\r\n'),
        ("Transfer-Encoding: chunked", 'd\r\n{"text": "a"}0\r\n\r\n'),
        ("Transfer-Encoding: chunked", 'd\r\n{"text": "a"}\r\n0\r\nno trailer\r\n\r\n'),
    ],
)
def test_a_body_that_breaks_off_or_is_badly_chunked_is_the_fault_of_whoever_sent_it(
    web: FlaskClient, recorder: dict[str, str], length: str, sent: str
) -> None:
    raw = f"POST /v1/notes HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n{sent}".encode()
    read = next(RequestParser(Config(), [raw], ("127.0.0.1", 1)))

    answer = web.post(
        "/v1/notes",
        content_type="application/json",
        content_length=dict(read.headers).get("CONTENT-LENGTH"),
        headers=recorder,
        environ_overrides={"wsgi.input": read.body, "wsgi.input_terminated": True},
    )

    assert (answer.status_code, answer.json["type"]) == (400, "malformed")


def test_a_method_that_is_not_taken_is_refused_with_those_that_are(web: FlaskClient, recorder: dict[str, str]) -> None:
    answer = web.put("/v1/notes", json={}, headers=recorder)

    assert (answer.status_code, answer.json["type"]) == (405, "method-not-allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))
    assert web.options("/v1/notes").status_code == 405


def test_an_address_that_does_not_exist_is_not_repeated(web: FlaskClient) -> None:
    answer = web.get(f"/v1/people/{CANARY}?email={CANARY}")

    assert (answer.status_code, answer.json["type"]) == (404, "not-found")
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=!", "cursor=WyJ4Il0", f"cursor={CANARY}", "page=2", "cursor="]
)
def test_a_query_is_read_as_strictly_as_a_body(web: FlaskClient, recorder: dict[str, str], query: str) -> None:
    answer = web.get(f"/v1/notes?{query}", headers=recorder)

    assert answer.status_code == 422
    assert answer.json["errors"]
    assert CANARY not in answer.text


@pytest.mark.parametrize("address", ["/v1/%00", "/v1/notes/%00", "/v1/customer-fields/%00", "/healthz?a=%00"])
def test_an_address_with_a_nul_byte_leads_nowhere(web: FlaskClient, address: str) -> None:
    answer = web.get(address)

    assert answer.status_code == 404
    assert answer.json["type"] == "not-found"
    assert answer.headers["X-Request-Id"] == answer.json["request_id"]


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_an_instant_that_utc_cannot_hold_is_refused_in_queries_and_cursors(
    web: FlaskClient, bearer: Bearer, instant: str
) -> None:
    scopes = (Permission.AUDIT_READ, Permission.PURCHASES_READ, Permission.INTERACTIONS_READ)
    headers = bearer(*scopes)
    cursor = base64.urlsafe_b64encode(json.dumps([instant, uuid4().hex]).encode()).rstrip(b"=").decode()

    for address, field in (
        (f"/v1/audit/entries?{urlencode({'since': instant})}", "since"),
        (f"/v1/audit/entries?{urlencode({'until': instant})}", "until"),
        (f"/v1/customers/{uuid4()}/purchases?cursor={cursor}", "cursor"),
        (f"/v1/customers/{uuid4()}/interactions?cursor={cursor}", "cursor"),
    ):
        answer = web.get(address, headers=headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
