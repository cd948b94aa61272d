"""Consents over HTTP: purposes and notices published, events recorded, states read."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from governance.api import consent_saying
from governance.consent.meant import Meant
from governance.consent.operations import Heard, Recorded
from governance.kernel.errors import GovernanceError
from governance.kernel.ids import uuid4, uuid7
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.vault.errors import ShreddedError
from tests.api.conftest import Bearer

Headers = dict[str, str]
WORDS = {"en": {"title": "Newsletter", "body": "I agree."}, "uk": {"title": "Розсилка", "body": "Погоджуюся."}}


@pytest.fixture
def notice(web: FlaskClient, configurer: Headers) -> int:
    """The version of the newsletter's notice that is in force."""
    asked = {"kind": "consent", "key": "newsletter", "texts": WORDS, "material": False}
    answer = web.post("/v1/consent/notices", json=asked, headers=configurer)
    assert answer.status_code == 201, answer.json
    return int(answer.json["version"]["version"])


@pytest.fixture
def configurer(bearer: Bearer) -> Headers:
    return bearer(Permission.CONSENT_CONFIGURE, Permission.CONSENT_READ)


@pytest.fixture
def address() -> str:
    return f"irina.{uuid4().hex}@example.org"


@pytest.fixture
def customer(web: FlaskClient, system: Headers, address: str) -> str:
    body = {"family_name": "Воробьева", "contacts": [{"kind": "email", "value": address}]}
    return str(web.post("/v1/customers", json=body, headers=system).json["id"])


def given(address: str, notice: int, **more: object) -> dict[str, object]:
    return {
        "kind": "given",
        "purpose": "newsletter",
        "channel": "email",
        "method": "web_form",
        "contact": {"kind": "email", "value": address},
        "notice": notice,
        "language": "uk",
        **more,
    }


def test_a_consent_is_given_confirmed_and_withdrawn(
    web: FlaskClient, system: Headers, customer: str, address: str, notice: int
) -> None:
    made = web.post("/v1/consent/events", json=given(address, notice, evidence={"form": "footer"}), headers=system)
    assert made.status_code == 201
    assert made.json["customer_id"] == customer
    assert (made.json["standing"], made.json["confirmed"], made.json["also"]) == ("given", False, [])
    confirmed = web.post("/v1/consent/events", json=given(address, notice, kind="confirmed"), headers=system)
    assert (confirmed.json["sequence"], confirmed.json["confirmed"]) == (2, True)
    states = web.get(f"/v1/customers/{customer}/consents", headers=system).json
    (state,) = states["items"]
    assert (state["standing"], state["notice"], state["valid_until"]) == ("given", notice, None)
    assert (states["sequence"], state["event_id"]) == (2, confirmed.json["id"])
    web.post(
        "/v1/consent/events",
        json={"kind": "withdrawn", "purpose": "newsletter", "channel": "email", "customer_id": customer},
        headers=system,
    )
    (state,) = web.get(f"/v1/customers/{customer}/consents", headers=system).json["items"]
    assert (state["standing"], state["notice"]) == ("withdrawn", None)


def test_events_are_listed_newest_first_without_evidence(
    web: FlaskClient, system: Headers, customer: str, address: str, notice: int
) -> None:
    for kind in ("requested", "given", "confirmed"):
        web.post("/v1/consent/events", json=given(address, notice, kind=kind), headers=system)
    place = f"/v1/customers/{customer}/consent-events"
    first = web.get(f"{place}?limit=2", headers=system).json
    rest = web.get(f"{place}?limit=2&cursor={first['next_cursor']}", headers=system).json
    assert [one["kind"] for one in first["items"] + rest["items"]] == ["confirmed", "given", "requested"]
    assert rest["next_cursor"] is None
    assert address not in str(first)


