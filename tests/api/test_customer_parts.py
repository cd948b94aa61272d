"""What belongs to a customer, over HTTP: contacts, purchases, interactions, activity, links, marks, extra fields."""

import sys
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from governance.accounts import deciders
from governance.customers import operations as customers
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, open_work
from governance.policies.permissions import Permission
from tests.api.conftest import Bearer, service_of
from tests.factories.recording import CANARY, PERSON, an_email, make

SOLD = {"paid_at": "2025-12-16", "total": "7731.01", "currency": "RUB"}
CALLED = {"kind": "call", "at": "2025-12-16T10:00:00+03:00"}
SEEN = {"kind": "visit", "at": "2025-12-16T10:00:00Z"}
HOLD = {"compartments": ["profile", "contact"], "reason": CANARY, "review_at": "2999-01-01T00:00:00Z"}
FIELD = {
    "labels": {"en": "Level", "ru": "Уровень", "uk": "Рівень"},
    "type": "text",
    "category": "user.behavior",
    "indexed": True,
}


@pytest.fixture
def at(web: FlaskClient) -> str:
    """Where a new customer is."""
    with open_work(service_of(web.application).database, OPERATOR) as work:
        return f"/v1/customers/{customers.create(work, fields=PERSON).id}"


@pytest.mark.parametrize("part", ["links", "marks"])
def test_a_query_is_refused_where_there_is_nothing_to_ask(
    web: FlaskClient, system: dict[str, str], at: str, part: str
) -> None:
    answer = web.get(f"{at}/{part}?limit=0&{CANARY}=1", headers=system)

    assert (answer.status_code, answer.json["type"]) == (422, "invalid")
    assert CANARY not in answer.text
    assert web.get(f"{at}/{part}", headers=system).status_code == 200


def test_a_contact_is_added_marked_and_removed(web: FlaskClient, system: dict[str, str], at: str) -> None:
    email = an_email()
    added = web.post(f"{at}/contacts", json={"kind": "email", "value": email, "label": "work"}, headers=system)
    assert added.status_code == 201
    assert (added.json["value"], added.json["is_primary"], added.json["label"]) == ("i•••@e•••.ru", True, "work")
    assert email not in added.text
    assert "Location" not in added.headers  # it is read with its customer

    contact = f"{at}/contacts/{added.json['id']}"
    marks = {"is_login": True, "verified_at": "2025-12-16T10:00:00Z", "label": None}
    assert added.headers["ETag"] == '"v2"'  # the customer's, whose record it belongs to
    marked = web.patch(contact, json=marks, headers=system | {"If-Match": added.headers["ETag"]})
    assert (marked.status_code, marked.headers["ETag"]) == (200, '"v3"')
    assert (marked.json["verified_at"], marked.json["label"]) == ("2025-12-16T10:00:00Z", None)
    assert web.get(at, headers=system).headers["ETag"] == '"v3"'

    gone = web.delete(contact, headers=system | {"If-Match": '"v3"'})
    assert (gone.status_code, gone.headers["ETag"], gone.data) == (204, '"v4"', b"")
    assert web.get(at, headers=system).json["contacts"] == []
    assert web.delete(contact, headers=system | {"If-Match": '"v4"'}).status_code == 404


def test_who_changes_a_contact_says_which_version_of_the_customer_was_read(
    web: FlaskClient, system: dict[str, str], at: str
) -> None:
    contact = (
        f"{at}/contacts/" + web.post(f"{at}/contacts", json={"kind": "card", "value": "42"}, headers=system).json["id"]
    )
    read = web.get(at, headers=system).headers["ETag"]
    web.patch(at, json={"city": "Тверь"}, headers=system | {"If-Match": read})

    for headers, status in ((system, 428), (system | {"If-Match": read}, 412)):
        assert web.patch(contact, json={"label": "home"}, headers=headers).status_code == status
        assert web.delete(contact, headers=headers).status_code == status
    assert web.get(at, headers=system).json["contacts"][0]["label"] is None


def test_the_same_contact_twice_and_a_login_of_somebody_else_are_conflicts(
    web: FlaskClient, system: dict[str, str], at: str
) -> None:
    email = {"kind": "email", "value": an_email()}
    other = f"/v1/customers/{make(web, system)['id']}"
    login = {"is_login": True, "verified_at": "2025-12-16T10:00:00Z"}
    mine = web.post(f"{at}/contacts", json=email, headers=system).json["id"]
    theirs = web.post(f"{other}/contacts", json=email, headers=system).json["id"]

    twice = web.post(f"{at}/contacts", json=email, headers=system)
    first = web.patch(f"{at}/contacts/{mine}", json=login, headers=system | {"If-Match": '"v2"'})
    second = web.patch(f"{other}/contacts/{theirs}", json=login, headers=system | {"If-Match": '"v2"'})

    assert (twice.status_code, twice.json["type"]) == (409, "already-there")
    assert first.status_code == 200
    assert (second.status_code, second.json["type"]) == (409, "login-taken")


