"""What customers do, on a phone-sized screen, each journey in one of the languages."""

import io
import json
import zipfile

import pytest
from playwright.sync_api import expect

from governance.accounts import operations as accounts
from governance.consent import operations as consent
from governance.consent.operations import Asked
from governance.erasure import operations as erasure
from governance.kernel.ids import uuid7
from governance.kernel.work import SYSTEM
from governance.policies.purposes import Channel
from governance.rights import operations as rights
from governance.rights.packages import making
from governance.rights.packages.operations import packages_of
from tests.api.conftest import service_of
from tests.browser.looks import looked_at
from tests.browser.portal import take_phone
from tests.factories.actors import by
from tests.factories.signing import enrol


@pytest.fixture
def phone(request, chromium, site):
    """A phone in the language of the test."""
    found = take_phone(chromium, site, getattr(request, "param", "en"))
    yield found
    found.context.close()
    assert found.watch.settled() == []


def answer_to(phone, contact):
    with phone.working() as work:
        question = Asked("newsletter", Channel.EMAIL, unsubscribe_at=phone.site.url)
        found = consent.check(work, question=question, contacts=[contact])
        return found.verdicts[0].allowed, (found.unsubscribe or {}).get(0)


@pytest.mark.parametrize("phone", ["uk"], indirect=True)
def test_somebody_subscribes_confirms_and_leaves_by_the_link_in_a_mail(phone):
    page = phone.page
    page.goto("/subscribe/club")
    page.fill("#email", phone.email)
    page.check("#choice-newsletter")
    looked_at(page, "portal-subscribe")
    page.click("main button.main")
    expect(page.locator("h1")).to_have_text("Перевірте пошту")
    link = next(str(one["link"]) for one in phone.mail() if "link" in one)
    page.goto("/confirm/" + link.rpartition("/confirm/")[2])
    page.click("main button.main")
    expect(page.locator("h1")).to_contain_text("Дякуємо")
    allowed, leave = answer_to(phone, phone.email)
    assert allowed
    page.goto("/unsubscribe/" + leave.rpartition("/unsubscribe/")[2])
    page.dblclick("main button.main >> nth=0")
    expect(page.locator("h1")).to_contain_text("Вас відписано")
    assert answer_to(phone, phone.email)[0] is False


@pytest.mark.parametrize("phone", ["ru"], indirect=True)
def test_somebody_sees_and_corrects_their_data(phone):
    phone.become_customer()
    phone.come_in()
    page = phone.page
    page.goto("/my/data")
    phone.prove()
    expect(page.locator("h1")).to_have_text("Мои данные")
    looked_at(page, "portal-data")
    page.locator("a.correct", has_text="Город").click()
    page.fill("#city", "Новгород")
    page.click("main form button.main")
    expect(page.locator(".summary.good")).to_be_visible()
    page.click("text=Мои данные")
    expect(page.locator("main")).to_contain_text("Новгород")


@pytest.mark.parametrize("phone", ["en"], indirect=True)
def test_somebody_asks_for_all_their_data_and_downloads_them(phone):
    phone.become_customer()
    phone.come_in()
    page = phone.page
    page.goto("/my/requests/new")
    looked_at(page, "portal-request-kinds")
    page.click("text=See all my data")
    page.click("main .note a")
    looked_at(page, "portal-proof")
    phone.prove()
    page.dblclick("main form button.main")
    expect(page.locator(".countdown")).to_contain_text("days left")
    with phone.working(SYSTEM) as work:
        [made] = packages_of(work, person=phone.subject)
        making.make_now(work, package=made.id)
    page.reload()
    looked_at(page, "portal-request")
    with page.expect_download() as started:
        page.click("button:has-text('Download')")
    file = zipfile.ZipFile(io.BytesIO(started.value.path().read_bytes()))
    assert phone.email in json.dumps(json.loads(file.read("package.json")))
    page.goto("/my/requests")
    expect(page.locator(".ways li")).to_have_count(1)


@pytest.mark.parametrize("phone", ["ru"], indirect=True)
def test_an_erasure_goes_from_request_to_certificate_when_two_officers_approve_it(phone, tmp_path):
    phone.become_customer(birth_date="2015-08-09")
    phone.come_in()
    page = phone.page
    page.goto("/my/proof?then=/my/requests/new/erasure")
    page.fill("#value", "2015-08-09")
    page.click("main button.main")
    page.wait_for_url("**/new/erasure")
    expect(page.locator("#plan")).to_be_visible()
    looked_at(page, "portal-erasure")
    page.click("main button.danger")
    number = page.locator("main code").first.inner_text()
    request = rights.RequestId(type(uuid7())(phone.request_id()))
    expect(page.locator(".badge").first).to_have_text("в работе")

    with phone.working() as work:
        officers = [by(work, accounts.staff_actor(work, staff=enrol(work, "officer").id)) for _ in range(2)]
        waiting = rights.submit(officers[0], request=request, reason="A minor")
        proposal = accounts.find_proposal(officers[1], proposal=accounts.ProposalId(waiting.proposal))
        accounts.approve(officers[1], proposal=proposal.id, digest=proposal.digest)
        assert accounts.execute(work, proposal=proposal.id)
        carried = erasure.ErasureId(rights.find(work, request=request).carried_as)
    erasure.run(service_of(phone.site.app).database, erasure=carried)
    phone.site.seal_log()

    page.goto("/my")
    expect(page.locator("#contact")).to_be_visible()
    page.goto("/certificate")
    page.fill("#number", number)
    page.click("text=Показать сертификат")
    expect(page.locator("h1")).to_have_text("Сертификат об удалении")
    looked_at(page, "portal-certificate-shown")
    with page.expect_download() as started:
        page.click("main button.main")
    content = started.value.path().read_bytes()
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_bytes(content)
    wrong.write_bytes(content.replace(b'"step":"profile"', b'"step":"finance"'))

    page.goto("/certificate")
    for file, state in ((right, "good"), (wrong, "bad")):
        page.set_input_files("#file", str(file))
        page.click("main form#verify button.main")
        expect(page.locator(".verdict")).to_have_attribute("data-state", state)
        looked_at(page, f"portal-certificate-{state}")
    page.evaluate("document.getElementById('found').remove()")

    plain = take_phone(phone.context.browser, phone.site, "ru", script=False)
    for file, told in ((right, "Сертификат верен"), (wrong, "Сертификат неверен")):
        plain.page.goto("/certificate")
        plain.page.set_input_files("#file", str(file))
        plain.page.click("main form#verify button.main")
        expect(plain.page.locator(".summary")).to_contain_text(told)
    plain.context.close()
