"""All that a customer can do, on a phone whose browser runs no script."""

import io
import json
import zipfile
from uuid import UUID

import pytest
from playwright.sync_api import expect

from governance.accounts import operations as accounts
from governance.kernel.work import SYSTEM
from governance.rights import operations as rights
from governance.rights.packages import making
from governance.rights.packages.operations import packages_of
from tests.browser.portal import take_phone
from tests.browser.test_mail_links import SAID, keep_link, unsubscribe_link
from tests.factories.actors import by
from tests.factories.signing import enrol

GOOD = ".summary.good"
IN_WORDS = {
    "withdrawal": "",
    "objection": "Не складайте про мене портрета",
    "complaint": "Мені не відповідають",
    "opt_out": "",
    "restriction": "",
    "portability": "",
    "access": "",
    "erasure": "",
}


@pytest.fixture
def plain(chromium, site):
    """A phone in Ukrainian, without script."""
    found = take_phone(chromium, site, "uk", script=False)
    yield found
    found.context.close()
    assert found.watch.settled() == []


def press(page, words):
    page.click(f"main button:has-text('{words}')")


def test_a_customer_sees_corrects_and_chooses_without_script(plain):
    plain.become_customer()
    page = plain.page
    page.goto("/my")
    page.fill("#contact", "nonsense")
    page.click("main button.main")
    expect(page.locator("[role=alert]")).to_be_visible()
    plain.come_in()

    page.click("nav.own >> text=Мій вибір")
    page.click("main .note a")
    plain.prove()
    page.click("main .pair button >> nth=0")
    expect(page.locator(GOOD)).to_be_visible()
    expect(page.locator(".pair button").first).to_have_attribute("aria-pressed", "true")
    page.click("main .act-box button.main")
    expect(page.locator(GOOD)).to_be_visible()
    expect(page.locator(".pair button[aria-pressed=true]").first).to_contain_text("Ні")
    page.click("main .act-box button.quiet")
    expect(page.locator(GOOD)).to_be_visible()
    page.click("a[href$='/my/choices/history']")
    expect(page.locator(".timeline li").first).to_be_visible()
    page.locator("details summary").first.click()
    expect(page.locator("details .words").first).to_be_visible()

    page.click("nav.own >> text=Мої дані")
    page.locator("a.correct", has_text="Місто").click()
    page.fill("#city", "Львів")
    page.click("main form button.main")
    expect(page.locator(GOOD)).to_be_visible()
    page.click("nav.own >> text=Мої дані")
    expect(page.locator("main")).to_contain_text("Львів")
    page.click("nav.own >> text=Хто бачив мої дані")
    expect(page.locator("h1")).to_have_text("Хто бачив мої дані")

    page.click("nav.own button")
    expect(page.locator("#contact")).to_be_visible()
    page.goto("/my/data")
    expect(page.locator("#contact")).to_be_visible()


def test_a_customer_asks_for_each_kind_and_fetches_the_file_without_script(plain):
    plain.become_customer()
    plain.come_in()
    page = plain.page
    page.goto("/my/proof?then=/my/requests")
    plain.prove()
    for kind, said in IN_WORDS.items():
        page.goto("/my/requests")
        page.click("main a.button.main")
        page.click(f".ways a[href$='/{kind}']")
        if said:
            page.fill("#said", said)
        page.click("main form button")
        page.wait_for_url("**/my/requests/*-*")
        expect(page.locator("h1")).not_to_have_text("")
        if kind == "complaint":
            asked = rights.RequestId(UUID(plain.request_id()))
            with plain.working() as work:
                officer = by(work, accounts.staff_actor(work, staff=enrol(work, "officer").id))
                rights.ask(officer, request=asked, question="Коли це було?")
            page.reload()
            page.fill("#words", "І ще одне")
            press(page, "Надіслати")
            expect(page.locator(".talk .mine").last).to_contain_text("І ще одне")
            press(page, "Відкликати")
            expect(page.locator(".badge").first).to_contain_text("відкликан")
    page.goto("/my/requests")
    expect(page.locator(".ways li")).to_have_count(len(IN_WORDS))

    with plain.working(SYSTEM) as work:
        for one in packages_of(work, person=plain.subject):
            making.make_now(work, package=one.id)
    page.locator(".ways a", has_text="Побачити").first.click()
    with page.expect_download() as started:
        press(page, "Завантажити")
    file = zipfile.ZipFile(io.BytesIO(started.value.path().read_bytes()))
    assert plain.email in json.dumps(json.loads(file.read("package.json")))


def test_links_of_mails_work_without_script(plain):
    page = plain.page
    _sent, confirmed, left, kept, _spent = SAID["uk"]
    page.goto("/subscribe/club")
    page.click("main button.main")
    expect(page.locator("[role=alert]")).to_be_visible()
    page.fill("#email", plain.email)
    page.check("#choice-newsletter")
    page.click("main button.main")
    link = next(str(one["link"]) for one in plain.mail() if "link" in one)
    confirm = "/confirm/" + link.rpartition("/confirm/")[2]
    for address, told in ((lambda _: confirm, confirmed), (unsubscribe_link, left), (keep_link, kept)):
        page.goto(address(plain))
        page.click("main button.main >> nth=0")
        expect(page.locator("h1")).to_contain_text(told)