def test_a_contact_of_another_customer_is_not_found(web: FlaskClient, system: dict[str, str], at: str) -> None:
    other = make(web, system, contacts=[{"kind": "email", "value": an_email()}])
    contact = other["contacts"][0]["id"]  # type: ignore[index]  # as JSON has it

    versioned = system | {"If-Match": '"v1"'}
    assert web.patch(f"{at}/contacts/{contact}", json={"label": "home"}, headers=versioned).status_code == 404
    assert web.delete(f"{at}/contacts/{contact}", headers=versioned).status_code == 404


def test_a_contact_added_twice_with_one_key_is_one(web: FlaskClient, system: dict[str, str], at: str) -> None:
    keyed = {**system, "Idempotency-Key": str(uuid4())}
    body = {"kind": "card", "value": "4276 0012"}

    first = web.post(f"{at}/contacts", json=body, headers=keyed)
    again = web.post(f"{at}/contacts", json=body, headers=keyed)

    assert (again.status_code, again.json) == (201, {"id": first.json["id"]})
    assert "Location" not in again.headers


def test_a_purchase_is_recorded_with_its_buyer_and_listed_masked(
    web: FlaskClient, system: dict[str, str], at: str
) -> None:
    body = {**SOLD, "number": f"A-{uuid4()}", "items": ["чай", {"name": CANARY, "quantity": 2}], "note": CANARY}
    made = web.post(f"{at}/purchases", json=body, headers=system)
    assert made.status_code == 201
    assert (made.json["paid_at"], made.json["total"], made.json["currency"]) == ("2025-12-16", "7731.01", "RUB")

    listed = web.get(f"{at}/purchases", headers=system)
    assert listed.json == {"items": [made.json], "next_cursor": None}
    for value in (CANARY, "Воробьёва", body["number"]):
        assert value not in listed.text

    order = {"fields": [f"purchases.{made.json['id']}"], "reason": "a complaint"}
    opened = web.post(f"{at}/reveals", json=order, headers=system).json["values"][order["fields"][0]]
    assert (opened["number"], opened["items"]) == (body["number"], body["items"])
    assert opened["buyer"]["family_name"] == "Воробьёва"


def test_an_interaction_is_recorded_and_listed_masked(web: FlaskClient, system: dict[str, str], at: str) -> None:
    body = {**CALLED, "seconds": 398, "result": CANARY, "note": CANARY, "next_contact_at": "2026-01-09"}
    made = web.post(f"{at}/interactions", json=body, headers=system)

    assert made.status_code == 201
    assert made.json["at"] == "2025-12-16T07:00:00Z"
    assert (made.json["next_contact_at"], made.json["seconds"], made.json["staff"]) == ("2026-01-09", 398, None)
    listed = web.get(f"{at}/interactions", headers=system)
    assert listed.json["items"] == [made.json]
    assert CANARY not in listed.text + made.text


def test_activity_is_recorded_and_listed_masked(web: FlaskClient, system: dict[str, str], at: str) -> None:
    made = web.post(f"{at}/activity", json={**SEEN, "detail": {"page": CANARY}}, headers=system)

    assert made.status_code == 201
    listed = web.get(f"{at}/activity", headers=system)
    assert listed.json["items"] == [made.json]
    assert CANARY not in listed.text + made.text


@pytest.mark.parametrize(
    ("under", "body", "clock"),
    [("purchases", SOLD, "paid_at"), ("interactions", CALLED, "at"), ("activity", SEEN, "at")],
)
def test_events_are_listed_newest_first_by_pages_each_once(
    web: FlaskClient, system: dict[str, str], at: str, under: str, body: dict[str, object], clock: str
) -> None:
    made = {
        day: web.post(f"{at}/{under}", json={**body, clock: f"2025-12-{day:02}T10:00:00Z"}, headers=system).json["id"]
        for day in (3, 1, 5, 2, 4)
    }

    seen, cursor = [], ""
    while cursor is not None:
        page = web.get(f"{at}/{under}?limit=2{cursor and '&cursor='}{cursor}", headers=system).json
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]

    assert seen == [made[day] for day in (5, 4, 3, 2, 1)]
    assert web.get(f"{at}/{under}?cursor={CANARY}", headers=system).status_code == 422


