"""Requests of data subjects over HTTP: entered, proved, decided, answered; and by their holders in the portal."""

from collections import Counter
from dataclasses import replace
from time import process_time

import pytest

from governance.api.limits import Limiter
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.messages import outbox
from governance.policies.permissions import Permission
from governance.reference.operations import set_controller
from tests.api.conftest import service_of
from tests.factories.signing import bearer_of, enrol


@pytest.fixture(autouse=True)
def controller(door):
    with open_work(service_of(door).database, OPERATOR) as work:
        set_controller(work, legal_name="Daisy GmbH", address="Berlin", country="DE")


@pytest.fixture
def officer(web):
    with open_work(service_of(web.application).database, OPERATOR) as work:
        member = enrol(work, "officer")
    return bearer_of(web, member)


@pytest.fixture
def irina(web):
    """Id and address of somebody."""
    address = f"{uuid4().hex}@example.org"
    with open_work(service_of(web.application).database, OPERATOR) as work:
        said = [ContactSaid(kind="email", value=address)]
        fields = {"family_name": "Рябова", "birth_date": "1982-08-09", "city": "Псков"}
        made = customers.create(work, fields=fields, contacts=said)
    return str(made.id), address


def code_to(web, address):
    code = ""
    with open_work(service_of(web.application).database, OPERATOR) as work:
        while (lent := outbox.lend(work)) is not None:
            code = str(lent.values.get("code", code)) if lent.recipient == address else code
    return code


def test_an_officer_takes_a_letter_from_receipt_to_answer(web, officer, irina):
    person, address = irina
    letter = {"kind": "complaint", "arrival": "letter", "contact_kind": "email", "contact": address, "said": "Zu viel"}
    made = web.post("/v1/requests", json=letter, headers=officer)
    assert made.status_code == 201, made.json
    assert (made.status_code, made.json["joined"], made.json["request"]["state"]) == (201, False, "received")
    place = f"/v1/requests/{made.json['request']['id']}"
    checked = {"customer": person, "checked": "Ausweis am Schalter"}
    assert web.post(f"{place}/proofs", json=checked, headers=officer).json["state"] == "open"
    asked = web.post(f"{place}/questions", json={"question": "Was genau?"}, headers=officer)
    assert (asked.status_code, asked.json["state"]) == (201, "awaiting_requester")
    assert web.post(f"{place}/replies", json={"words": "Alles"}, headers=officer).json["state"] == "open"
    longer = web.post(f"{place}/extensions", json={"reason": "Archiv"}, headers=officer)
    assert (longer.status_code, longer.json["type"]) == (409, "conflict")  # no law extends complaints
    assert web.post(f"{place}/completions", json={}, headers=officer).json["type"] == "request-act"
    assert web.post(f"{place}/starts", json={}, headers=officer).json["state"] == "in_progress"
    done = web.post(f"{place}/completions", json={"answer": "Erledigt"}, headers=officer)
    assert (done.json["state"], done.json["outcome"], done.json["acts"]) == ("completed", "done", [])
    read = web.get(place, headers=officer)
    assert [one["act"] for one in read.json["events"]] == [
        "receive", "prove", "ask", "reply", "start", "complete"
    ]  # fmt: skip
    text = web.get(f"{place}/notices/{read.json['notices'][0]['id']}/text", headers=officer)
    assert read.json["number"] in text.json["text"]
    assert web.post(f"{place}/notices/{read.json['notices'][0]['id']}/tellings", headers=officer).status_code == 204


