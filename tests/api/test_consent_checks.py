"""Send checks over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.accounts import operations as accounts
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, service_of
from tests.factories.recording import an_email, make

CHECKS = "/v1/consent/checks"


@pytest.fixture
def mailer(bearer: Bearer) -> dict[str, str]:
    return bearer(Permission.CONSENT_CHECK)


def ask(web: FlaskClient, headers: dict[str, str], *contacts: object, **said: object) -> Any:
    question = {"purpose": "newsletter", "channel": "email", "contacts": list(contacts), **said}
    return web.post(CHECKS, json=question, headers=headers)


def test_each_contact_is_answered_in_its_place(web: FlaskClient, mailer: dict[str, str], subscriber: str) -> None:
    answer = ask(web, mailer, an_email(), subscriber, "nonsense", None)

    assert answer.status_code == 200
    assert answer.json["items"] == [
        {"allowed": False, "reason": "no_ground"},
        {"allowed": True, "reason": "ok"},
        {"allowed": False, "reason": "invalid"},
        {"allowed": False, "reason": "invalid"},
    ]


@pytest.mark.parametrize("size", [1, 60])
def test_small_and_large_questions_are_answered_alike(
    web: FlaskClient, mailer: dict[str, str], subscriber: str, size: int
) -> None:
    answer = ask(web, mailer, *[subscriber] * size)
    assert [item["reason"] for item in answer.json["items"]] == ["ok"] * size


def test_the_decision_can_be_proved(
    web: FlaskClient, system: dict[str, str], mailer: dict[str, str], subscriber: str
) -> None:
    decision = ask(web, mailer, subscriber, campaign="autumn").json["decision_id"]
    entry = web.get(f"/v1/audit/entries/{decision}", headers=system)
    assert entry.json["facts"]["campaign"] == "autumn"
    assert subscriber not in entry.text


@pytest.mark.parametrize("size", [1, 60])
def test_full_reasons_need_their_scope(
    web: FlaskClient, bearer: Bearer, mailer: dict[str, str], subscriber: str, version: int, size: int
) -> None:
    contacts = [subscriber] * size
    refused = ask(web, mailer, *contacts, details=True)
    assert refused.status_code == 403
    told = ask(web, bearer(Permission.CONSENT_CHECK, Permission.CONSENT_DETAILS), *contacts, details=True).json
    assert told["items"][0]["full_reason"] == "consented"
    assert told["items"][0]["ground"] == "consent"
    assert told["items"][0]["notice_version"] == version


@pytest.mark.parametrize("size", [1, 60])
def test_a_key_without_the_scope_or_no_key_gets_nothing(web: FlaskClient, bearer: Bearer, size: int) -> None:
    assert ask(web, bearer(Permission.INTERACTIONS_READ), *["a@example.org"] * size).status_code == 403
    assert ask(web, {"Authorization": "Bearer gov_x"}, *["a@example.org"] * size).status_code == 401
    assert ask(web, {}, *["a@example.org"] * size).status_code == 401


def test_a_stranger_learns_nothing_of_what_is_wrong_with_the_question(web: FlaskClient) -> None:
    assert web.post(CHECKS, json={"purpose": 1}, headers={"Authorization": "Bearer gov_x"}).status_code == 401


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"campaign": "Ivan Petrov"}, "campaign"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": "2099-01-01T00:00:00Z"}, "as_of"),
        ({"nonsense": 1}, "nonsense"),
        ({"contacts": []}, "contacts"),
        ({"contacts": "a@example.org"}, "contacts"),
        ({"customers": [str(uuid4())]}, "contacts"),
        ({"contacts": ["x"] * 10_001}, "contacts"),
        ({"channel": "push"}, "contacts"),
        ({"purpose": ["newsletter"]}, "purpose"),
        ({"details": 1}, "details"),
        ({"unsubscribe": "yes"}, "unsubscribe"),
    ],
)
def test_a_question_that_cannot_be_put_says_why(
    web: FlaskClient, mailer: dict[str, str], said: dict[str, object], field: str
) -> None:
    answer = ask(web, mailer, "a@example.org", **said)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_what_no_database_stores_is_a_malformed_contact_and_no_failed_call(
    web: FlaskClient, mailer: dict[str, str]
) -> None:
    body = b'{"purpose":"newsletter","channel":"email","contacts":["a\\u0000@example.org","\\ud800@example.org"]}'
    answer = web.post(CHECKS, data=body, content_type="application/json", headers=mailer)
    assert [item["reason"] for item in answer.json["items"]] == ["invalid", "invalid"]


def test_an_address_to_unsubscribe_by_comes_with_each_yes(
    web: FlaskClient, mailer: dict[str, str], subscriber: str
) -> None:
    yes, no = ask(web, mailer, subscriber, an_email(), unsubscribe=True).json["items"]
    assert "/unsubscribe/" in yes["unsubscribe"]
    assert subscriber not in yes["unsubscribe"]
    assert "unsubscribe" not in no


def test_what_a_contract_needs_comes_without_an_address_to_unsubscribe_by(
    web: FlaskClient, system: dict[str, str], mailer: dict[str, str]
) -> None:
    address = an_email()
    make(web, system, ground="contract", contacts=[{"kind": "email", "value": address}])
    (yes,) = ask(web, mailer, address, purpose="service", unsubscribe=True).json["items"]
    assert yes == {"allowed": True, "reason": "ok"}


def test_customers_can_be_asked_about_by_id(web: FlaskClient, system: dict[str, str], mailer: dict[str, str]) -> None:
    made = make(web, system, contacts=[{"kind": "email", "value": an_email()}])
    question = {"purpose": "newsletter", "channel": "email", "customers": [made["id"], str(uuid4()), "nonsense"]}
    answer = web.post(CHECKS, json=question, headers=mailer)
    assert [item["reason"] for item in answer.json["items"]] == ["no_ground"] * 3


def test_many_callers_at_once_each_get_their_own_answer(
    door: Flask, web: FlaskClient, bearer: Bearer, subscriber: str
) -> None:
    keys = [bearer(Permission.CONSENT_CHECK) for _ in range(2)] + [{"Authorization": "Bearer gov_x"}]

    def one(number: int) -> tuple[int, list[str]]:
        contacts = [subscriber, "nobody@example.org"][:: 1 if number % 2 else -1]
        with door.test_client() as client:
            answer = ask(client, keys[number % 3], *contacts)
        return answer.status_code, [item["reason"] for item in (answer.json.get("items") or ())]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(48)))
    for number, (status, reasons) in enumerate(found):
        if number % 3 == 2:
            assert (status, reasons) == (401, [])
        else:
            assert (status, reasons) == (200, ["ok", "no_ground"][:: 1 if number % 2 else -1])


def test_a_revoked_key_is_refused_from_the_next_check_on(door: Flask, web: FlaskClient, bearer: Bearer) -> None:
    with open_work(service_of(door).database, OPERATOR) as work:
        new = accounts.create_client(work, name=f"mailer {uuid4()}", scopes=["consent:check"])
    headers = {"Authorization": f"Bearer {new.secret}"}
    assert ask(web, headers, "a@example.org").status_code == 200
    with open_work(service_of(door).database, OPERATOR) as work:
        accounts.revoke_client(work, client=new.client.id)
    assert ask(web, headers, "a@example.org").status_code == 401