def test_of_a_day_only_the_day_is_kept(
    web: FlaskClient, system: Headers, customer: str, address: str, notice: int
) -> None:
    web.post("/v1/consent/events", json=given(address, notice, valid_at="2024-05-01"), headers=system)
    (one,) = web.get(f"/v1/customers/{customer}/consent-events", headers=system).json["items"]
    assert (one["valid_at"], one["whole_day"]) == ("2024-04-30T21:00:00Z", True)


def test_a_repeated_request_records_nothing_again(
    web: FlaskClient, system: Headers, customer: str, address: str, notice: int
) -> None:
    headers = {**system, "Idempotency-Key": str(uuid7())}
    made = [web.post("/v1/consent/events", json=given(address, notice), headers=headers) for _ in range(2)]
    assert made[0].json["id"] == made[1].json["id"]
    assert len(web.get(f"/v1/customers/{customer}/consent-events", headers=system).json["items"]) == 1


def test_a_batch_says_of_each_event_what_became_of_it(
    web: FlaskClient, system: Headers, customer: str, address: str, notice: int
) -> None:
    events = [
        given(address, notice),
        given("nobody@example.org", notice),
        given("nobody@example.org", notice, kind="withdrawn"),
        given(address, notice, kind="refused"),
    ]
    headers = {**system, "Idempotency-Key": str(uuid7())}
    answer = web.post("/v1/consent/events/batches", json={"events": events}, headers=headers)
    assert answer.status_code == 200
    assert (answer.json["recorded"], answer.json["refused"]) == (3, 1)
    first, second, third, fourth = answer.json["items"]
    assert first["recorded"]["customer_id"] == fourth["recorded"]["customer_id"] == customer
    assert second["refused"]["type"] == "unknown-contact"
    assert "nobody@example.org" not in answer.get_data(as_text=True)
    assert third["recorded"]["customer_id"] is None
    again = web.post("/v1/consent/events/batches", json={"events": events}, headers=headers)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert len(web.get(f"/v1/customers/{customer}/consent-events", headers=system).json["items"]) == 2


def test_what_cannot_be_kept_of_one_event_keeps_no_other_from_being_recorded(
    web: FlaskClient, system: Headers, customer: str, address: str, notice: int
) -> None:
    wrong: list[dict[str, object]] = [
        {"seen": 2**63},
        {"voids": 2**70, "kind": "invalidated"},
        {"valid_at": "0001-01-01"},
    ]
    events = [given(address, notice), *(given(address, notice, **one) for one in wrong)]
    answer = web.post("/v1/consent/events/batches", json={"events": events}, headers=system)
    assert (answer.status_code, answer.json["recorded"], answer.json["refused"]) == (200, 1, 3)


def test_a_batch_larger_than_the_usual_body_is_taken(web: FlaskClient, system: Headers, customer: str) -> None:
    event = {"kind": "withdrawn", "purpose": "newsletter", "channel": "sms", "customer_id": customer}
    event["evidence"] = {"form": "x" * 3000}  # type: ignore[assignment]  # any JSON
    answer = web.post("/v1/consent/events/batches", json={"events": [event] * 500}, headers=system)
    assert (answer.status_code, answer.json["recorded"]) == (200, 500)
    too_many = web.post("/v1/consent/events/batches", json={"events": [event] * 5001}, headers=system)
    assert too_many.status_code in {413, 422}


