"""One table says who sees which page; the menu, the guard and these tests go by it."""

import re

import pytest
from flask import Flask
from sqlalchemy import event

from governance.audit.actions import Action
from governance.console.pages_table import NAVIGATION, PAGES, STRANGERS
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, Actor, ActorKind, open_work
from governance.policies import shipped
from governance.policies.access import allows
from tests.api.conftest import service_of
from tests.factories.trail import entries

STAFF = tuple(name for name, role in shipped.roles().roles.items() if not role.scopes)


def may(role, endpoint):
    actor = Actor(kind=ActorKind.STAFF, id=uuid4(), permissions=shipped.roles().grants_of((role,)), roles=(role,))
    permission = PAGES[endpoint]
    return permission is None or allows(actor, permission).allowed


def routes(app):
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console."):
            found.setdefault(rule.endpoint.removeprefix("console."), []).append(rule)
    return found


def address(rule):
    path = re.sub(r"<uuid:[a-z_]+>", str(uuid4()), rule.rule)
    return re.sub(r"<int:[a-z]+>", "1", re.sub(r"<[a-z]+>", "privacy", path))


def test_every_page_stands_in_the_table_and_the_table_holds_no_other(door: Flask):
    assert set(routes(door)) == set(PAGES) | STRANGERS
    assert set(NAVIGATION) <= set(PAGES)


@pytest.mark.parametrize("role", STAFF)
def test_each_role_sees_its_pages_in_the_menu_and_no_others(role, desks, door):
    menu = re.findall(r'<li><a href="([^"]+)"', desks(role).get("/console").text)
    paths = {rules[0].rule: endpoint for endpoint, rules in routes(door).items() if endpoint in NAVIGATION}

    assert {paths[one] for one in menu if one in paths} == {one for one in NAVIGATION if may(role, one)}


@pytest.mark.parametrize("role", STAFF)
def test_each_page_opens_for_those_who_may_and_is_refused_to_others(role, desks, door):
    for endpoint, rules in routes(door).items():
        if endpoint in STRANGERS or "GET" not in rules[0].methods:
            continue
        answer = desks(role).get(address(rules[0]))
        if may(role, endpoint):
            assert answer.status_code in (200, 404), (endpoint, answer.status_code)
        else:
            assert answer.status_code == 403, endpoint


@pytest.mark.parametrize("role", STAFF)
def test_each_act_is_refused_to_those_who_may_not(role, desks, door):
    for endpoint, rules in routes(door).items():
        for rule in rules:
            if endpoint not in STRANGERS and "POST" in rule.methods and not may(role, endpoint):
                assert desks(role).post(address(rule), data={}).status_code == 403, endpoint


def test_a_page_that_is_refused_is_on_record_once_by_the_transaction_that_looked_who_asks(desks, door):
    desk, engine, begun = desks("bookkeeper"), service_of(door).database.engine, []

    def refusals():
        with open_work(service_of(door).database, OPERATOR) as work:
            return [one.facts for one in entries(work, Action.ACCESS_REFUSED)]

    def note(connection):
        begun.append(connection)

    before = refusals()
    event.listen(engine, "begin", note)
    assert desk.get("/console/staff").status_code == 403
    event.remove(engine, "begin", note)
    assert len(begun) == 1
    assert refusals()[len(before) :] == [{"permission": "accounts:read", "reason": "forbidden"}]


def test_strangers_are_led_to_the_sign_in_and_back(browser, door):
    for endpoint, rules in routes(door).items():
        if endpoint not in STRANGERS and "GET" in rules[0].methods:
            answer = browser.get(address(rules[0]))
            assert (answer.status_code, answer.location.split("?")[0]) == (303, "/console/sign-in"), endpoint


def test_no_page_leads_out_of_the_console_after_the_sign_in(browser):
    for place in ("https://evil.example/console", "//evil.example/console", "/\\evil.example", "/v1/docs"):
        page = browser.get("/console/sign-in", query_string={"next": place})
        assert 'name="then" value="/console"' in page.text
