"""Explanations and the duty to inform, over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from governance.kernel.ids import uuid4
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer

Headers = dict[str, str]
WORDS = {"en": {"title": "Newsletter", "body": "I agree."}, "uk": {"title": "Розсилка", "body": "Погоджуюся."}}
WHY = "The customer asks."


@pytest.fixture
def officer(bearer: Bearer) -> Headers:
    return bearer(
        Permission.CONSENT_CONFIGURE,
        Permission.CONSENT_READ,
        Permission.CONSENT_RECORD,
        Permission.CONSENT_EXPLAIN,
        Permission.CONSENT_CHECK,
    )


@pytest.fixture
def address() -> str:
    return f"irina.{uuid4().hex}@example.org"


@pytest.fixture
def customer(web: FlaskClient, system: Headers, address: str) -> str:
    body = {"family_name": "Воробьева", "source": "bought", "contacts": [{"kind": "email", "value": address}]}
    answer = web.post("/v1/customers", json=body, headers=system)
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


@pytest.fixture
def notices(web: FlaskClient, officer: Headers) -> int:
    for kind, key in (("privacy", "customers"), ("consent", "newsletter")):
        asked = {"kind": kind, "key": key, "texts": WORDS, "material": False}
        answer = web.post("/v1/consent/notices", json=asked, headers=officer)
        assert answer.status_code == 201, answer.json
    return int(answer.json["version"]["version"])


def test_the_story_holds_the_words_and_the_verdicts(
    web: FlaskClient, officer: Headers, customer: str, address: str, notices: int
) -> None:
    said = {"kind": "confirmed", "purpose": "newsletter", "channel": "email", "method": "portal", "notice": notices}
    recorded = web.post("/v1/consent/events", json={**said, "language": "uk", "customer_id": customer}, headers=officer)
    assert recorded.status_code == 201, recorded.json
    asked = {"contact": {"kind": "email", "value": address}, "reason": WHY}
    answer = web.post("/v1/consent/explanations", json=asked, headers=officer)
    assert answer.status_code == 200, answer.json
    story = answer.json
    [holder] = story["holders"]
    assert holder["customer_id"] == customer
    assert holder["not_mailable"] == "not_from_the_person"
    [event] = holder["events"]
    assert event["words"] == {"uk": WORDS["uk"]}
    assert event["id"] == recorded.json["id"]
    verdict = next(one for one in story["verdicts"] if (one["purpose"], one["channel"]) == ("newsletter", "email"))
    assert (verdict["allowed"], verdict["reason"]) == (False, "restricted")
    assert verdict["facts"]["holders"][0]["standing"] == "given"
    assert address not in answer.text


def test_the_story_is_for_those_who_may_and_say_why(web: FlaskClient, officer: Headers, bearer: Bearer) -> None:
    asked = {"contact": {"kind": "email", "value": "a@example.org"}}
    refused = web.post("/v1/consent/explanations", json=asked, headers=officer)
    assert (refused.status_code, set(refused.json["errors"])) == (422, {"reason"})
    other = bearer(Permission.CONSENT_READ)
    assert web.post("/v1/consent/explanations", json={**asked, "reason": WHY}, headers=other).status_code == 403


def test_who_is_to_be_told_is_listed_until_they_are(
    web: FlaskClient, officer: Headers, customer: str, notices: int
) -> None:
    def listed() -> list[str]:
        found, query = list[str](), {"days": "60", "limit": "1"}
        while True:
            page = web.get("/v1/consent/uninformed", query_string=query, headers=officer)
            assert page.status_code == 200, page.json
            found += [one["customer_id"] for one in page.json["items"]]
            if page.json["next_cursor"] is None:
                return found
            query["cursor"] = page.json["next_cursor"]

    assert customer in listed()
    nobody = str(uuid4())
    told = {"customers": [customer, nobody], "notice": "customers", "method": "post", "language": "uk"}
    answer = web.post("/v1/consent/informings", json=told, headers=officer)
    assert answer.status_code == 201, answer.json
    assert [one["customer_id"] for one in answer.json["items"]] == [customer]
    assert answer.json["not_found"] == [nobody]
    assert customer not in listed()


def test_what_cannot_have_been_told_is_refused_by_field(
    web: FlaskClient, officer: Headers, customer: str, notices: int
) -> None:
    told = {"customers": [customer], "notice": "customers", "method": "email"}
    late = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for more, field in (({"at": late}, "at"), ({"version": 99}, "version"), ({"method": "smoke"}, "method")):
        answer = web.post("/v1/consent/informings", json={**told, **more}, headers=officer)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {field})