@pytest.mark.parametrize(
    ("wrong", "status", "slug", "field"),
    [
        ({"purpose": "nothing"}, 404, "unknown-purpose", "purpose"),
        ({"contact": {"kind": "email", "value": "nobody@example.org"}}, 422, "unknown-contact", "contact"),
        ({"channel": "pigeon"}, 422, "invalid", "channel"),
        ({"kind": "expired"}, 422, "invalid", "kind"),
        ({"valid_at": "2999-01-01T00:00:00Z"}, 422, "invalid", "valid_at"),
        ({"valid_at": "0001-01-01"}, 422, "invalid", "valid_at"),
        ({"seen": 2**63}, 422, "invalid", "seen"),
        ({"voids": 2**63, "kind": "invalidated"}, 422, "invalid", "voids"),
        ({"notice": 999}, 422, "invalid", "notice"),
        ({"colour": "red"}, 422, "invalid", "colour"),
        ({"contact": None}, 422, "invalid", "customer_id"),
    ],
)
def test_a_refusal_names_the_field(
    web: FlaskClient,
    system: Headers,
    address: str,
    customer: str,
    notice: int,
    wrong: dict[str, object],
    status: int,
    slug: str,
    field: str,
) -> None:
    answer = web.post("/v1/consent/events", json={**given(address, notice), **wrong}, headers=system)
    assert (answer.status_code, answer.json["type"]) == (status, slug)
    assert field in answer.json["errors"]


def test_a_system_without_the_scope_is_refused(web: FlaskClient, bearer: Bearer, customer: str) -> None:
    reader = bearer(Permission.CONSENT_READ)
    event = {"kind": "withdrawn", "purpose": "newsletter", "channel": "email", "customer_id": customer}
    assert web.post("/v1/consent/events", json=event, headers=reader).status_code == 403
    recorder = bearer(Permission.CONSENT_RECORD)
    assert web.post("/v1/consent/events", json=event, headers=recorder).status_code == 201
    assert web.get(f"/v1/customers/{customer}/consents", headers=recorder).status_code == 403


def test_purposes_are_listed_and_published_in_versions(web: FlaskClient, configurer: Headers) -> None:
    listed = web.get("/v1/consent/purposes", headers=configurer).json["items"]
    newsletter = next(one for one in listed if one["key"] == "newsletter")
    assert {"email", "sms"} <= set(newsletter["double_opt_in"])
    assert newsletter["bases"][0]["citation"]
    titles = {"en": "Raffle", "ru": "Розыгрыш", "uk": "Розіграш"}
    document = {
        "titles": titles,
        "descriptions": titles,
        "channels": ["email"],
        "advertising": True,
        "categories": ["user.contact"],
        "bases": {"eu_consent": ["email"]},
        "valid_for": "P18M",
    }
    key = f"raffle_{uuid4().hex[:8]}"
    made = web.post("/v1/consent/purposes", json={"key": key, "document": document}, headers=configurer)
    assert (made.status_code, made.json["version"], made.json["valid_for"]) == (201, 1, "P1Y6M")
    assert made.headers["Location"] == f"/v1/consent/purposes/{key}"
    versions = web.get(f"/v1/consent/purposes/{key}", headers=configurer).json["items"]
    assert [one["version"] for one in versions] == [1]
    document["channels"] = ["pigeon"]
    refused = web.post("/v1/consent/purposes", json={"key": key, "document": document}, headers=configurer)
    assert refused.status_code == 422
    assert web.get("/v1/consent/purposes/nothing_like_it", headers=configurer).status_code == 404


def test_notices_are_proposed_published_and_read_with_their_digest(
    web: FlaskClient, system: Headers, configurer: Headers, notice: int
) -> None:
    drafts = web.get("/v1/consent/notices/drafts", headers=configurer).json["items"]
    assert "ООО Ромашка" in next(one for one in drafts if one["key"] == "newsletter")["texts"]["ru"]["body"]
    listed = web.get("/v1/consent/notices?kind=consent&key=newsletter", headers=configurer).json["items"]
    assert listed[-1]["version"] == notice
    read = web.get(f"/v1/consent/notices/consent/newsletter/{notice}", headers=configurer).json
    assert read["texts"]["uk"]["title"] == "Розсилка"
    assert len(read["texts"]["uk"]["sha256"]) == 64
    assert web.get("/v1/consent/notices/consent/newsletter/999", headers=configurer).status_code == 404
    assert web.get("/v1/consent/notices/other/newsletter/1", headers=configurer).status_code == 404


