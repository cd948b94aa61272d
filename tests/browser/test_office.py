"""Whole journeys of officers in a real browser: from a letter to its answer, from a draft to what a run removed."""

import re
import threading
from contextlib import contextmanager

import pyotp
import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from governance.accounts import operations as accounts
from governance.accounts.operations import ProposalState
from governance.consent import operations as consent
from governance.consent.operations import NewEvent
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.erasure import operations as erasures
from governance.intake import operations as intake
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.policies.consent_state import EventKind, Method
from governance.policies.deadline_rules import RequestKind
from governance.policies.purposes import Channel
from governance.policies.requests import RequestState
from governance.retention import operations as retention
from governance.rights import operations as rights
from governance.vault.keyring import Keyring
from tests.api.conftest import open_service, service_of
from tests.browser.looks import MODES, looked_at
from tests.conftest import NOW
from tests.factories.signing import enrol, signed_in

PASSPHRASE = "a sentence that nobody guesses"


@contextmanager
def desk_of(chromium, site, *roles, locale="en"):
    """The desk of somebody with these roles, in a language."""
    service = service_of(site.app)
    with open_work(service.database, OPERATOR) as work:
        session = signed_in(work, enrol(work, *roles))
    context = chromium.new_context(locale=locale, base_url=site.url, **MODES["light"])
    place = {"domain": "127.0.0.1", "path": "/console"}
    context.add_cookies([{"name": "governance-session", "value": session.token, **place}])
    page = context.new_page()
    page.mode = "light"
    page.wrong = []
    page.on("console", lambda one: page.wrong.append(one.text) if one.type == "error" else None)
    yield page
    context.close()
    assert [one for one in page.wrong if "status of" not in one] == []


def work_off(site):
    """Do what the worker does: execute what was approved, erase, remove, follow up, bring in, count."""
    database = service_of(site.app).database
    with open_work(database, OPERATOR) as work:
        approved = [one.id for one in accounts.list_proposals(work, state=ProposalState.APPROVED, limit=50)]
    for one in approved:
        with open_work(database, SYSTEM) as work:
            accounts.execute(work, proposal=one)
    with open_work(database, OPERATOR) as work:
        begun = [one.id for one in erasures.list_erasures(work)]
        runs, batches = retention.open_runs(work), intake.resumable(work)
    for one in begun:
        erasures.run(database, erasure=one)
    for one in runs:
        retention.see_through(database, actor=SYSTEM, run=one, rest=0)
    for one in batches:
        intake.resume(database, actor=SYSTEM, batch=one)
    with open_work(database, SYSTEM) as work:
        rights.follow_up(work)
    intake.take_snapshot(database, actor=SYSTEM)


@pytest.fixture
def somebody(site):
    """A customer of their own for each journey."""
    with open_work(service_of(site.app).database, OPERATOR) as work:
        made = customers.create(
            work,
            fields={"family_name": "Brown", "given_name": "Anna", "source": "till", "ground": "contract"},
            contacts=[ContactSaid(kind="email", value=f"{uuid4().hex}@example.org")],
        )
    return made.id


def put_on_record(page, customer, kind, **said):
    """Enter a letter, with what was checked."""
    page.goto(f"/console/requests/new?customer={customer}")
    page.select_option("#new-kind", kind)
    page.fill("#new-checked", said.pop("checked", "Passport seen at the desk"))
    for name, value in said.items():
        page.fill(f"#new-{name}", value)
    page.click("main form button.main")
    page.wait_for_url(re.compile(r"/console/requests/[0-9a-f-]{36}$"))


def test_a_request_is_refused_with_its_ground_in_russian(chromium, site, somebody):
    with desk_of(chromium, site, "officer", locale="ru") as page:
        put_on_record(page, somebody, "complaint", said="Мне звонили дважды")
        page.click("summary:has-text('Отказать')")
        page.select_option("#refuse-ground", "not_entitled")
        page.fill("#refuse-reason", "Это не касается данных.")
        page.dblclick("button.danger:has-text('Отказать')")
        expect(page.locator(".heading .badge").first).to_have_text("отказ")
        expect(page.locator("#history + .timeline")).to_contain_text("Это не касается данных.")
        looked_at(page, "request-refused")


def test_an_erasure_goes_from_the_letter_to_its_certificate_by_two_officers(chromium, site, somebody):
    with desk_of(chromium, site, "officer") as first, desk_of(chromium, site, "officer") as second:
        put_on_record(first, somebody, "erasure", said="Delete everything")
        request = first.url
        expect(first.locator("main")).to_contain_text("What the erasure would do today")
        looked_at(first, "request-erasure")
        first.fill("#submit-reason", "As the letter asks")
        first.click("button:has-text('Put forward')")
        first.click("text=Open the proposal")
        expect(first.locator("main")).to_contain_text("another person approves it")
        second.goto(first.url)
        second.click("button.main:has-text('Approve')")
        expect(second.locator(".heading .badge")).not_to_have_text("open")
        work_off(site)
        site.seal_log()
        first.goto(request)
        expect(first.locator("main")).to_contain_text("This has ended.")
        with first.expect_download() as handed:
            first.click("a:has-text('Certificate')")
        assert "erasure" in handed.value.suggested_filename