def test_an_act_on_what_was_read_before_a_colleague_changed_it_is_refused(web, officer, irina):
    letter = {"kind": "complaint", "arrival": "letter", "customer": irina[0], "said": "If-Match"}
    place = f"/v1/requests/{web.post('/v1/requests', json=letter, headers=officer).json['request']['id']}"
    read = web.get(place, headers=officer)
    assert read.headers["ETag"] == f'"v{read.json["version"]}"'
    proved = web.post(f"{place}/proofs", json={"customer": irina[0], "checked": "Pass"}, headers=officer)
    assert proved.headers["ETag"] not in (None, read.headers["ETag"])

    refusal = {"ground": "not_identified", "reason": "Unbekannt"}
    late = web.post(f"{place}/refusals", json=refusal, headers=officer | {"If-Match": read.headers["ETag"]})
    assert (late.status_code, late.json["type"]) == (412, "precondition-failed")
    assert "stands at open" in late.json["detail"]
    never = web.post(f"{place}/refusals", json=refusal, headers=officer | {"If-Match": "yesterday's"})
    assert never.status_code == 412
    assert web.get(place, headers=officer).json["state"] == "open"
    now = web.post(f"{place}/withdrawals", json={}, headers=officer | {"If-Match": proved.headers["ETag"]})
    assert (now.status_code, now.json["state"]) == (201, "withdrawn")


def test_a_system_enters_requests_and_learns_nothing_of_the_person(web, bearer, irina):
    system = bearer(Permission.REQUESTS_RECEIVE, Permission.REQUESTS_READ)
    known = web.post(
        "/v1/requests", json={"kind": "access", "contact_kind": "email", "contact": irina[1]}, headers=system
    )
    order = {"kind": "access", "contact_kind": "email", "contact": f"{uuid4().hex}@example.org"}
    unknown = web.post("/v1/requests", json=order, headers=system)
    assert known.json["request"]["state"] == unknown.json["request"]["state"] == "identity_check"
    assert known.json["request"]["customer"] is unknown.json["request"]["customer"] is None
    place = f"/v1/requests/{known.json['request']['id']}"
    assert web.post(f"{place}/starts", json={}, headers=system).status_code == 403
    again = web.post("/v1/requests", json=order, headers=system)
    assert (again.json["joined"], again.json["request"]["id"]) == (True, unknown.json["request"]["id"])
    wrong = web.post("/v1/requests", json={"kind": "access"}, headers=system)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["contact"])


def test_the_queue_is_paged_by_due_date(web, officer, irina):
    for kind in ("access", "portability", "complaint"):
        order = {"kind": kind, "customer": irina[0], "arrival": "letter"}
        assert web.post("/v1/requests", json=order, headers=officer).status_code == 201
    found, cursor = [], None
    while True:
        query = {"limit": 2, "customer": irina[0]} | ({"cursor": cursor} if cursor else {})
        page = web.get("/v1/requests", query_string=query, headers=officer).json
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    # They were not proved, but whoever entered them named the person.
    assert sorted(one["kind"] for one in found) == ["access", "complaint", "portability"]
    assert [one["due_on"] for one in found] == sorted(one["due_on"] for one in found)
    assert web.get("/v1/requests?cursor=Wzk5OTk5OTk5LCIwIl0", headers=officer).status_code == 422


def test_the_call_delete_me_is_one_request(web, officer, irina):
    said = {"contact_kind": "email", "contact": irina[1], "note": "Löscht mich"}
    called = web.post("/v1/requests/calls", json=said, headers=officer)
    assert called.status_code == 201
    assert (called.json["stopped"], [one["id"] for one in called.json["people"]]) == (True, [irina[0]])
    place = f"/v1/requests/{called.json['request']['id']}"
    wrong = web.post(f"{place}/code-proofs", json={"id": called.json["code"], "code": "1"}, headers=officer)
    assert (wrong.status_code, wrong.json) == (200, {"right": False, "request": None})
    typed = {"id": called.json["code"], "code": code_to(web, irina[1])}
    right = web.post(f"{place}/code-proofs", json=typed, headers=officer).json
    assert (right["right"], right["request"]["customer"]) == (True, irina[0])
    assert (right["request"]["state"], right["request"]["carried_as"] is not None) == ("in_progress", True)


