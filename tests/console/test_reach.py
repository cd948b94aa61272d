"""Who may be written to: where nobody may be, the page says what can lawfully be done, and it can be done."""

import re

import pytest

from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import NoticeText
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.intake import operations as intake
from governance.kernel.work import OPERATOR, open_work
from governance.reference.operations import set_controller
from governance.vault.keyring import Keyring
from tests.api.conftest import open_service, service_of
from tests.conftest import NOW
from tests.console.conftest import ORIGIN, Form
from tests.console.test_retention import send
from tests.factories.signing import enrol, signed_in

REACH = "/console/reach"
TEXTS = {code: NoticeText("Words", "I agree to news of Daisy.") for code in ("en", "ru", "uk")}


@pytest.fixture
def shop(fresh_store, tmp_path):
    """A shop that has brought in a list of people who never agreed to anything."""
    app = open_service(fresh_store, Keyring.create(tmp_path / "secrets" / "keyring.json", now=NOW), tmp_path)
    with open_work(service_of(app).database, OPERATOR) as work:
        set_controller(work, legal_name="Daisy", address="Berlin", country="DE")
        app.token = signed_in(work, enrol(work, "officer", "steward")).token
        app.people = [
            customers.create(
                work,
                fields={"given_name": f"Ada {number}", "source": "till", "ground": "contract"},
                contacts=[ContactSaid(kind="email", value=f"ada{number}@example.org")],
            ).id
            for number in range(6)
        ]
    intake.take_snapshot(service_of(app).database, actor=OPERATOR)
    yield app
    service_of(app).database.dispose()


@pytest.fixture
def desk(shop):
    """The desk of its owner."""
    web = shop.test_client()
    web.set_cookie("governance-session", shop.token, path="/console")
    return web


def next_steps(page):
    """What the page offers: titles, and where they lead."""
    found = page.text.partition('id="next"')[2].partition("</section>")[0]
    return re.findall(r"<strong>(.*?)</strong>", found), re.findall(r'href="([^"]*)"|action="([^"]*)"', found)


def test_where_nobody_may_be_written_to_the_page_leads_to_what_changes_that(shop, desk):
    page = desk.get(REACH)
    assert "0 may be written to, 6 may not" in page.text
    titles, links = next_steps(page)
    assert titles[:2] == ["First write what people say yes to", "Write the privacy notice"]
    for link, _ in links:
        assert desk.get(link).status_code == 200, link
    assert f"{REACH}/form" not in page.text

    with open_work(service_of(shop).database, OPERATOR) as work:
        for kind, key in ((NoticeKind.CONSENT, "newsletter"), (NoticeKind.PRIVACY, "website")):
            consent.publish_notice(work, kind=kind, key=key, texts=TEXTS, material=True)
    page = desk.get(REACH)
    titles, links = next_steps(page)
    assert titles == ["Ask at the counter", "Put up a subscription form", "Record consent given on paper",
                      "Consents of many, from a list"]  # fmt: skip
    assert ("/counter", "") in links
    assert "Ask them where they come to you" in page.text
    made = desk.post(f"{REACH}/form", data=Form(page, f"{REACH}/form").filled(), headers=ORIGIN)
    assert made.location == f"{REACH}?purpose=newsletter&channel=email"
    assert ("/subscribe/newsletter", "") in next_steps(desk.get(REACH))[1]
    assert desk.get("/subscribe/newsletter").status_code == 200
    for name, said in (("ru", "Что можно сделать дальше"), ("uk", "Що можна зробити далі")):
        assert said in desk.get(f"{REACH}?lang={name}").text


def test_a_consent_on_paper_is_recorded_on_the_card_and_counts(shop, desk):
    with open_work(service_of(shop).database, OPERATOR) as work:
        consent.publish_notice(work, kind=NoticeKind.CONSENT, key="newsletter", texts=TEXTS, material=True)
    card = f"/console/customers/{shop.people[0]}/consents"
    said = {"_form": "record", "about": "newsletter:1", "channel": "email", "said": "given", "how": "paper"}
    for change, words in (
        ({"said_on": "soon"}, "Write a day as 2026-12-31, today or before."),
        ({"said_on": "2199-01-01"}, "This day has not come yet."),
        ({"channel": "audience"}, "This purpose does not use this channel"),
        ({"about": "newsletter:7"}, "no such version"),
        ({"about": ""}, "Choose what it is about."),
    ):
        wrong = send(desk, card, card, **{**said, "place": "folder 3", **change})
        assert wrong.status_code == 422, change
        assert words in wrong.text, change
        assert 'value="folder 3"' in wrong.text
    assert send(desk, card, card, **said, place="folder 3").status_code == 303
    shown = desk.get(card).text
    assert re.search(r'badge good">given</span>', shown)
    intake.take_snapshot(service_of(shop).database, actor=OPERATOR)
    assert "1 may be written to, 5 may not" in desk.get(REACH).text

    with open_work(service_of(shop).database, OPERATOR) as work:
        for key in ("newsletter", "own_offers"):
            consent.publish_notice(work, kind=NoticeKind.CONSENT, key=key, texts=TEXTS, material=True)
    shown = desk.get(card).text.partition('id="history"')[0]
    assert 'badge good">given</span>' not in shown, "the send check says no to it, too"
    assert 'badge wait">to be asked anew</span> <span class="hint">the words have changed since</span>' in shown
    old = {**said, "about": "own_offers:1", "said_on": "2020-02-29"}
    assert send(desk, card, card, **old).status_code == 303
    shown = desk.get(card).text
    assert 'badge wait">lapsed</span>' in shown
    assert "29\N{NO-BREAK SPACE}Feb\N{NO-BREAK SPACE}2020, recorded on <time" in shown
    assert "on paper · " in shown

    no = {**said, "said": "withdrawn", "how": "phone", "about": "newsletter:"}
    assert send(desk, card, card, **no).status_code == 303
    intake.take_snapshot(service_of(shop).database, actor=OPERATOR)
    page = desk.get(REACH).text
    assert "0 may be written to, 6 may not" in page
    assert "They said no, so leave them alone." in page


def test_a_channel_without_contacts_is_not_said_to_reach_anybody(desk):
    page = desk.get(REACH)
    assert "Service messages, E-mail" in page.text
    assert "Service messages, Push" not in page.text
