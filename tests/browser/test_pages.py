"""Every page that a route leads to: accessible (axe-core) in light and dark, wide, on a phone and on paper; and usable
without script.

The pages are met along their links. A new one is met as well, or fails the test that looks for what was not.
"""

import re
from functools import cache

import pytest
from playwright.sync_api import Error

from governance.customers import operations as customers
from governance.kernel.work import OPERATOR, open_work
from governance.pages.reporting import Violation
from scripts.walk import pages_of, walk
from tests.api.conftest import service_of
from tests.browser.conftest import EMAIL
from tests.browser.looks import MODES, Watch, faults_of, faults_when_narrow, looked_at
from tests.browser.portal import take_phone
from tests.factories import stock
from tests.factories.signing import enrol, signed_in
from tests.pages.test_every_page import ELSEWHERE, OWN, PUBLIC

OF_PAGES_ALONE = {"landmark-one-main", "page-has-heading-one", "region"}
"""Rules of axe-core on the landmarks of a page, which a mail has none of; its reader's program prints it."""


def named(app, address):
    """A name for the pictures of a page, without anybody's id."""
    endpoint, _names = app.url_map.bind("localhost").match(address.partition("?")[0], method="GET")
    return endpoint.removeprefix("console.").replace(".", "-").replace("_", "-")


@cache
def fill_once(site):
    """Bring in something for every page."""
    stock.fill(site.app, site.customer)


@pytest.fixture
def desk_with(chromium, site):
    """A desk of somebody with some roles."""
    opened = []

    def make(*roles, script=True, locale="en"):
        with open_work(service_of(site.app).database, OPERATOR) as work:
            session = signed_in(work, enrol(work, *roles))
        context = chromium.new_context(locale=locale, base_url=site.url, java_script_enabled=script, **MODES["light"])
        place = {"domain": "127.0.0.1", "path": "/console"}
        context.add_cookies([{"name": "governance-session", "value": session.token, **place}])
        page = context.new_page()
        page.mode = "light"
        page.watch = Watch(page)
        opened.append((context, page.watch))
        return page

    yield make
    for context, watch in opened:
        context.close()
        assert watch.settled() == []


def wanting_without_script(shown):
    """What a page lacks as it comes from the server, before a script ran."""
    forms = re.findall(r"<form[^>]*>.*?</form>", shown, re.DOTALL)
    if not all(re.search(r'<button(?![^>]*type="button")', one) for one in forms):
        yield "a form without a button"
    if "<h1" not in shown:
        yield "no heading"
    if re.search(r'href="(?:#"|javascript:)', shown):
        yield "a link that leads nowhere"


def looking(page, app, faults):
    """Opens pages and looks at each."""

    def opens(address):
        try:
            answer = page.goto(address)
        except Error as error:
            if "Download is starting" in str(error):
                return None
            raise
        if answer.status >= 400:
            return None
        is_mail = "sandbox" in answer.headers.get("content-security-policy", "")
        if is_mail:  # as its readers see it: no script runs there, so that it is looked at elsewhere
            words = answer.text()
            page.goto("about:blank")
            page.set_content(words)
        else:
            faults.extend((address, one) for one in wanting_without_script(answer.text()))
        found = faults_of(page, named(app, address), *MODES)
        faults.extend(one for one in found if not (is_mail and (one[1] == "paper" or one[2] in OF_PAGES_ALONE)))
        return page.content()

    return opens


def test_every_page_is_for_everybody_in_light_and_dark_and_on_a_phone(chromium, site, desk_with):
    fill_once(site)
    faults, app = [], site.app
    site.seal_log()
    desk = desk_with("officer", "admin", "steward")
    site.seal_log()  # so that the newest entry has a proof, and a checkpoint goes on from an earlier one
    starts = [
        "/console/audit",
        "/console",
        "/console/retention/draft?policy=behaviour",
        f"/console/customers/{site.customer}",
    ]
    met = set(walk(app, looking(desk, app, faults), starts))
    phone = take_phone(chromium, site, "en")
    met |= set(walk(app, looking(phone.page, app, faults), PUBLIC))
    phone.become_customer()
    phone.come_in()
    phone.page.goto("/my/requests/new/complaint")
    phone.page.fill("#said", "The shop does not answer")
    phone.page.click("main form button.main")
    phone.page.goto("/my/proof?then=/my")
    phone.prove()
    met |= set(walk(app, looking(phone.page, app, faults), OWN))
    phone.context.close()

    assert not faults, "\n".join(map(str, faults))
    assert phone.watch.settled() == []
    assert pages_of(app) - met - set(ELSEWHERE) == set()


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_no_page_hides_words_on_a_phone_in_languages_of_long_words(chromium, site, desk_with, language):
    fill_once(site)
    faults, app = [], site.app

    def narrow(page):
        def opens(address):
            answer = None if address.endswith("/page") else page.goto(address)  # mails are read elsewhere
            if answer is None or answer.status >= 400:
                return None
            faults.extend((address, *one) for one in faults_when_narrow(page))
            return page.content()

        return opens

    desk = desk_with("officer", "admin", "steward", locale=language)
    met = set(walk(app, narrow(desk), ["/console/audit", "/console", f"/console/customers/{site.customer}"]))
    phone = take_phone(chromium, site, language)
    met |= set(walk(app, narrow(phone.page), PUBLIC))
    phone.become_customer()
    phone.come_in()
    met |= set(walk(app, narrow(phone.page), OWN))
    phone.context.close()

    assert not faults, "\n".join(map(str, faults))
    assert len(met) > 80


