"""Searches over HTTP: one exact value, in whatever spelling, and nothing of it in the answer."""

import random
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from governance.policies.permissions import Permission
from tests.api.conftest import Bearer
from tests.factories.recording import CANARY, an_email, make


def a_phone() -> str:
    """Ten digits of a Russian mobile number."""
    return f"911{random.randrange(10**7):07}"


def found(web: FlaskClient, headers: dict[str, str], **by: object) -> list[object]:
    answer = web.post("/v1/customers/searches", json=by, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json["more"] is False
    return [one["id"] for one in answer.json["items"]]


@pytest.mark.parametrize(
    "spelling", ["+7{0}", "8{0}", "8 ({0[0]}{0[1]}{0[2]}) {0[3]}{0[4]}{0[5]} {0[6]}{0[7]}-{0[8]}{0[9]}", "  +7-{0} "]
)
def test_a_phone_is_found_in_any_spelling(web: FlaskClient, system: dict[str, str], spelling: str) -> None:
    digits = a_phone()
    made = make(web, system, contacts=[{"kind": "phone", "value": f"8 {digits}"}])

    answer = web.post("/v1/customers/searches", json={"phone": spelling.format(digits)}, headers=system)

    (one,) = answer.json["items"]
    assert (one["id"], one["contacts"][0]["value"]) == (made["id"], f"+7 ••• ••{digits[-2:]}")
    assert digits not in answer.text


def test_a_phone_of_another_country_is_found_by_its_local_spelling(web: FlaskClient, system: dict[str, str]) -> None:
    local = f"067 {random.randrange(10**7):07}"
    made = make(web, system, contacts=[{"kind": "phone", "value": local, "region": "UA"}])

    assert found(web, system, phone=local, region="UA") == [made["id"]]
    assert found(web, system, contact={"kind": "phone", "value": f"+38{local}"}) == [made["id"]]


def test_an_address_is_found_in_any_case_and_by_several_ways(web: FlaskClient, system: dict[str, str]) -> None:
    email = an_email()
    made = make(web, system, contacts=[{"kind": "email", "value": email}])

    assert found(web, system, email=f" {email.upper()} ") == [made["id"]]
    assert found(web, system, contact={"kind": "email", "value": email}) == [made["id"]]
    assert found(web, system, contact={"value": email}) == [made["id"]]
    assert found(web, system, contact={"kind": "messenger", "value": email}) == []
    assert found(web, system, email=an_email()) == []


def test_a_shared_contact_finds_all_who_share_it(web: FlaskClient, system: dict[str, str]) -> None:
    email = an_email()
    family = [make(web, system, contacts=[{"kind": "email", "value": email}])["id"] for _ in range(3)]

    assert found(web, system, email=email) == family


def test_a_purchase_number_finds_its_buyer(web: FlaskClient, system: dict[str, str]) -> None:
    made, number = make(web, system), f"A-{uuid4()}"
    sold = {"paid_at": "2025-12-16", "total": "7731.01", "currency": "RUB", "number": number}
    assert web.post(f"/v1/customers/{made['id']}/purchases", json=sold, headers=system).status_code == 201

    assert found(web, system, purchase_number=number) == [made["id"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "_"),
        ({"email": "a@example.ru", "phone": "+79116902061"}, "_"),
        ({"region": "RU"}, "_"),
        ({"email": f"{CANARY}(at)example.ru"}, "email"),
        ({"email": 7}, "email"),
        ({"email": ""}, "email"),
        ({"email": None}, "email"),
        ({"email": f"{CANARY}@example.ru" * 40}, "email"),
        ({"phone": CANARY}, "phone"),
        ({"phone": "+7 911 690"}, "phone"),
        ({"phone": "911", "region": CANARY}, "phone"),
        ({"contact": CANARY}, "contact"),
        ({"contact": {"kind": CANARY, "value": CANARY}}, "contact.kind"),
        ({"contact": {"kind": "email", "value": CANARY}}, "contact.value"),
        ({"contact": {"kind": "email"}}, "contact.value"),
        ({"field": {"key": CANARY, "value": CANARY}}, "field.value"),
        ({"field": {"key": f"{CANARY} {CANARY}", "value": CANARY}}, "field.key"),
        ({"name": CANARY}, "name"),
        ([CANARY], "_"),
    ],
)
def test_what_cannot_be_searched_for_is_said_by_field_and_never_repeated(
    web: FlaskClient, system: dict[str, str], body: object, field: str
) -> None:
    answer = web.post("/v1/customers/searches", json=body, headers=system)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert all(answer.json["errors"][field])
    assert CANARY not in answer.text


def test_searching_is_no_way_around_reading_purchases(web: FlaskClient, bearer: Bearer) -> None:
    answer = web.post(
        "/v1/customers/searches", json={"purchase_number": "A-1"}, headers=bearer(Permission.CUSTOMERS_SEARCH)
    )

    assert (answer.status_code, answer.json["type"]) == (403, "forbidden")


def test_a_search_is_on_record_without_what_was_sought(web: FlaskClient, system: dict[str, str]) -> None:
    email = an_email()
    made = make(web, system, contacts=[{"kind": "email", "value": email}])
    found(web, system, email=email)

    trail = web.get(f"/v1/audit/entries?action=customers:people:searched&subject={made['ref']}", headers=system)

    (entry,) = trail.json["items"]
    assert entry["facts"] == {"by": "email", "found": 1}
    assert email not in trail.text
