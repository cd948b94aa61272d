"""A network that is slow or gone, a server that fails, scripts and styles that do not come: pages stay usable."""

import pytest
from playwright.sync_api import expect

from governance.kernel.work import OPERATOR, open_work
from tests.api.conftest import service_of
from tests.browser.conftest import EMAIL
from tests.browser.looks import MODES, picture
from tests.browser.portal import take_phone
from tests.factories.signing import PASSWORD, enrol

SEARCH = "main form[role=search] button.main"


@pytest.fixture
def troubled(chromium, site, signed_in):
    """The officer's desk where errors are meant to happen."""
    context = chromium.new_context(locale="en", storage_state=signed_in, base_url=site.url, **MODES["light"])
    page = context.new_page()
    page.mode = "light"
    page.set_default_timeout(10_000)
    yield page
    context.close()


def test_a_part_that_cannot_be_loaded_says_why_and_takes_it_back_when_it_can(troubled):
    said = troubled.locator("#not-loaded")
    troubled.goto("/console/audit")
    expect(said).to_be_hidden()
    for answer, told in (
        (lambda route: route.abort("internetdisconnected"), "the connection is down or very slow"),
        (lambda route: route.fulfill(status=500, body="x"), "something went wrong at the server"),
        (lambda route: route.fulfill(status=401, body="x"), "Your session is over"),
    ):
        troubled.route("**/console/audit?*", answer)
        troubled.select_option("#outcome", "refused")
        troubled.click(SEARCH)
        expect(said).to_contain_text(told)
        expect(troubled.locator("#results tbody tr, #results .empty").first).to_be_visible()
        troubled.unroute("**/console/audit?*")
    picture(troubled, "not-loaded", "light")
    assert "outcome=refused" in said.locator("a").get_attribute("href")
    troubled.click(SEARCH)
    expect(said).to_be_hidden()

    troubled.evaluate("htmx.config.timeout = 200")
    troubled.route("**/console/audit?*", lambda route: None)  # an answer that does not come
    troubled.click(SEARCH)
    expect(said).to_contain_text("the connection is down or very slow")
    troubled.unroute("**/console/audit?*")
    said.locator("a").click()
    troubled.wait_for_url("**/console/audit?*outcome=refused*")
    expect(said).to_be_hidden()


def test_a_form_can_be_sent_again_after_its_answer_did_not_come(troubled):
    troubled.goto("/console/send-check")
    troubled.clock.install()
    troubled.route("**/console/send-check", lambda route: route.fulfill(status=204))  # nothing comes, the page stays
    troubled.fill("#contact", EMAIL)
    troubled.click("main button.main")
    expect(troubled.locator("main button.main")).to_be_disabled()
    troubled.clock.fast_forward(11_000)
    expect(troubled.locator("main button.main")).to_be_enabled()
    troubled.unroute("**/console/send-check")
    troubled.click("main button.main")
    expect(troubled.locator("#verdict")).to_be_visible()


def test_pages_can_be_used_where_neither_styles_nor_scripts_come(chromium, site, troubled):
    troubled.route("**/static/**", lambda route: route.abort())
    troubled.goto("/console/send-check")
    troubled.fill("#contact", EMAIL)
    troubled.click("main button.main")
    expect(troubled.locator("#verdict")).to_be_visible()
    troubled.goto("/console/audit")
    troubled.select_option("#outcome", "refused")
    troubled.click(SEARCH)
    troubled.wait_for_url("**/console/audit?*outcome=refused*")
    assert troubled.locator("#not-loaded").is_hidden()

    phone = take_phone(chromium, site, "uk")
    phone.context.route("**/static/**", lambda route: route.abort())
    phone.become_customer()
    phone.come_in()
    phone.page.click("nav.own >> text=Мій вибір")
    phone.page.click(".act-box button.main")
    expect(phone.page.locator(".summary.good")).to_be_visible()
    assert not phone.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    phone.context.close()


def test_whoever_signs_in_next_finds_nothing_typed_by_going_back(troubled, site):
    troubled.goto("/console/requests/new")
    troubled.fill("#new-said", "what somebody told in confidence")
    troubled.goto("/console")
    troubled.go_back()
    expect(troubled.locator("#new-said")).to_have_value(
        "what somebody told in confidence"
    )  # for themselves it is there

    with open_work(service_of(site.app).database, OPERATOR) as work:
        next_one = enrol(work, "support")
    troubled.goto("/console/sign-in")
    troubled.fill("#email", next_one.email)
    troubled.fill("#password", PASSWORD)
    troubled.fill("#code", next_one.recovery_codes[0])
    troubled.click("main button.main")
    troubled.wait_for_url("**/console")
    for _ in range(2):
        troubled.go_back()
    troubled.wait_for_url("**/console/requests/new")
    expect(troubled.locator("#new-said")).to_have_value("")
