"""Send checks of lists of any length, and the ledger, over HTTP."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.accounts import operations as accounts
from governance.api import consent_streams
from governance.api.assembly import BODY_LIMIT_BYTES
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, service_of
from tests.api.test_consent_checks import ask, mailer
from tests.factories.recording import an_email

__all__ = ["mailer"]

STREAM = "/v1/consent/checks/stream"
QUESTION = {"purpose": "newsletter", "channel": "email"}


def stream(web: FlaskClient, headers: dict[str, str], *lines: str, **said: object) -> Any:
    body = "\n".join([json.dumps({**QUESTION, **said}), *lines])
    return web.post(STREAM, data=body, content_type="application/x-ndjson", headers=headers)


def told(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.data.splitlines()]


def test_each_line_is_answered_in_its_place(web: FlaskClient, mailer: dict[str, str], subscriber: str) -> None:
    lines = [json.dumps(one) for one in (subscriber, an_email())]
    answer = told(stream(web, mailer, *lines, "", "{broken", "7", campaign="autumn"))

    assert set(answer[0]) == {"decision_id", "at", "count"}
    assert [line["reason"] for line in answer[1:-1]] == ["ok", "no_ground", "invalid", "invalid"]
    assert answer[-1] == {"end": True, "count": 4}


@pytest.mark.parametrize(
    "lines",
    [
        ['["q"', '"r"]', '"a@example.org","b@example.org"'],
        ['"q', 'r"', '"a@example.org","b@example.org"'],
        ["[1", "2]", "1,2"],
    ],
)
def test_lines_that_are_json_only_together_are_answered_one_by_one(
    web: FlaskClient, mailer: dict[str, str], lines: Sequence[str]
) -> None:
    answer = told(stream(web, mailer, *lines))
    assert [line.get("reason") for line in answer[1:-1]] == ["invalid"] * len(lines)


@pytest.mark.parametrize("length", [consent_streams.LONGEST_LINE_BYTES, 3 * consent_streams.BLOCK_BYTES])
def test_a_line_longer_than_any_contact_is_a_row_wherever_it_stands(
    web: FlaskClient, mailer: dict[str, str], subscriber: str, length: int
) -> None:
    known, long = json.dumps(subscriber), json.dumps("x" * length)
    answer = told(stream(web, mailer, known, long, known, long))
    assert [line.get("reason") for line in answer[1:-1]] == ["ok", "invalid", "ok", "invalid"]


def test_a_long_list_gets_a_decision_for_each_part(
    web: FlaskClient, mailer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent_streams, "LINES", 10)
    answer = told(stream(web, mailer, *(json.dumps(f"{n}@example.org") for n in range(35))))

    assert [line["count"] for line in answer if "decision_id" in line] == [10, 10, 10, 5]
    assert len({line["decision_id"] for line in answer if "decision_id" in line}) == 4
    assert answer[-1] == {"end": True, "count": 35}


def test_a_list_may_be_longer_than_any_other_body(web: FlaskClient, mailer: dict[str, str]) -> None:
    lines = [json.dumps(f"{n}{'x' * 400}@example.org") for n in range(3000)]
    assert sum(map(len, lines)) > BODY_LIMIT_BYTES
    assert told(stream(web, mailer, *lines))[-1] == {"end": True, "count": 3000}


def test_a_key_that_is_revoked_on_the_way_ends_the_stream(
    web: FlaskClient, door: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent_streams, "LINES", 5)
    monkeypatch.setattr(consent_streams, "AT_ONCE", 1)
    database = service_of(door).database
    with open_work(database, OPERATOR) as work:
        new = accounts.create_client(work, name=f"mailer {uuid4()}", scopes=["consent:check"])
    lines = [json.dumps(f"{n}@example.org") for n in range(20)]
    answer = stream(web, {"Authorization": f"Bearer {new.secret}"}, *lines)
    parts = iter(answer.response)
    first = next(parts)
    with open_work(database, OPERATOR) as work:
        accounts.revoke_client(work, client=new.client.id)
    rest = b"".join(parts)

    assert b"decision_id" in first
    assert json.loads(rest.splitlines()[-1])["problem"]["type"] == "unauthenticated"
    assert b'"end"' not in rest


@pytest.mark.parametrize(
    ("lines", "status"),
    [([], 400), (["not json"], 400), (["[]"], 400), (['{"purpose":"newsletter"}'], 422), ([""], 400)],
)
def test_the_first_line_is_the_question(
    web: FlaskClient, mailer: dict[str, str], lines: Sequence[str], status: int
) -> None:
    answer = web.post(STREAM, data="\n".join(lines), content_type="application/x-ndjson", headers=mailer)
    assert answer.status_code == status


def test_a_stream_needs_its_scope_and_its_media_type(web: FlaskClient, bearer: Bearer, mailer: dict[str, str]) -> None:
    assert stream(web, bearer(Permission.INTERACTIONS_READ)).status_code == 403
    assert stream(web, mailer, details=True).status_code == 403
    assert web.post(STREAM, json=QUESTION, headers=mailer).status_code == 415


def test_a_suppressed_contact_gets_no_more_advertising(
    web: FlaskClient, bearer: Bearer, mailer: dict[str, str], subscriber: str
) -> None:
    said = {"channel": "email", "reason": "complaint", "contacts": [subscriber.upper(), "nonsense"]}
    answer = web.post("/v1/consent/suppressions", json=said, headers=bearer(Permission.CONSENT_SUPPRESS))

    assert answer.json == {"items": [{"suppressed": True}, {"suppressed": False}]}
    assert ask(web, mailer, subscriber).json["items"] == [{"allowed": False, "reason": "opted_out"}]


@pytest.mark.parametrize(
    ("said", "field"),
    [({"reason": "erased"}, "reason"), ({"scope": "purpose"}, "purpose"), ({"purpose": "newsletter"}, "purpose")],
)
def test_a_line_that_cannot_be_says_why(web: FlaskClient, bearer: Bearer, said: dict[str, object], field: str) -> None:
    body = {"channel": "email", "reason": "complaint", "contacts": ["a@example.org"], **said}
    answer = web.post("/v1/consent/suppressions", json=body, headers=bearer(Permission.CONSENT_SUPPRESS))
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_stop_of_a_purpose_that_there_is_not_is_refused(web: FlaskClient, bearer: Bearer) -> None:
    body = {"channel": "email", "reason": "unsubscribed", "scope": "purpose", "contacts": ["a@example.org"]}
    key = bearer(Permission.CONSENT_SUPPRESS)
    answer = web.post("/v1/consent/suppressions", json={**body, "purpose": "newsleter"}, headers=key)
    assert (answer.status_code, answer.json["type"], list(answer.json["errors"])) == (
        404,
        "unknown-purpose",
        ["purpose"],
    )