def test_a_policy_is_simulated_approved_and_run_in_ukrainian(chromium, site):
    one_and_other = (desk_of(chromium, site, "officer", locale="uk") for _ in range(2))
    with next(one_and_other) as first, next(one_and_other) as second:
        first.goto("/console/retention/draft?policy=interaction_notes")
        first.fill("#period-number", "24")
        first.select_option("#period-unit", "M")
        first.click("main form button.main >> nth=0")
        first.locator("tbody tr", has_text="Нотатки про розмови").locator("a").last.click()  # others stand there, too
        first.click("button:has-text('Змоделювати')")
        expect(first.locator("#ahead")).to_be_visible()
        looked_at(first, "policy-simulated")
        first.fill("#activate-reason", "Довше не потрібно")
        first.click("button.main")
        second.goto("/console/proposals")  # the newest stands first
        second.click("main tbody a >> nth=0")
        second.click("button.main:has-text('Схвалити')")
        work_off(site)
        first.goto("/console/retention/runs")
        first.click("button.danger")
        first.wait_for_selector("tbody th a")
        work_off(site)
        first.click("tbody th a >> nth=0")
        expect(first.locator(".heading .badge")).to_have_text("виконано")
        looked_at(first, "run")
        site.seal_log()
        with first.expect_download() as handed:
            first.click("a.button[href$='/certificate']")
        certificate = handed.value.path().read_bytes()
        second.goto("/certificate")
        for content, state in ((certificate, "good"), (certificate.replace(b'"run":"', b'"run":"0'), "bad")):
            second.set_input_files("#file", {"name": "a.json", "mimeType": "application/json", "buffer": content})
            second.click("main form#verify button.main")
            expect(second.locator(".verdict")).to_have_attribute("data-state", state)


def test_a_notice_is_published_and_those_who_agreed_before_are_asked_anew(chromium, site, somebody):
    contact = f"anna.{somebody.hex}@example.org"
    with open_work(service_of(site.app).database, OPERATOR) as work:
        customers.add_contact(work, subject=somebody, contact=ContactSaid(kind="email", value=contact))
    with desk_of(chromium, site, "officer") as page:

        def publish(text, *, anew):
            page.goto("/console/consent/notices/consent/newsletter")
            page.fill("#title-en", "Newsletter")
            page.fill("#body-en", text)
            if anew:
                page.check("input[name=material][value=yes]")
            page.click("main button.main")
            page.wait_for_url("**/console/consent")

        def answer():
            page.goto("/console/send-check")
            page.fill("#contact", contact)
            page.select_option("#purpose", "newsletter")
            page.click("main form button.main")
            return page.locator("#verdict").inner_text() + page.locator("main").inner_text()

        publish("I want the newsletter.", anew=False)
        with open_work(service_of(site.app).database, OPERATOR) as work:
            version = max(one.version for one in consent.notices(work) if one.key == "newsletter")
            said = {"subject": somebody, "contact": ContactSaid(kind="email", value=contact), "notice": version}
            for kind in (EventKind.GIVEN, EventKind.CONFIRMED):
                event = NewEvent(kind, "newsletter", Channel.EMAIL, Method.WEB_FORM, language="en", **said)
                consent.record(work, event=event)
        assert "Yes, it may be sent" in answer()
        publish("I want the newsletter, each week.", anew=True)
        assert "words that have since changed materially" in answer()
        page.goto(f"/console/customers/{somebody}/consents")
        looked_at(page, "consents-asked-anew")


def test_a_bad_file_is_refused_and_an_import_taken_back(chromium, site):
    with desk_of(chromium, site, "steward") as page:
        page.goto("/console/imports/new")
        page.select_option("#import-source", "till")
        page.select_option("#import-ground", "contract")
        page.set_input_files("#file", {"name": "bad.xlsx", "mimeType": "text/csv", "buffer": b"\x00\x01nothing"})
        page.click("main form button.main")
        expect(page.locator("[role=alert]")).to_be_visible()
        rows = b"Client;E-mail;Mood\nGreen Carl;carl.green@example.org;good\nWhite Dan;no address;bad\n"
        page.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": rows})
        page.click("main form button.main")
        expect(page.locator("#trial")).to_be_visible()
        looked_at(page, "import-trial")
        page.click("button:has-text('Bring it in')")
        work_off(site)
        expect(page.locator("[data-state=finished]")).to_be_visible()
        page.click("text=Take this import back")
        work_off(site)
        expect(page.locator("[data-state=undone]")).to_be_visible()