def test_a_guardian_is_named_and_the_link_ended(web: FlaskClient, system: dict[str, str], at: str) -> None:
    guardian = make(web, system)["id"]
    made = web.post(f"{at}/links", json={"other": guardian, "kind": "guardian"}, headers=system)
    assert (made.status_code, made.json["until"]) == (201, None)

    twice = web.post(f"{at}/links", json={"other": guardian, "kind": "guardian"}, headers=system)
    assert (twice.status_code, twice.json["type"]) == (409, "already-there")
    for end in (at, f"/v1/customers/{guardian}"):
        assert web.get(f"{end}/links", headers=system).json == {"items": [made.json], "next_cursor": None}

    ended = web.delete(f"{at}/links/{made.json['id']}", headers=system)
    assert ended.status_code == 200
    assert ended.json["until"] is not None
    assert web.delete(f"{at}/links/{made.json['id']}", headers=system).status_code == 409


def test_a_restriction_stops_edits_until_it_is_lifted(web: FlaskClient, system: dict[str, str], at: str) -> None:
    placed = web.post(f"{at}/restrictions", json={"reason": "asked_for"}, headers=system)
    assert (placed.status_code, placed.json["lifted_at"]) == (201, None)

    held = web.patch(at, json={"city": "Тверь"}, headers={**system, "If-Match": '"v1"'})
    assert (held.status_code, held.json["type"]) == (409, "restricted")
    assert web.get(at, headers=system).json["restricted"] is True

    lifted = web.delete(f"{at}/restrictions/{placed.json['id']}", headers=system)
    assert lifted.status_code == 200
    assert web.patch(at, json={"city": "Тверь"}, headers={**system, "If-Match": '"v1"'}).status_code == 200
    assert web.get(f"{at}/marks", headers=system).json == {"holds": [], "restrictions": [lifted.json]}


