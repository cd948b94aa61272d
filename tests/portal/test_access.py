"""Who opens which page of the portal, by what was proved; coming, going, and forms that outlive a session."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from governance.api.limits import Limiter
from governance.kernel.clock import FixedClock
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.portal.place import EXTENSION
from governance.reference.operations import set_controller
from tests.api.conftest import door, door_store, service_of
from tests.portal.guests import ORIGIN, guest, inputs, last_code, say

__all__ = ["door", "door_store"]

OPEN = {"/my/choices", "/my/requests", "/my/requests/new", "/my/proof"}
SURE = {"/my/data", "/my/data/seen", "/my/choices/history"}


@pytest.fixture(scope="session")
def app(door):
    free = Limiter(1_000_000)
    door.extensions[EXTENSION] = replace(door.extensions[EXTENSION], count_stranger=free.take)
    with open_work(service_of(door).database, OPERATOR) as work:
        set_controller(work, legal_name="ООО Ромашка", address="Псков", country="DE")
    return door


def test_no_page_opens_without_a_session_and_every_address_says_how_to_come_in(app):
    web = app.test_client()
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/my/") or rule.rule == "/my/code" or rule.endpoint == "portal.nowhere":
            continue
        path = re.sub(r"<kind>", "erasure", re.sub(r"<uuid:[a-z_]+>", str(uuid4()), rule.rule))
        for method in rule.methods & {"GET", "POST"}:
            answer = web.open(path, method=method)
            assert answer.status_code == 401, (method, path)
            assert 'name="contact"' in answer.text


def test_an_address_at_which_nothing_is_says_so_as_a_page_and_a_stroke_too_many_does_no_harm(app):
    web = app.test_client()
    nothing = web.get("/my/nothing?lang=uk")
    assert (nothing.status_code, nothing.mimetype) == (404, "text/html")
    assert '<html lang="uk">' in nothing.text
    leads = {address: web.get(address).headers.get("Location") for address in ("/", "/my/", "/my/data/")}
    assert leads == {"/": "/my", "/my/": "/my", "/my/data/": "/my/data"}


def test_the_start_page_tells_the_rights_in_three_sentences(app):
    page = app.test_client().get("/my")
    told = re.search(r'<ul class="lead">(.*?)</ul>', page.text, re.DOTALL)[1]
    assert len(re.findall(r"[^.]+\.", re.sub("<[^>]*>", "", told))) == 3


def test_known_and_unknown_are_answered_alike(app):
    answers = []
    for one in (guest(app), guest(app, known=False)):
        sent = one.send(one.get("/my"), "/my", contact=one.email)
        page = one.get("/my/code")
        told = re.sub(r'value="[0-9a-f-]{32,}"|name="of.[0-9a-f]{16}"', "", page.text)
        answers.append((sent.status_code, sent.headers["Location"], page.status_code, told))
    assert answers[0] == answers[1]


def test_a_contact_that_nobody_holds_is_told_so_after_the_proof(app):
    stranger = guest(app, known=False)
    assert stranger.come_in().status_code == 303
    assert "Nothing is held under this contact" in say(stranger.get("/my"))


def test_opening_pages_spends_no_code(app):
    one = guest(app)
    one.send(one.get("/my"), "/my", contact=one.email)
    page = one.get("/my/code")
    for method in ("GET", "HEAD", "GET"):
        assert one.web.open("/my/code", method=method).status_code == 200
    typed = inputs(page, "/my/code", code=last_code(app, one.email))
    assert one.post("/my/code", typed).status_code == 303


def test_a_second_tab_at_the_start_page_does_not_lose_the_code_of_the_first(app):
    one = guest(app)
    one.send(one.get("/my"), "/my", contact=one.email)
    one.get("/my")
    page = one.get("/my/code")
    assert page.status_code == 200
    assert one.post("/my/code", inputs(page, "/my/code", code=last_code(app, one.email))).status_code == 303


def test_a_contact_that_nobody_proved_opens_opt_outs_alone_until_a_fact_tells_who_it_is(app):
    one = guest(app)
    one.come_in()
    assert {path: one.get(path).status_code for path in OPEN | SURE} == (
        dict.fromkeys(OPEN, 200) | dict.fromkeys(SURE, 403)
    )
    page = one.get("/my/data")
    assert "Show that it is you" in say(page)
    wrong = one.prove("1982-08-08")
    assert (wrong.status_code, 'value="1982-08-08"' in wrong.text) == (422, True)
    assert one.prove().status_code == 303
    assert {one.get(path).status_code for path in OPEN | SURE} == {200}


def test_a_wrong_code_is_told_and_counted_and_the_page_stays(app):
    one = guest(app)
    one.send(one.get("/my"), "/my", contact=one.email)
    page = one.get("/my/code")
    right = last_code(app, one.email)
    for _ in range(5):
        answer = one.post("/my/code", inputs(page, "/my/code", code="00000000"))
        assert (answer.status_code, "wrong, spent or too old" in answer.text) == (422, True)
    assert one.post("/my/code", inputs(page, "/my/code", code=right)).status_code == 422


def test_a_contact_that_is_none_stays_in_the_form_with_what_to_do(app):
    one = guest(app)
    answer = one.send(one.get("/my"), "/my", contact="not a contact")
    assert answer.status_code == 422
    assert 'value="not a contact"' in answer.text
    assert "name@example.org" in answer.text


def test_a_form_that_another_site_sends_does_nothing(app):
    one = guest(app)
    one.enter()
    answer = one.web.post("/my/choices/no-advertising", data={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert one.web.post("/my/sign-out", data={}).status_code == 403
    assert one.get("/my/choices").status_code == 200


def test_what_was_typed_outlives_a_session_that_ends_meanwhile(app):
    one = guest(app)
    one.enter(proven=True)
    typed = inputs(one.get("/my/requests/new/complaint"), "/my/requests/new/complaint", said="Ваш магазин молчит")
    portal = app.extensions[EXTENSION]
    late = FixedClock(portal.clock.now() + timedelta(minutes=16))
    app.extensions[EXTENSION] = replace(portal, clock=late)
    try:
        over = one.post("/my/requests/new/complaint", typed)
        assert over.status_code == 401
        assert "Your session is over" in over.text
        code = one.post("/my", inputs(over, "/my", contact=one.email))
        assert 'name="kept"' in code.text
        assert "Ваш магазин молчит" not in over.text + code.text, "until it is seen who asks"
        again = one.post("/my/code", inputs(code, "/my/code", code=last_code(app, one.email)))
        assert "nothing was done yet" in again.text
        sent = one.post("/my/requests/new/complaint", inputs(again, "/my/requests/new/complaint"))
        assert sent.status_code == 303
        assert "Ваш магазин молчит" in one.get(sent.headers["Location"]).text
    finally:
        app.extensions[EXTENSION] = portal


def test_what_was_typed_when_a_session_ended_is_nothing_to_the_next_who_comes_in(app):
    one, other = guest(app), guest(app)
    one.enter(proven=True)
    typed = inputs(one.get("/my/requests/new/complaint"), "/my/requests/new/complaint", said="Ваш магазин молчит")
    one.web.delete_cookie("governance-visit", path="/my")
    over = one.post("/my/requests/new/complaint", typed)
    code = one.post("/my", inputs(over, "/my", contact=other.email))
    came = one.post("/my/code", inputs(code, "/my/code", code=last_code(app, other.email)))
    assert (came.status_code, came.headers["Location"]) == (303, "/my")

    left = one.post("/my/requests/new/complaint", typed)  # in a tab that still stands open
    assert left.status_code == 403
    assert "Ваш магазин молчит" not in left.text


def test_signing_out_ends_the_session_for_every_tab(app):
    one = guest(app)
    one.enter()
    cookie = one.web.get_cookie("governance-visit", path="/my").value
    assert one.send(one.get("/my"), "/my/sign-out").status_code == 303
    one.web.set_cookie("governance-visit", cookie, path="/my")
    assert one.get("/my/choices").status_code == 401


def test_a_link_leads_on_to_pages_of_the_portal_alone(app):
    one = guest(app)
    for offered in ("https://evil.example/my", "//evil.example", "/console", "/myself", "/my\\@evil.example"):
        page = one.get("/my")
        one.post("/my", inputs(page, "/my", contact=one.email, then=offered))
        typed = inputs(one.get("/my/code"), "/my/code", code="00000000", then=offered)
        answer = one.web.post("/my/code", data=typed, headers=ORIGIN)
        assert f'name="then" value="{offered}"' not in answer.text, offered


def test_the_language_that_was_chosen_stays_on_further_pages(app):
    one = guest(app)
    one.get("/my?lang=uk")
    one.enter()
    assert "Мій вибір" in one.get("/my/choices").text


def test_pages_tell_browsers_to_load_nothing_from_elsewhere_and_to_keep_nothing(app):
    one = guest(app)
    one.enter()
    for path in ("/my", "/my/choices", "/privacy", "/certificate", "/counter"):
        headers = one.get(path).headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