def test_the_first_hour_leads_from_the_link_to_who_may_be_written_to(chromium, fresh_store, tmp_path):
    app = open_service(fresh_store, Keyring.create(tmp_path / "secrets" / "keyring.json", now=NOW), tmp_path)
    service = service_of(app)
    with open_work(service.database, OPERATOR) as work:
        link = accounts.make_setup_link(work)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    context = chromium.new_context(locale="en", base_url=f"http://127.0.0.1:{server.server_port}", **MODES["light"])
    page = context.new_page()
    page.mode = "light"
    try:
        page.goto(f"/console/setup/{link}")
        looked_at(page, "setup-begin")
        page.click("main button.main")
        looked_at(page, "setup")
        for name, said in {"legal_name": "Daisy Shop", "address": "1 Example Street, Berlin"}.items():
            page.fill(f"#{name}", said)
        page.select_option("#country", "DE")
        page.click("main button.main")
        page.goto(f"/console/setup/{link}")  # left, and gone on with
        page.click("main button.main")
        looked_at(page, "setup-officer")
        for name, said in {"name": "Ann", "email": "ann@example.org"}.items():
            page.fill(f"#{name}", said)
        page.fill("#password", PASSPHRASE)
        page.fill("#again", PASSPHRASE)
        page.click("main button.main")
        secret = page.inner_text("code.secret")
        looked_at(page, "enrolled")
        page.click("main a.main")
        page.fill("#email", "ann@example.org")
        page.fill("#password", PASSPHRASE)
        page.fill("#code", pyotp.TOTP(secret).at(service.clock.now()))
        page.click("main button.main")
        page.click("text=Bring in a list")
        rows = "Client;E-mail\n" + "".join(f"Green Carl;carl{one}@example.org\n" for one in range(12))
        page.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": rows.encode()})
        page.select_option("#import-source", "till")
        page.select_option("#import-ground", "contract")
        page.click("main form button.main")
        page.click("button:has-text('Bring it in')")
        page.wait_for_selector("#results")
        with open_work(service.database, OPERATOR) as work:
            batches = intake.resumable(work)
        for one in batches:
            intake.resume(service.database, actor=SYSTEM, batch=one)
        intake.take_snapshot(service.database, actor=SYSTEM)
        page.click("text=Who may be written to? >> nth=0")
        expect(page.locator("#answer")).to_have_text("0 may be written to, 12 may not")
        looked_at(page, "reach")
    finally:
        context.close()
        server.shutdown()
        thread.join()
        service.database.dispose()


def test_requests_stand_in_the_queue_and_arrows_lead_from_row_to_row(chromium, site, somebody):
    with desk_of(chromium, site, "officer") as page:
        put_on_record(page, somebody, "complaint", said="First")
        put_on_record(page, somebody, "access", said="Second")
        page.goto("/console/requests")
        page.focus("tbody tr:first-child th a")
        page.keyboard.press("ArrowDown")
        expect(page.locator("tbody tr:nth-child(2) th a")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/requests/*")
    with open_work(service_of(site.app).database, OPERATOR) as work:
        assert rights.queue(work, kinds=[RequestKind.ACCESS], states=list(RequestState), customer=somebody)


def test_a_field_of_ones_own_is_defined_filled_in_and_a_message_is_tried(chromium, site, somebody):
    with desk_of(chromium, site, "officer", "admin", "steward", locale="uk") as page:
        page.goto("/console/settings/fields")
        page.click("summary:has-text('Визначити поле')")
        key = f"shoe_{somebody.hex[:6]}"
        for name, said in {"key": "Розмір", "labels.en": "Shoe size", "labels.uk": "Розмір взуття"}.items():
            page.locator(f"[id='field-{name}']").fill(said)
        page.click("main .fold[open] button.main")
        expect(page.locator("[id='field-key-refused']")).to_be_visible()
        expect(page.locator("[id='field-labels.uk']")).to_have_value("Розмір взуття")
        page.fill("#field-key", key)
        page.select_option("#field-category", index=1)
        chosen = page.locator("#field-category option:checked").inner_text()
        page.click("main .fold[open] button.main")
        row = page.locator("main table tr", has_text=key)
        expect(row).to_contain_text("Розмір взуття")
        expect(row).to_contain_text(chosen)
        page.goto(f"/console/customers/{somebody}")
        expect(page.locator("main")).not_to_contain_text(key)
        page.goto("/console/settings/messages")
        page.click("main table a >> nth=0" if page.locator("main table a").count() else "main .list a >> nth=0")
        page.click("button:has-text('Надіслати мені')")
        expect(page.locator("#told #trial .badge")).to_be_visible()
