"""Pages that lead on where somebody has gone astray: loaded anew, read in another language, after all was deleted."""

import html
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from governance.api.limits import Limiter
from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import NewEvent
from governance.customers import operations as customers
from governance.kernel.work import OPERATOR, open_work
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.portal.place import EXTENSION
from governance.reference.operations import set_controller
from tests.api.conftest import door, door_store, service_of
from tests.factories.customers import purchase
from tests.portal.guests import guest, inputs, say

__all__ = ["door", "door_store"]


@pytest.fixture(scope="module")
def app(door):
    free, kept = Limiter(1_000_000), door.extensions[EXTENSION]
    door.extensions[EXTENSION] = replace(kept, count_stranger=free.take, forms_per_minute=1_000_000)
    with open_work(service_of(door).database, OPERATOR) as work:
        set_controller(work, legal_name="Daisy", address="Berlin", country="DE")
    yield door
    door.extensions[EXTENSION] = kept


@pytest.fixture
def one(app):
    found = guest(app)
    found.come_in()
    return found


def other_tongue(page, path):
    """The address to which the link to Russian leads from a page that stands at *path*."""
    found = re.search(r'<li><a href="(\?[^"]*)" lang="ru"', page.text)
    assert found is not None
    return path.split("?")[0] + html.unescape(found[1])


def test_a_refused_form_is_loaded_anew_and_read_in_another_language_where_it_stands(one):
    one.prove()
    made = one.send(one.get(complaint := "/my/requests/new/complaint"), complaint, said="Долго").headers["Location"]
    story = made.split("?")[0]
    proofs = ("/my/proof/fact?then=/my/data", "/my/proof/contact?then=/my/data")
    for path in (*proofs, f"{story}/replies", "/my/choices/no-advertising", "/my/sign-out"):
        anew = one.get(path)
        assert anew.status_code == 200, path
        assert "lang=ru" in anew.text, path
        assert one.get(other_tongue(anew, path)).status_code == 200, path
    assert "в работе" in say(one.get(f"{story}/withdrawals")), "loading it takes nothing back"


def test_another_language_leaves_the_reader_at_the_same_detail_and_on_the_same_way(app):
    somebody = guest(app)
    somebody.come_in()
    page = somebody.get("/my/proof?then=/my/data")
    there = somebody.get(other_tongue(page, "/my/proof"))
    went = somebody.send(there, "/my/proof/fact", fact="birth_date", value="1982-08-09")
    assert went.headers["Location"] == "/my/data"
    only = somebody.get("/my/requests/new/rectification?field=city")
    assert 'name="street"' not in somebody.get(other_tongue(only, "/my/requests/new/rectification")).text


def test_whose_pages_are_open_stands_on_each_of_them_masked(one):
    page = one.get("/my/choices")
    assert re.search(r"\w•••@e•••\.org · Signed in until", page.text)
    assert one.email not in page.text


def test_words_that_outlived_a_session_are_shown_before_they_are_sent(one):
    path = "/my/requests/new/complaint"
    typed = inputs(one.get(path), path, said="Прошло <три> недели")
    one.web.delete_cookie("governance-visit", path="/my")
    one.come_in()
    told = one.post(path, typed)
    assert "Прошло &lt;три&gt; недели" in re.search("<blockquote.*?</blockquote>", told.text)[0]


def test_what_was_said_long_ago_is_told_with_its_day_and_with_that_of_its_record(one):
    one.prove()
    claimed = datetime(2024, 3, 7, 12, tzinfo=UTC)
    with open_work(service_of(one.app).database, OPERATOR) as work:
        consent.record(
            work,
            event=NewEvent(
                EventKind.REFUSED, "newsletter", Channel.EMAIL, Method.PAPER, subject=one.subject, valid_at=claimed
            ),
        )
    told = say(one.get("/my/choices/history"))
    assert "7 March 2024 , recorded on" in told