def test_a_hold_keeps_what_is_there_until_it_is_released(
    web: FlaskClient, system: dict[str, str], at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed = {**system, "Idempotency-Key": str(uuid4())}
    placed = web.post(f"{at}/holds", json=HOLD, headers=keyed)
    assert placed.status_code == 201
    assert CANARY not in placed.text
    assert web.post(f"{at}/holds", json=HOLD, headers=keyed).json == {"id": placed.json["id"]}

    stopped = web.patch(at, json={"street": None}, headers={**system, "If-Match": '"v1"'})
    assert (stopped.status_code, stopped.json["type"]) == (409, "legal-hold")
    assert web.get(at, headers=system).json["held"] == ["contact", "profile"]

    refused = web.post(f"{at}/holds/{placed.json['id']}/releases", json={"reason": CANARY}, headers=system)
    assert (refused.status_code, refused.json["type"]) == (403, "forbidden")  # it takes people
    monkeypatch.setattr(deciders, "PEOPLE", sys.maxsize)  # other tests may have left officers in the store
    with open_work(service_of(web.application).database, OPERATOR) as work:
        subject, hold = SubjectId(UUID(at.rpartition("/")[2])), UUID(placed.json["id"])
        assert customers.propose_release(work, subject=subject, hold=hold, reason=CANARY).alone
    assert web.patch(at, json={"street": None}, headers={**system, "If-Match": '"v1"'}).status_code == 200


def test_an_extra_field_is_defined_filled_found_by_and_retired(
    web: FlaskClient, system: dict[str, str], at: str
) -> None:
    key, value = f"level_{uuid4().hex[:8]}", f"{CANARY} {uuid4()}"
    made = web.post("/v1/customer-fields", json={**FIELD, "key": key}, headers=system)
    assert (made.status_code, made.headers["ETag"]) == (201, '"v1"')
    field = made.headers["Location"]
    assert web.get(field, headers=system).json == made.json
    assert made.json in web.get("/v1/customer-fields", headers=system).json["items"]
    twice = web.post("/v1/customer-fields", json={**FIELD, "key": key}, headers=system)
    assert (twice.status_code, twice.json["type"]) == (409, "already-there")

    filled = web.patch(at, json={"extra": {key: value}}, headers={**system, "If-Match": '"v1"'})
    assert filled.json["extra"] == {key: "•••"}
    found = web.post("/v1/customers/searches", json={"field": {"key": key, "value": value}}, headers=system)
    assert [one["id"] for one in found.json["items"]] == [filled.json["id"]]
    assert CANARY not in found.text + filled.text

    unsaid = web.patch(field, json={"retired": True}, headers=system)
    retired = web.patch(field, json={"retired": True}, headers={**system, "If-Match": '"v1"'})
    late = web.patch(field, json={"retired": False}, headers={**system, "If-Match": '"v1"'})
    assert [one.status_code for one in (unsaid, retired, late)] == [428, 200, 412]
    assert retired.json["retired_at"] is not None
    refused = web.patch(at, json={"extra": {key: "gold"}}, headers={**system, "If-Match": '"v2"'})
    assert list(refused.json["errors"]) == [f"extra.{key}"]
    assert web.get(f"/v1/customer-fields/no_{key}", headers=system).status_code == 404


@pytest.mark.parametrize(
    ("under", "body", "field"),
    [
        ("contacts", {}, "kind"),
        ("contacts", {"kind": CANARY, "value": "a"}, "kind"),
        ("contacts", {"kind": "email", "value": CANARY}, "value"),
        ("contacts", {"kind": "email", "value": "i•••@e•••.ru"}, "value"),
        ("contacts", {"kind": "phone", "value": CANARY}, "value"),
        ("contacts", {"kind": "phone", "value": "+79116902061", "extension": CANARY}, "value"),
        ("contacts", {"kind": "phone", "value": "9116902061", "region": CANARY}, "value"),
        ("contacts", {"kind": "card", "value": "42", "label": CANARY}, "label"),
        ("contacts", {"kind": "card", "value": "42", "is_primary": CANARY}, "is_primary"),
        ("contacts", {"kind": "card", "value": "42", "verified_at": CANARY}, "verified_at"),
        ("purchases", {}, "paid_at"),
        ("purchases", {**SOLD, "paid_at": CANARY}, "paid_at"),
        ("purchases", {**SOLD, "paid_at": 7}, "paid_at"),
        ("purchases", {**SOLD, "paid_at": "2025-12-16T10:00:00"}, "paid_at"),
        ("purchases", {**SOLD, "paid_at": "2999-01-01"}, "paid_at"),
        ("purchases", {**SOLD, "paid_at": "0001-01-01T00:00:00+14:00"}, "paid_at"),
        ("purchases", {**SOLD, "total": CANARY}, "total"),
        ("purchases", {**SOLD, "total": True}, "total"),
        ("purchases", {**SOLD, "total": "NaN"}, "total"),
        ("purchases", {**SOLD, "total": "1e400"}, "total"),
        ("purchases", {**SOLD, "total": "0.0000001"}, "total"),
        ("purchases", {**SOLD, "currency": CANARY}, "currency"),
        ("purchases", {**SOLD, "number": CANARY * 50}, "number"),
        ("purchases", {**SOLD, "items": CANARY}, "items"),
        ("purchases", {**SOLD, "items": [CANARY * 9000]}, "items"),
        ("purchases", {**SOLD, "items": [1] * 1001}, "items"),
        ("purchases", {**SOLD, "buyer": [CANARY]}, "buyer"),
        ("interactions", {**CALLED, "kind": CANARY}, "kind"),
        ("interactions", {**CALLED, "at": CANARY}, "at"),
        ("interactions", {**CALLED, "at": "2999-01-01"}, "at"),
        ("interactions", {**CALLED, "at": "0001-01-01T00:00:00+14:00"}, "at"),
        ("interactions", {**CALLED, "next_contact_at": "9999-12-31T23:59:59-14:00"}, "next_contact_at"),
        ("interactions", {**CALLED, "seconds": -1}, "seconds"),
        ("interactions", {**CALLED, "seconds": CANARY}, "seconds"),
        ("interactions", {**CALLED, "result": ""}, "result"),
        ("interactions", {**CALLED, "note": CANARY * 500}, "note"),
        ("interactions", {**CALLED, "staff": CANARY}, "staff"),
        ("interactions", {**CALLED, "staff": str(uuid4())}, "staff"),
        ("interactions", {**CALLED, "next_contact_at": CANARY}, "next_contact_at"),
        ("activity", {**SEEN, "kind": CANARY}, "kind"),
        ("activity", {**SEEN, "at": "2025-12-16"}, "at"),
        ("activity", {**SEEN, "at": "2999-01-01T00:00:00Z"}, "at"),
        ("activity", {**SEEN, "at": "0001-01-01T00:00:00+14:00"}, "at"),
        ("activity", {**SEEN, "detail": CANARY}, "detail"),
        ("activity", {**SEEN, "detail": {"a": CANARY * 9000}}, "detail"),
        ("links", {"other": CANARY, "kind": "guardian"}, "other"),
        ("links", {"other": str(uuid4()), "kind": CANARY}, "kind"),
        ("holds", {**HOLD, "compartments": []}, "compartments"),
        ("holds", {**HOLD, "compartments": [CANARY]}, "compartments.0"),
        ("holds", {**HOLD, "compartments": ["audit"]}, "compartments"),
        ("holds", {**HOLD, "reason": " "}, "reason"),
        ("holds", {**HOLD, "review_at": "2020-01-01T00:00:00Z"}, "review_at"),
        ("holds", {**HOLD, "case_ref": ""}, "case_ref"),
        ("restrictions", {"reason": CANARY}, "reason"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_never_repeated(
    web: FlaskClient, system: dict[str, str], at: str, under: str, body: dict[str, object], field: str
) -> None:
    answer = web.post(f"{at}/{under}", json=body, headers=system)

    assert answer.status_code == 422
    assert field in answer.json["errors"]
    assert all(answer.json["errors"][field])
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"key": CANARY.upper()}, "key"),
        ({"key": "family_name"}, "key"),
        ({"labels": {"ru": CANARY}}, "labels.en"),
        ({"labels": {"en": "a", "ru": CANARY * 20}}, "labels.ru"),
        ({"labels": {"en": "", "ru": "a", "uk": "a"}}, "labels.en"),
        ({"type": CANARY}, "type"),
        ({"category": CANARY}, "category"),
        ({"category": "user.demographic.gender"}, "category"),
        ({"sensitivity": CANARY}, "sensitivity"),
        ({"compartment": "audit"}, "compartment"),
        ({"mask": CANARY}, "mask"),
        ({"visibility": CANARY}, "visibility"),
        ({"indexed": CANARY}, "indexed"),
        ({"retired": True}, "retired"),
    ],
)
def test_what_cannot_be_an_extra_field_is_refused_in_words(
    web: FlaskClient, system: dict[str, str], body: dict[str, object], field: str
) -> None:
    answer = web.post("/v1/customer-fields", json={**FIELD, "key": "shoe_size", **body}, headers=system)

    assert answer.status_code == 422
    assert field in answer.json["errors"]
    assert CANARY not in answer.text.lower()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"value": CANARY}, "value"),
        ({"is_primary": None}, "is_primary"),
        ({"label": CANARY}, "label"),
        ({"verified_at": "2999-01-01T00:00:00Z"}, "verified_at"),
        ({"is_login": True}, "is_login"),
    ],
)
def test_a_mark_that_a_contact_cannot_have_is_refused(
    web: FlaskClient, system: dict[str, str], at: str, body: dict[str, object], field: str
) -> None:
    contact = web.post(f"{at}/contacts", json={"kind": "card", "value": "42"}, headers=system).json["id"]

    answer = web.patch(f"{at}/contacts/{contact}", json=body, headers=system | {"If-Match": '"v2"'})

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/v1/customer-fields"),
        ("POST", "/v1/customer-fields"),
        ("GET", "/v1/customer-fields/level"),
        ("PATCH", "/v1/customer-fields/level"),
        ("PATCH", "{at}/contacts/{id}"),
        ("DELETE", "{at}/contacts/{id}"),
        ("DELETE", "{at}/links/{id}"),
        ("DELETE", "{at}/restrictions/{id}"),
        ("POST", "{at}/holds/{id}/releases"),
    ],
)
def test_each_of_the_other_routes_asks_for_its_own_scope(
    web: FlaskClient, at: str, bearer: Bearer, method: str, address: str
) -> None:
    place = address.format(at=at, id=uuid4())

    answer = web.open(
        place, method=method, json=None if method == "GET" else {}, headers=bearer(Permission.REFERENCE_READ)
    )

    assert (answer.status_code, answer.json["type"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "under", "body"),
    [
        ("PATCH", "contacts/{id}", {"label": "home"}),
        ("DELETE", "contacts/{id}", None),
        ("DELETE", "links/{id}", None),
        ("DELETE", "restrictions/{id}", None),
        ("POST", "links", {"other": str(uuid4()), "kind": "guardian"}),
    ],
)
def test_what_a_customer_does_not_have_is_not_found(
    web: FlaskClient, system: dict[str, str], at: str, method: str, under: str, body: object
) -> None:
    versioned = system | {"If-Match": '"v1"'}
    answer = web.open(f"{at}/{under.format(id=uuid4())}", method=method, json=body, headers=versioned)

    assert (answer.status_code, answer.json["type"]) == (404, "not-found")
