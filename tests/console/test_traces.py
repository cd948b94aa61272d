"""What the console tells about one customer's data: who saw them, and until when they are kept."""

import re
from html import unescape

import pytest

from governance.audit.actions import Action
from governance.kernel.work import OPERATOR, open_work
from governance.policies import shipped
from tests.api.conftest import service_of
from tests.console.conftest import ORIGIN, Form
from tests.factories.trail import entries


def told(page):
    return unescape(re.sub(r"<[^>]+>", " ", page.text))


@pytest.fixture
def revealed(desks, customer):
    """Support has opened a field."""
    card, desk = f"/console/customers/{customer}", desks("support")
    form = Form(desk.get(card), "/reveal")
    shown = desk.post(f"{card}/reveal", data=form.filled(field=["given_name"], reason="asked by phone"), headers=ORIGIN)
    assert shown.status_code == 200


@pytest.mark.usefixtures("revealed")
def test_whoever_opened_a_field_is_told_of_with_role_field_and_reason(desks, customer):
    seen = told(desks("officer").get(f"/console/customers/{customer}/sightings"))

    role = shipped.roles().roles["support"].titles.en
    assert all(one in seen for one in ("asked by phone", "Given name", role, "Fields of a person revealed"))


@pytest.mark.usefixtures("revealed")
def test_a_reason_is_opened_for_those_alone_who_may_read_details_and_that_is_told(desks, door, customer):
    with open_work(service_of(door).database, OPERATOR) as work:
        before = len(entries(work, Action.AUDIT_DETAILS_READ))
    page = desks("auditor").get(f"/console/customers/{customer}/sightings")

    assert page.status_code == 200
    assert "asked by phone" not in page.text
    assert "Воробьева" not in page.text
    assert "В•••" not in page.text
    desks("officer").get(f"/console/customers/{customer}/sightings")
    with open_work(service_of(door).database, OPERATOR) as work:
        assert len(entries(work, Action.AUDIT_DETAILS_READ)) == before + 1


def test_support_does_not_learn_who_else_looked(desks, customer):
    assert desks("support").get(f"/console/customers/{customer}/sightings").status_code == 403
    assert "/sightings" not in desks("support").get(f"/console/customers/{customer}").text


def test_a_broken_place_in_the_list_is_refused_and_not_an_error_of_ours(desks, customer):
    page = desks("officer").get(f"/console/customers/{customer}/sightings", query_string={"cursor": "nowhere"})
    assert page.status_code == 422


def test_each_group_of_fields_has_its_last_day_with_the_rule_and_its_citation(desks, customer):
    page = desks("support").get(f"/console/customers/{customer}/retention")
    seen = told(page)

    assert page.status_code == 200
    assert "Customers inactive for two years" in seen
    assert "GDPR Art. 5(1)(e)" in seen
    assert "planned" in seen
    assert "No retention policy is in force yet" in seen
    assert "What an erasure would do today" in seen
    assert "Воробьева" not in page.text