def test_each_table_says_until_when_and_how_to_have_it_corrected(one):
    one.prove()
    with open_work(service_of(one.app).database, OPERATOR) as work:
        customers.record_purchase(work, subject=one.subject, purchase=purchase())
    page = one.get("/my/data").text
    for table in ("contacts", "purchases"):
        section = re.search(rf'<section class="kept" aria-labelledby="table-{table}">.*?</section>', page, re.DOTALL)[0]
        assert "Kept until" in section or "as long as you are our customer" in section, table
        assert "/my/requests/new/rectification#" in section, table


def test_a_privacy_notice_that_is_not_in_force_yet_is_no_dead_link(app):
    web = app.test_client()
    with open_work(service_of(app).database, OPERATOR) as work:
        later = consent.publish_notice(
            work,
            kind=NoticeKind.PRIVACY,
            key="later",
            texts={"en": consent.NoticeText("Later", "To come.")},
            material=True,
            effective_from=work.now + timedelta(days=30),
        )
    assert f"/privacy/later/{later.version.version}" not in web.get("/privacy").text


def test_a_request_that_is_gone_leads_to_its_certificate(one):
    gone = one.get("/my/requests/01a2058c-acef-76cd-906c-09eeee0c11d7")
    assert gone.status_code == 404
    assert "certificate is had by its number" in say(gone)
    assert 'href="/certificate"' in re.search("<main.*</main>", gone.text, re.DOTALL)[0]


def test_the_number_of_a_request_may_be_typed_as_people_copy_it(app):
    web = app.test_client()
    for typed in ("r-2w7dg3wn", " R–2W7D G3WN ", "2w7dg3wn", "Р-2W7DG3WN", "r2w7dg3wn"):
        answer = web.post("/certificate/number", data={"number": typed})
        assert 'value="R-2W7DG3WN"' in answer.text, typed
    assert web.get("/certificate/number?lang=ru").status_code == 200


def test_a_file_that_is_no_certificate_is_not_called_a_changed_one(app):
    web = app.test_client()
    for content in (b"\x89PNG\r\n", b'{"certificate": ', json.dumps({"receipts": []}).encode()):
        answer = web.post("/certificate", data={"file": (io.BytesIO(content), "c.json")})
        assert answer.status_code == 422, content
        assert "This file is no certificate" in say(answer), content


def test_whoever_comes_by_the_contact_of_somebody_who_has_died_sees_and_agrees_to_nothing(app):
    somebody = guest(app)
    somebody.come_in()
    somebody.prove()
    assert "Рябова" in somebody.get("/my/data").text
    with open_work(service_of(app).database, OPERATOR) as work:
        customers.edit(work, subject=somebody.subject, patch={"deceased": True})
    for path in ("/my", "/my/proof", "/my/data"):
        page = somebody.get(path)
        assert "has died" in say(page), path
        assert "Рябова" not in page.text, path
    choices = somebody.get("/my/choices")
    assert "newsletter|email|yes" not in choices.text
    sent = somebody.send(choices, "/my/choices/no-advertising")
    assert "no advertising any more" in say(somebody.get(sent.headers["Location"]))


def test_a_form_that_was_refused_opens_at_the_field_that_is_wrong(app):
    somebody = guest(app)
    told = somebody.send(somebody.get("/my"), "/my", contact="no address")
    assert re.search(r'<input id="contact"[^>]* autofocus="autofocus" aria-invalid="true"', told.text)
    assert "autofocus" not in somebody.get("/my").text
    somebody.send(somebody.get("/my"), "/my", contact=somebody.email)
    wrong = somebody.send(somebody.get("/my/code"), "/my/code", code="00000000")
    assert re.search(r'<input id="code"[^>]*>', wrong.text)[0].count(" autofocus") == 1


def test_a_phone_is_asked_for_only_where_an_sms_can_leave(app):
    somebody, kept = guest(app), app.extensions[EXTENSION]
    for url, phones in (("https://gateway.example.org/send", True), (None, False)):
        app.extensions[EXTENSION] = replace(kept, settings=replace(kept.settings, sms_url=url))
        try:
            page = somebody.get("/my")
            sent = somebody.send(page, "/my", contact="+79334552061")
        finally:
            app.extensions[EXTENSION] = kept
        assert ("phone number" in say(page)) is phones
        assert sent.status_code == (303 if phones else 422)
