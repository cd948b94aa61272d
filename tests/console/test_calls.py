"""Somebody is on the line: no advertising, a note, a call back; and a record corrected by hand."""

from datetime import timedelta

from governance.kernel.work import OPERATOR, open_work
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form


def send(desk, page, action, **said):
    return desk.post(action, data=Form(desk.get(page), action).filled(**said), headers=ORIGIN)


def test_one_press_stops_advertising_and_is_on_record(desks, door, customer):
    desk, call = desks("support"), f"/console/customers/{customer}/call"
    stopped = send(desk, call, f"{call}/stop")
    assert stopped.status_code == 303
    assert "From now on nothing is sent for advertising" in desk.get(stopped.location).text
    with open_work(service_of(door).database, OPERATOR) as work:
        found = rights.queue(work, states=list(RequestState), kinds=[RequestKind.OBJECTION], customer=customer)
    assert found
    assert "/console/requests/" in desk.get(f"/console/customers/{customer}/requests").text


def test_a_note_with_a_day_comes_back_when_it_is_due(desks, door, customer):
    desk, call = desks("support"), f"/console/customers/{customer}/call"
    wrong = send(desk, call, f"{call}/note", note="Asks for the new list", call_back="soon")
    assert wrong.status_code == 422
    assert "Asks for the new list</textarea>" in wrong.text
    day = (service_of(door).clock.now() - timedelta(days=2)).date().isoformat()
    assert send(desk, call, f"{call}/note", note="Asks for the new list", call_back=day).status_code == 303
    assert f"/console/customers/{customer}/call" in desk.get("/console/call-backs").text
    assert "to call back" in desk.get("/console").text
    assert send(desk, call, f"{call}/note", note="Called back").status_code == 303
    assert f"/console/customers/{customer}/call" not in desk.get("/console/call-backs").text


def test_a_record_is_corrected_and_what_was_not_seen_stays(desks, customer):
    desk, edit = desks("steward"), f"/console/customers/{customer}/edit"
    assert send(desk, edit, edit, city="Псков").status_code == 303
    card = desk.get(f"/console/customers/{customer}").text
    assert "Псков" in card
    assert "В•••" in card
    wrong = send(desk, edit, edit, birth_date="the day before")
    assert wrong.status_code == 422
    assert 'value="the day before"' in wrong.text
    added = send(desk, edit, f"/console/customers/{customer}/contacts", kind="email", value="second@example.org")
    assert added.status_code == 303