def test_answers_of_forms_are_for_everybody(desk_with, site):
    desk = desk_with("officer", "admin")
    desk.goto("/console/send-check")
    desk.fill("#contact", EMAIL)
    desk.click("main button.main")
    desk.wait_for_selector("#verdict")
    looked_at(desk, "send-check-answer")
    desk.goto("/console/clean-list")
    rows = b"email\n" + EMAIL.encode() + b"\nnobody@example.org\nno contact\n"
    desk.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": rows})
    desk.click("main button.main")
    desk.wait_for_selector("#result")
    looked_at(desk, "clean-list-answer")
    desk.goto("/console/clients/new")
    desk.click("main button.main")
    looked_at(desk, "client-refused")
    desk.fill("main form input[name=name]", "Cash desk")
    desk.locator("main form input[type=checkbox]").first.check()
    desk.click("main button.main")
    desk.wait_for_selector("code")
    looked_at(desk, "client-key")
    desk.goto("/console/customers/00000000-0000-4000-8000-000000000000")
    looked_at(desk, "refusal")


def test_pages_of_customers_that_say_what_is_wrong_are_for_everybody(chromium, site):
    phone = take_phone(chromium, site, "en")
    page = phone.page
    page.goto("/my")
    page.fill("#contact", "nonsense")
    page.click("main button.main")
    looked_at(page, "portal-wrong-contact")
    phone.become_customer(f"second.{phone.email}")
    page.fill("#contact", phone.email)
    page.click("main button.main")
    page.wait_for_url("**/my/code**")
    looked_at(page, "type-code")
    page.fill("#code", "12345678")
    page.click("main button.main")
    looked_at(page, "portal-wrong-code")
    phone.come_in()
    page.goto("/my")
    looked_at(page, "start-unsure")
    page.goto("/my/choices")
    looked_at(page, "choices-unsure")
    page.goto("/my/requests/new/complaint")
    page.click("main form button.main")
    looked_at(page, "portal-wrong-form")
    with phone.working() as work:
        [mine, *_] = customers.read(work, subject=phone.subject).contacts
        patch = {"verified_at": "2026-01-01T00:00:00Z"}
        customers.edit_contact(work, subject=phone.subject, contact=mine.id, patch=patch)
    page.goto("/my/proof")
    page.click("main form[action*='/my/proof/contact'] button")
    page.wait_for_url("**/my/proof/code**")
    looked_at(page, "portal-proof-code")
    phone.context.close()
    assert phone.watch.settled() == []


def test_a_page_that_was_made_to_load_from_elsewhere_is_told_of(desk_with, site):
    desk = desk_with("auditor")
    desk.goto("/console/audit?outcome=refused")
    with desk.expect_request("**/pages/reports"):
        desk.evaluate("""() => {
            const one = document.createElement("img");
            one.src = "https://elsewhere.example/olga@example.org.png";
            document.body.append(one);
        }""")
    desk.goto("/console/account")  # by its answer the report has come

    assert site.refused == [Violation("img-src", "elsewhere", "console.audit")]
    site.refused.clear()
    desk.watch.said.clear()


def test_pages_are_light(desk_with, site):
    desk, weights = desk_with("officer"), {}
    desk.on("response", lambda one: weights.__setitem__(one.url, len(one.body())))
    desk.goto("/console/audit")
    desk.wait_for_load_state("networkidle")

    assert sum(weights.values()) <= 150_000, weights
    assert all(re.match(r"http://127\.0\.0\.1:\d+/(?:console|pages)", one) for one in weights)
