"""Segments over HTTP: defined, evaluated by the worker, counted, and handed to a system that may have them."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from governance.consent import operations as consent
from governance.consent import segmenting
from governance.consent.segmenting import RunId
from governance.customers import operations as customers
from governance.customers.bulk import create_people
from governance.customers.codes import ContactKind
from governance.customers.records import NewContact
from governance.disclosures import audiences
from governance.disclosures.recording import define_recipient
from governance.kernel.errors import ConflictError, ForbiddenError
from governance.kernel.ids import SubjectId
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.policies.consent_state import EventKind
from governance.policies.permissions import Permission
from governance.reference.operations import set_controller
from governance.reference.recipients import RecipientKind
from governance.retention import operations as retention
from tests.api.conftest import bearer_for, service_of
from tests.factories.actors import by, staff
from tests.factories.customers import origin, person
from tests.factories.exporting import letters
from tests.factories.saying import notice, said
from tests.factories.signing import bearer_of, enrol

RULE = {"all": [{"field": "city", "op": "is", "value": "Київ"}]}
TITLES = {"en": "In Kyiv", "ru": "В Киеве", "uk": "У Києві"}
SEGMENTS = (
    Permission.SEGMENTS_READ,
    Permission.SEGMENTS_DEFINE,
    Permission.SEGMENTS_EVALUATE,
    Permission.SEGMENTS_USE,
)


@pytest.fixture
def people(own_web: FlaskClient) -> list[SubjectId]:
    """Seven people in Kyiv, of whom five may get the newsletter."""
    with open_work(service_of(own_web.application).database, OPERATOR) as work:
        set_controller(work, legal_name="ТОВ Ромашка", address="Київ", country="UA")
        notice(work)
        told = [
            person(city="Київ", contacts=(NewContact(ContactKind.EMAIL, f"c{number}@example.org"),))
            for number in range(7)
        ]
        ids = create_people(work, told, origin=origin())
        for one in ids[:5]:
            consent.record(work, event=said(EventKind.CONFIRMED, subject=one))
    return ids


def see_through(web: FlaskClient, run: str) -> None:
    segmenting.see_through(service_of(web.application).database, actor=SYSTEM, run=RunId(UUID(run)))


def test_a_segment_goes_from_its_rule_to_the_contacts_that_may_be_written_to(
    own_web: FlaskClient, people: list[SubjectId]
) -> None:
    headers = bearer_for(own_web.application, *SEGMENTS)
    made = own_web.post("/v1/segments", json={"key": "kyiv", "titles": TITLES, "rule": RULE}, headers=headers)
    assert made.status_code == 201, made.json
    segment = made.headers["Location"]
    assert own_web.get(segment, headers=headers).json["rule"] == RULE

    begun = own_web.post(f"{segment}/runs", headers=headers)
    assert (begun.status_code, begun.json["state"], begun.json["matched"]) == (202, "running", None)
    see_through(own_web, begun.json["id"])
    told = own_web.get(f"/v1/segment-runs/{begun.json['id']}", headers=headers).json
    assert (told["state"], told["matched"], told["left_out"], told["done"]) == ("done", "7", "<5", 7)

    order = {"purpose": "newsletter", "channel": "email"}
    checked = own_web.post(f"{segment}/audiences", json=order, headers=headers)
    assert checked.status_code == 202
    see_through(own_web, checked.json["id"])
    told = own_web.get(f"/v1/segment-runs/{checked.json['id']}", headers=headers).json
    assert (told["matched"], told["people"], told["source"]) == ("5", None, begun.json["id"])
    listed = own_web.get(f"{segment}/runs", headers=headers).json["items"]
    assert [one["id"] for one in listed] == [checked.json["id"], begun.json["id"]]
    assert "example.org" not in str(listed) + str(told)


def test_a_rule_is_refused_by_its_place(own_web: FlaskClient) -> None:
    headers = bearer_for(own_web.application, *SEGMENTS)
    rule = {"all": [{"field": "street", "op": "is", "value": "Ленина 5"}]}
    told = own_web.post("/v1/segments", json={"key": "x", "titles": TITLES, "rule": rule}, headers=headers)
    assert (told.status_code, list(told.json["errors"])) == (422, ["rule.all.0.field"])
    assert "Ленина" not in told.get_data(as_text=True)


def test_an_edit_names_the_version_that_was_read(own_web: FlaskClient) -> None:
    headers = bearer_for(own_web.application, *SEGMENTS)
    made = own_web.post("/v1/segments", json={"key": "kyiv", "titles": TITLES, "rule": RULE}, headers=headers)
    tagged = {**headers, "If-Match": made.headers["ETag"]}
    place = made.headers["Location"]
    assert own_web.patch(place, json={"rule": {"not": RULE}}, headers=tagged).json["version"] == 2
    assert own_web.patch(place, json={"rule": RULE}, headers=tagged).status_code == 412
    assert own_web.post(f"{place}/retirements", headers=headers).json["retired_at"] is not None
    assert own_web.post(f"{place}/runs", headers=headers).status_code == 409


def test_contacts_go_to_a_system_that_may_have_them_for_a_recipient_and_as_checked_at_that_moment(
    own_web: FlaskClient, people: list[SubjectId]
) -> None:
    headers = bearer_for(own_web.application, *SEGMENTS)
    mailer = bearer_for(own_web.application, Permission.SEGMENTS_DELIVER)
    made = own_web.post("/v1/segments", json={"key": "kyiv", "titles": TITLES, "rule": RULE}, headers=headers)
    begun = own_web.post(f"{made.headers['Location']}/runs", headers=headers).json["id"]
    see_through(own_web, begun)
    order = {"purpose": "newsletter", "channel": "email"}
    checked = own_web.post(f"{made.headers['Location']}/audiences", json=order, headers=headers).json["id"]
    place = f"/v1/segment-runs/{checked}/deliveries"
    early = own_web.post(place, json={"recipient": "mailer"}, headers=mailer)
    assert early.status_code == 409
    see_through(own_web, checked)
    assert own_web.post(place, json={"recipient": "mailer"}, headers=headers).status_code == 403
    assert own_web.post(place, json={"recipient": "mailer"}, headers=mailer).status_code in {404, 422}
    with open_work(service_of(own_web.application).database, OPERATOR) as work:
        define_recipient(
            work,
            key="mailer",
            name="Mailer",
            kind=RecipientKind.PROCESSOR,
            country="UA",
            purposes=["newsletter"],
            fields=["contact.email"],
            safeguard="domestic",
        )
        consent.record(work, event=said(EventKind.WITHDRAWN, subject=people[0]))
    told = own_web.post(place, json={"recipient": "mailer"}, headers=mailer).json
    assert {one["customer"]: one["contact"] for one in told["items"]} == {
        str(one): f"c{number}@example.org" for number, one in enumerate(people) if 0 < number < 5
    }
    assert told["disclosure"] is not None
    assert told["next_part"] is None
    other = own_web.post(f"/v1/segment-runs/{begun}/deliveries", json={"recipient": "mailer"}, headers=mailer)
    assert other.status_code == 409
    with open_work(service_of(own_web.application).database, OPERATOR) as work:
        assert list(audiences.selection_of(work, run=RunId(UUID(begun))).people) == people
        assert list(audiences.selection_of(work, run=RunId(UUID(checked))).people) == people[:5]
        with pytest.raises(ForbiddenError):
            audiences.selection_of(by(work, staff("auditor")), run=RunId(UUID(begun)))


def test_all_whom_a_segment_found_are_held_and_the_case_finds_them(
    own_web: FlaskClient, people: list[SubjectId]
) -> None:
    headers = bearer_for(own_web.application, *SEGMENTS)
    made = own_web.post("/v1/segments", json={"key": "kyiv", "titles": TITLES, "rule": RULE}, headers=headers)
    begun = own_web.post(f"{made.headers['Location']}/runs", headers=headers).json["id"]
    why = {"compartments": ["finance"], "reason": "Claim", "case_ref": "A 12/26"}
    with open_work(service_of(own_web.application).database, OPERATOR) as work, pytest.raises(ConflictError):
        retention.hold_segment(work, evaluation=UUID(begun), review_at=work.now + timedelta(days=90), **why)
    see_through(own_web, begun)

    with open_work(service_of(own_web.application).database, OPERATOR) as work:
        placed = retention.hold_segment(work, evaluation=UUID(begun), review_at=work.now + timedelta(days=90), **why)
        held = customers.holds_of_case(work, case_ref="A 12/26")

    assert placed == len(people)
    assert {one.person for one in held} == set(people)


def test_an_export_looks_at_those_whom_a_segment_found(own_web: FlaskClient, people: list[SubjectId]) -> None:
    with open_work(service_of(own_web.application).database, OPERATOR) as work:
        letters(work, country="UA")
        officer = enrol(work, "officer")
    headers = bearer_of(own_web, officer)
    made = own_web.post("/v1/segments", json={"key": "kyiv", "titles": TITLES, "rule": RULE}, headers=headers)
    run = own_web.post(f"{made.headers['Location']}/runs", headers=headers).json["id"]
    see_through(own_web, run)
    order = {
        "recipient": "letters",
        "purpose": "service",
        "channels": ["email"],
        "format": "csv",
        "fields": ["contact.email"],
        "reason": "Переезд склада",
        "segment_run": run,
    }
    both = own_web.post("/v1/exports", json={**order, "customers": [str(people[0])]}, headers=headers)
    assert (both.status_code, list(both.json["errors"])) == (422, ["segment_run"])
    proposed = own_web.post("/v1/exports", json=order, headers=headers)
    assert (proposed.status_code, proposed.json["payload"]["people"]) == (202, len(people)), proposed.json