def test_what_lapses_is_listed_page_by_page(web: FlaskClient, configurer: Headers, system: Headers) -> None:
    asked = {"kind": "consent", "key": "surveys", "texts": WORDS, "material": False}
    version = web.post("/v1/consent/notices", json=asked, headers=configurer).json["version"]["version"]
    people = []
    for _ in range(3):
        contact = {"kind": "email", "value": f"{uuid4().hex}@example.org"}
        made = web.post("/v1/customers", json={"family_name": "Ким", "contacts": [contact]}, headers=system)
        people.append(made.json["id"])
    events = [
        given("", version, purpose="surveys", contact=None, customer_id=one, valid_at="2020-03-01", kind="confirmed")
        for one in people
    ]
    web.post("/v1/consent/events/batches", json={"events": events}, headers=system)
    found: list[str] = []
    cursor = ""
    for _ in range(50):
        page = web.get(f"/v1/consent/lapsing?purpose=surveys&limit=2{cursor}", headers=system).json
        found += [one["customer_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(map(UUID, people)) == sorted(UUID(one) for one in found if one in people)
    assert len(found) == len(set(found))


def at_once(door: Flask, calls: Sequence[tuple[dict[str, object], Headers]]) -> list[TestResponse]:
    """Send events at the same moment, each over a connection of its own."""
    ready = threading.Barrier(len(calls))

    def send(call: tuple[dict[str, object], Headers]) -> TestResponse:
        with door.test_client() as client:
            ready.wait(10)
            return client.post("/v1/consent/events", json=call[0], headers=call[1])

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(send, calls))


def test_events_that_come_at_once_are_each_answered_for_themselves(
    door: Flask, web: FlaskClient, system: Headers, bearer: Bearer, customer: str, notice: int, address: str
) -> None:
    reader, other = bearer(Permission.CONSENT_READ), bearer(Permission.CONSENT_RECORD)
    event = {"kind": "withdrawn", "purpose": "surveys", "channel": "sms", "customer_id": customer}
    calls = [
        (event, system),
        ({**event, "purpose": "nothing"}, system),
        (event, reader),
        (event, {"Authorization": "Bearer gov_nobody"}),
        ({**event, "customer_id": str(uuid7())}, other),
        (event, other),
        (given(address, notice), other),
    ]
    for _ in range(3):
        statuses = [answer.status_code for answer in at_once(door, calls)]
        assert statuses == [201, 404, 403, 401, 404, 201, 201]
    items = web.get(f"/v1/customers/{customer}/consent-events", headers=system).json["items"]
    assert sorted(one["sequence"] for one in items) == list(range(1, 10))
    assert len({one["actor_id"] for one in items}) == 2


def test_for_a_stranger_nobody_is_looked_up(
    web: FlaskClient, notice: int, address: str, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(_meant: Meant) -> None:
        raise AssertionError("somebody was looked up")

    monkeypatch.setattr(Meant, "ask", asked)
    answer = web.post(
        "/v1/consent/events", json=given(address, notice), headers={"Authorization": "Bearer gov_nobody_x"}
    )
    assert answer.status_code == 401, customer


def test_an_event_that_fails_unforeseen_does_not_take_others_with_it(
    door: Flask, web: FlaskClient, system: Headers, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = consent_saying.consent.record_each

    def record_each(work: Work, *, events: Heard, places: Sequence[int]) -> list[Recorded | GovernanceError]:
        if any(events.all[one].purpose == "surveys" for one in places):
            raise ShreddedError("The key of this data was destroyed.")
        return record(work, events=events, places=places)

    monkeypatch.setattr(consent_saying.consent, "record_each", record_each)
    event = {"kind": "withdrawn", "purpose": "newsletter", "channel": "sms", "customer_id": customer}
    calls = [({**event, "purpose": "surveys" if place == 2 else "newsletter"}, system) for place in range(6)]
    assert sorted(answer.status_code for answer in at_once(door, calls)) == [201, 201, 201, 201, 201, 410]