def test_a_customer_asks_by_themselves(web, irina):
    sent = web.post("/v1/portal/codes", json={"email": irina[1]}, environ_base={"REMOTE_ADDR": "198.51.100.77"})
    begun = web.post("/v1/portal/sessions", json={"id": sent.json["id"], "code": code_to(web, irina[1])})
    mine = {"Authorization": f"Bearer {begun.json['token']}"}
    made = web.post("/v1/portal/session/requests", json={"kind": "access"}, headers=mine)
    assert (made.status_code, made.json["state"], made.json["needs"]) == (201, "identity_check", "second_fact")
    early = web.post(f"/v1/portal/session/requests/{made.json['id']}/proofs", headers=mine)
    assert (early.status_code, early.json["type"]) == (403, "forbidden")
    fact = {"fact": "birth_date", "value": "1982-08-09"}
    known = web.post("/v1/portal/session/second-fact", json=fact, headers=mine)
    mine = {"Authorization": f"Bearer {known.json['token']}"}
    proved = web.post(f"/v1/portal/session/requests/{made.json['id']}/proofs", headers=mine)
    assert proved.status_code == 201
    assert proved.json["state"] in ("open", "in_progress")
    listed = web.get("/v1/portal/session/requests", headers=mine).json
    assert [one["id"] for one in listed] == [made.json["id"]]


def test_who_may_not_work_on_requests_is_refused(web, bearer):
    stranger = bearer(Permission.CUSTOMERS_READ)
    assert web.get("/v1/requests", headers=stranger).status_code == 403
    assert web.post("/v1/requests", json={"kind": "access"}, headers=stranger).status_code == 403
    assert web.get(f"/v1/requests/{uuid4()}", headers=bearer(Permission.REQUESTS_READ)).status_code == 404


def test_a_thousand_requests_from_one_address_are_each_answered_and_make_one_file(web, bearer, officer):
    address = f"{uuid4().hex}@example.org"
    system = bearer(Permission.REQUESTS_RECEIVE, Permission.REQUESTS_READ)
    service = service_of(web.application)
    web.application.extensions["governance"] = replace(service, limiter=Limiter(40, monotonic=lambda: 0.0))
    order = {"kind": "access", "contact_kind": "email", "contact": address}
    began = process_time()
    answers = [web.post("/v1/requests", json=order, headers=system) for _ in range(1000)]
    spent = process_time() - began

    assert Counter(one.status_code for one in answers) == {201: 40, 429: 960}
    assert all(one.headers["Retry-After"] for one in answers if one.status_code == 429)
    taken = [one.json for one in answers if one.status_code == 201]
    assert len({one["request"]["id"] for one in taken}) == 1
    assert [one["joined"] for one in taken] == [False] + [True] * 39
    assert taken[-1]["request"]["repeats"] == 39
    assert len(taken[-1]["request"]["notices"]) == 2  # of receipt, and the asking who they are
    assert web.get("/v1/requests", headers=officer).status_code == 200  # others are served meanwhile
    assert spent < 20


def test_who_asks_too_often_is_refused_with_a_reason_and_told_so(web, officer, irina):
    person, address = irina
    letter = {"kind": "access", "contact_kind": "email", "contact": address, "customer": person, "checked": "Ausweis"}
    for number in range(3):
        made = web.post("/v1/requests", json={**letter, "arrival": "letter"}, headers=officer).json["request"]
        place = f"/v1/requests/{made['id']}"
        assert made["earlier"] == number
        ground = "excessive" if number == 2 else "unfounded"
        refusal = {"ground": ground, "reason": "Drei Anfragen in einer Woche, zwei beantwortet"}
        assert web.post(f"{place}/refusals", json={"ground": ground}, headers=officer).status_code == 422
        done = web.post(f"{place}/refusals", json=refusal, headers=officer)
        assert (done.json["state"], done.json["ground"]) == ("refused", ground)
    text = web.get(f"{place}/notices/{done.json['notices'][-1]['id']}/text", headers=officer).json["text"]
    assert "Drei Anfragen in einer Woche" in text
