"""In a demonstration one signs in as anybody made up; anywhere else nobody does."""

import psycopg
import pytest

from governance.accounts import operations as accounts
from governance.cli.demo_people import demo_email
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form


@pytest.fixture
def demonstration(door, door_store, desks):
    with open_work(service_of(door).database, OPERATOR) as work:
        accounts.mark_demonstration(work)
    yield
    with psycopg.connect(door_store.admin_url) as admin:  # the service itself marks a store for good
        admin.execute("DELETE FROM demonstration")


def test_in_a_demonstration_one_click_signs_in(demonstration, browser, member):
    page = browser.get("/console/sign-in")
    form = Form(page, "/demonstration")
    answer = browser.post("/console/demonstration", data=form.filled(staff=str(member.id)), headers=ORIGIN)

    assert "This is a demonstration" in page.text
    assert f"look for {demo_email()}," in page.text
    assert " autofocus" not in page.text, "whoever comes by a phone begins at the top"
    assert answer.status_code == 303
    assert browser.get("/console").status_code == 200


def test_whoever_comes_over_a_network_is_offered_nobody(demonstration, browser, member):
    away = {"REMOTE_ADDR": "192.0.2.7"}
    page = browser.get("/console/sign-in", environ_base=away)
    form = Form(page)
    data = form.filled(staff=str(member.id))

    assert "This is a demonstration" not in page.text
    assert browser.post("/console/demonstration", data=data, headers=ORIGIN, environ_base=away).status_code == 404


def test_no_other_store_lets_anybody_in_so(browser, member):
    page = browser.get("/console/sign-in")
    data = Form(page).filled(staff=str(member.id))

    assert "This is a demonstration" not in page.text
    assert browser.post("/console/demonstration", data=data, headers=ORIGIN).status_code == 404


def test_an_address_that_leads_nowhere_answers_with_a_page(desks):
    desk = desks("officer")
    missing = desk.get("/console/no-such-page")

    assert (missing.status_code, missing.mimetype) == (404, "text/html")
    assert "There is no such page" in missing.text
    assert desk.get("/console/").location == "/console"
    assert desk.get("/console/customers/").location == "/console/customers"
