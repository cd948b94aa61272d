"""Signing in, forms that belong to their session, and what happens to what was typed."""

import base64
import os
import re

import pytest

from governance.accounts import operations as accounts
from governance.accounts.tables import SessionRow
from governance.audit.actions import Action
from governance.console.forms import KEPT_OCTETS
from governance.console.guard import LARGE_FORMS
from governance.console.place import EXTENSION
from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.console.conftest import EMAIL, ORIGIN, Form, sign_in
from tests.factories.signing import PASSWORD, enrol
from tests.factories.trail import entries


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites(browser, member):
    answer = sign_in(browser, member)

    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("governance-session=gov_")]
    assert answer.status_code == 303
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/console" in cookie
    assert "Domain" not in cookie


def test_over_https_no_neighbour_can_set_the_cookie(browser, member):
    page = browser.get("/console/sign-in", base_url="https://localhost")
    code = member.code(service_of(browser.application).clock.now())
    data = Form(page).filled(email=member.email, password=PASSWORD, code=code)
    answer = browser.post("/console/sign-in", data=data, base_url="https://localhost")

    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if "session=gov_" in one]
    assert cookie.startswith("__Host-governance-session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie.split("; ")


def test_a_wrong_password_keeps_the_address_and_says_nothing_of_the_account(browser, member):
    wrong = sign_in(browser, member, password="a wrong one")
    unknown = sign_in(browser, member, email="nobody@example.org")

    assert wrong.status_code == unknown.status_code == 401
    assert f'value="{member.email}"' in wrong.text
    assert PASSWORD not in unknown.text
    assert re.findall("<p>Address.*?</p>", wrong.text) == re.findall("<p>Address.*?</p>", unknown.text) != []


def test_a_recovery_code_opens_once(browser, member):
    assert sign_in(browser, member, code=member.recovery_codes[0]).status_code == 303
    assert sign_in(browser, member, code=member.recovery_codes[0]).status_code == 401


def test_signing_out_ends_the_session_on_the_server(browser, member):
    sign_in(browser, member)
    page = browser.get("/console")
    token = browser.get_cookie("governance-session", path="/console").value
    browser.post("/console/sign-out", data=Form(page, "/sign-out").filled(), headers=ORIGIN)
    browser.set_cookie("governance-session", token, path="/console")

    assert browser.get("/console").status_code == 303


def test_a_form_of_another_site_does_nothing(desks):
    desk = desks("officer")
    page = desk.get("/console/customers")
    forged = desk.post(
        "/console/customers", data={"value": EMAIL, "by": "contact"}, headers={"Origin": "https://evil.example"}
    )

    assert forged.status_code == 403
    assert EMAIL not in forged.text
    right = desk.post("/console/customers", data=Form(page, "filter").filled(value=EMAIL, by="contact"), headers=ORIGIN)
    assert right.status_code == 200


def test_a_session_that_ends_in_mid_form_loses_nothing_that_was_typed(browser, member, customer):
    sign_in(browser, member)
    card = f"/console/customers/{customer}"
    form = Form(browser.get(card), "/reveal")
    with open_work(service_of(browser.application).database, OPERATOR) as work:
        for row in work.session.query(SessionRow).filter(SessionRow.staff_id == member.id):
            row.ended_at = work.now
    typed = form.filled(field=["family_name"], reason="asked by phone")
    over = browser.post(f"{card}/reveal", data=typed, headers=ORIGIN)
    assert over.status_code == 401
    again = Form(over).filled(email=member.email, password=PASSWORD, code=member.recovery_codes[1])
    waiting = browser.post("/console/sign-in", data=again, headers=ORIGIN)
    shown = browser.post(f"{card}/reveal", data=Form(waiting, "/reveal").filled(), headers=ORIGIN)

    assert waiting.status_code == shown.status_code == 200
    assert "<mark>Воробьева</mark>" in shown.text


def _left(browser, member, customer, **said):
    """The sign-in page that a reveal led to, since the session of *member* was over; they meant to type *said*."""
    sign_in(browser, member)
    card = f"/console/customers/{customer}"
    form = Form(browser.get(card), "/reveal").filled(field=["family_name"], **said)
    page = browser.get(card)
    browser.post("/console/sign-out", data=Form(page, "/sign-out").filled(), headers=ORIGIN)
    over = browser.post(f"{card}/reveal", data=form, headers=ORIGIN)
    assert over.status_code == 401
    return over


def test_what_was_typed_when_a_session_ended_is_for_whoever_typed_it_and_nobody_else(browser, member, customer):
    over = _left(browser, member, customer, reason="a neighbour told me of a divorce")
    with open_work(service_of(browser.application).database, OPERATOR) as work:
        other = enrol(work, "officer")
    assert "divorce" not in over.text
    waiting = Form(over)
    mine = waiting.filled(email=member.email, password=PASSWORD, code=member.recovery_codes[1])
    theirs = waiting.filled(email=other.email, password=PASSWORD, code=other.recovery_codes[1])

    elsewhere = browser.application.test_client()
    elsewhere.set_cookie(
        "governance-door", browser.get_cookie("governance-door", path="/console").value, path="/console"
    )
    for_another = elsewhere.post("/console/sign-in", data=theirs, headers=ORIGIN)
    assert (for_another.status_code, for_another.location) == (303, "/console")
    assert "divorce" in browser.post("/console/sign-in", data=mine, headers=ORIGIN).text


def test_what_waits_cannot_be_made_up(browser, member, customer):
    over = _left(browser, member, customer, reason="asked by phone")
    made_up = Form(over).filled(
        email=member.email, password=PASSWORD, code=member.recovery_codes[1], kept="AAAA" * 20, then="/console/audit"
    )
    assert browser.post("/console/sign-in", data=made_up, headers=ORIGIN).location == "/console"


def test_a_form_that_was_shown_to_somebody_else_is_not_sent_in_anothers_name(browser, member, customer):
    sign_in(browser, member)
    card = f"/console/customers/{customer}"
    form = Form(browser.get(card), "/reveal").filled(field=["family_name"], reason="a reason of the first")
    with open_work(service_of(browser.application).database, OPERATOR) as work:
        other = enrol(work, "officer")
    browser.delete_cookie("governance-session", path="/console")
    sign_in(browser, other)
    refused = browser.post(f"{card}/reveal", data=form, headers=ORIGIN)

    assert refused.status_code == 403
    assert "a reason of the first" not in refused.text
    assert "somebody else" in refused.text


def test_a_form_of_an_earlier_session_of_ones_own_goes_on_by_a_button(browser, member, customer):
    sign_in(browser, member)
    card = f"/console/customers/{customer}"
    form = Form(browser.get(card), "/reveal").filled(field=["family_name"], reason="asked by phone")
    browser.delete_cookie("governance-session", path="/console")
    sign_in(browser, member, code=member.recovery_codes[3])
    waiting = browser.post(f"{card}/reveal", data=form, headers=ORIGIN)
    shown = browser.post(f"{card}/reveal", data=Form(waiting, "/reveal").filled(), headers=ORIGIN)

    assert "<mark>Воробьева</mark>" in shown.text


def test_no_two_sessions_have_forms_of_the_same_fields(browser, member):
    """By them browsers know a form again, and fill in what was typed there before."""

    def firsts():
        page = browser.get("/console/requests/new").text
        forms = [one for one in re.findall(r"<form.*?</form>", page, re.S) if 'name="seal"' in one]
        return {re.search(r'name="([^"]+)"', one)[1] for one in forms if "/sign-out" not in one}

    sign_in(browser, member)
    mine = firsts()
    assert firsts() == mine
    browser.delete_cookie("governance-session", path="/console")
    sign_in(browser, member, code=member.recovery_codes[4])
    assert len(mine) == len(firsts()) == 1
    assert firsts().isdisjoint(mine)


def test_a_list_that_was_tried_waits_too_when_the_session_ends(browser):
    with open_work(service_of(browser.application).database, OPERATOR) as work:
        steward = enrol(work, "steward")
    sign_in(browser, steward)
    content = base64.b64encode(os.urandom(1_048_576)).decode()  # more than other forms may have
    form = Form(browser.get("/console/imports/new"), "/trial").filled(content=content, file_name="list.csv")
    browser.delete_cookie("governance-session", path="/console")
    over = browser.post("/console/imports", data=form, headers=ORIGIN)
    again = Form(over).filled(email=steward.email, password=PASSWORD, code=steward.recovery_codes[1])
    waiting = browser.post("/console/sign-in", data=again, headers=ORIGIN)
    assert waiting.status_code == 200
    sent = browser.post("/console/imports", data=Form(waiting, "/imports").filled(), headers=ORIGIN)

    assert sent.status_code == 422  # it has come whole, and nobody said where it came from
    assert content[:200] not in over.text
    assert LARGE_FORMS["begin_import"] * 4 / 3 < KEPT_OCTETS  # sealed it is a third longer


def test_nothing_waits_for_a_stranger_that_another_site_has_sent(browser, customer):
    over = browser.post(
        f"/console/customers/{customer}/reveal", data={"reason": "mine"}, headers={"Origin": "https://evil.example"}
    )

    assert over.status_code == 401
    assert 'name="kept"' not in over.text


def test_a_dangerous_act_asks_again_who_one_is_and_then_goes_on(browser, desks):
    with open_work(service_of(browser.application).database, OPERATOR) as work:
        member, _second = enrol(work, "admin"), enrol(work, "admin")
        other = accounts.create_staff(work, name="Другой", email=f"{member.id}@example.com", roles=[])
    with open_work(service_of(browser.application).database, OPERATOR) as work:
        proposed = accounts.propose_grant(work, staff=other.id, role="support", reason="new at the desk")
    sign_in(browser, member)
    page = browser.get(f"/console/proposals/{proposed.id}")
    with open_work(service_of(browser.application).database, OPERATOR) as work:
        for row in work.session.query(SessionRow).filter(SessionRow.staff_id == member.id):
            row.confirmed_at = row.confirmed_at.replace(year=2020)
    asked = browser.post(
        f"/console/proposals/{proposed.id}/refusal",
        data=Form(page, "/refusal").filled(reason="not yet"),
        headers=ORIGIN,
    )
    assert asked.status_code == 401
    proof = Form(asked).filled(password=PASSWORD, code=member.recovery_codes[2])
    waiting = browser.post("/console/confirmation", data=proof, headers=ORIGIN)
    data = Form(waiting, "/refusal").filled()
    done = browser.post(f"/console/proposals/{proposed.id}/refusal", data=data, headers=ORIGIN)
    twice = browser.post(f"/console/proposals/{proposed.id}/refusal", data=data, headers=ORIGIN)

    assert done.status_code == twice.status_code == 303
    back = browser.post(f"/console/proposals/{proposed.id}/refusal", data={**data, "reason": "another"}, headers=ORIGIN)
    assert back.status_code == 409
    with open_work(service_of(browser.application).database, OPERATOR) as work:
        told = [one for one in entries(work, Action.PROPOSAL_REFUSED) if one.object and one.object.id == proposed.id]
        assert len(told) == 1


def test_an_invitation_leads_to_a_second_factor_and_recovery_codes_once(browser, door, desks):
    with open_work(service_of(door).database, OPERATOR) as work:
        made = accounts.create_staff(work, name="Новый", email="new.one@example.org", roles=["support"])
        token = accounts.invite(work, staff=made.id).token
    form = Form(browser.get("/console/invitation"))
    differing = form.filled(invitation=token, password=PASSWORD, again="other")
    kept = browser.post("/console/invitation", data=differing, headers=ORIGIN)
    assert kept.status_code == 422
    assert token in kept.text
    assert PASSWORD not in kept.text
    done = browser.post("/console/invitation", data=form.filled(invitation=token, password=PASSWORD, again=PASSWORD))
    again = browser.post("/console/invitation", data=form.filled(invitation=token, password=PASSWORD, again=PASSWORD))

    assert done.status_code == 200
    assert "<svg" in done.text
    assert len(re.findall("<li><code>", done.text)) == 10
    assert again.status_code == 404


@pytest.mark.parametrize(("chosen", "heading"), [("ru", "Войти"), ("uk", "Увійти"), ("en", "Sign in")])
def test_the_language_is_chosen_once_and_stays(browser, chosen, heading):
    answer = browser.post("/console/language", data={"language": chosen, "then": "/console/sign-in"})
    page = browser.get(answer.location)

    assert f"<h1>{heading}</h1>" in page.text
    assert f'<html lang="{chosen}">' in page.text


def test_pages_run_our_scripts_only_and_load_nothing_from_elsewhere(desks, browser):
    for page in (desks("officer").get("/console"), browser.get("/console/sign-in")):
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert not re.search(r'(?:src|href)="https?://', page.text)
        assert len(page.data) < 60_000


def test_forms_are_sealed_by_a_key_of_the_store(door):
    assert len(door.extensions[EXTENSION].secret) >= 32
