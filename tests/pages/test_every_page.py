"""What holds for all pages, console and portal: words of one language, and forms that keep what was typed."""

import re
from dataclasses import dataclass, replace
from functools import cache
from html import unescape
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from governance.accounts import operations as accounts
from governance.api.limits import Limiter
from governance.audit import operations as log
from governance.audit.checkpoints import Signer
from governance.audit.outside import load_signing_key, replace_signing_key
from governance.audit.sequencer import drain
from governance.audit.trail import Filter
from governance.console.place import EXTENSION as CONSOLE
from governance.custody.signing import outside_of
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.work import OPERATOR, open_work
from governance.policies.classification import Compartment
from governance.portal.place import EXTENSION as PORTAL
from governance.reference.operations import set_controller
from governance.vault.keyring import Keyring
from scripts.walk import opener, pages_of, walk
from tests.api.conftest import open_service, service_of
from tests.conftest import NOW, clone
from tests.factories import stock
from tests.factories.signing import enrol, signed_in
from tests.portal.guests import guest

STARTS = ("/console/audit", "/console", "/console/retention/draft?policy=behaviour")
PUBLIC = ("/my", "/privacy", "/certificate", "/counter", "/subscribe/club", "/confirm/nothing", "/console/sign-in",
          "/console/invitation")  # fmt: skip
OWN = ("/my", "/my/proof", "/my/requests/new/erasure", "/my/requests/new/rectification")
MORE = ("/my/requests/new/rectification", "/my/requests/new/complaint")
"""Forms at addresses of routes that the walk has met elsewhere."""
ELSEWHERE = {
    "console.setup": "the first hour (tests/browser)",
    "console.setup_link": "the first hour (tests/browser)",
    "portal.confirmation": "a subscription confirmed (tests/browser)",
    "portal.subscription_sent": "a subscription (tests/browser)",
    "portal.leaving": "a mail's link followed (tests/browser)",
    "portal.keeping": "a mail's link followed (tests/browser)",
    "portal.type_code": "a code asked for (tests/browser)",
    "portal.proof_code": "a code asked for (tests/browser)",
}
"""Pages that no link of ours leads to, and where they are looked at."""


@pytest.fixture(scope="module")
def app(server_url, template, tmp_path_factory):
    """A service of these tests alone, with something on every page."""
    folder = tmp_path_factory.mktemp("pages")
    with clone(server_url, template) as store:
        made = open_service(store, Keyring.create(folder / "secrets" / "keyring.json", now=NOW), folder)
        free, service = Limiter(1_000_000).take, service_of(made)
        made.extensions[CONSOLE] = replace(made.extensions[CONSOLE], count_stranger=free, count_call=free)
        made.extensions[PORTAL] = replace(made.extensions[PORTAL], count_stranger=free, forms_per_minute=1_000_000)
        with open_work(service.database, OPERATOR) as work:
            set_controller(work, legal_name="Ромашка", address="Псков", country="DE")
            made.officer = signed_in(work, enrol(work, "officer", "admin", "steward")).token
            told = {"family_name": "Воробьева", "given_name": "Ольга", "source": "till", "ground": "contract"}
            mail = ContactSaid(kind="email", value="olga@example.org")
            made.customer = customers.create(work, fields=told, contacts=[mail]).id
            held = {"compartments": [Compartment.PROFILE], "reason": "court", "review_at": NOW.replace(year=2028)}
            customers.place_hold(work, subject=made.customer, case_ref="K-1", **held)
        stock.fill(made, made.customer)
        replace_signing_key(service.settings.secrets_dir)
        prove_entries(made)  # a later proof continues this one
        yield made
        service.database.dispose()


@dataclass
class Walked:
    """What was met along the links in a language.

    Attributes:
        met: by endpoint the addresses that answered with a page.
        pages: each page with the browser in which it was opened and its address, those of the portal last.
        further: pages of addresses that are not those of a first link.
    """

    met: dict[str, list[str]]
    pages: list[tuple[FlaskClient, str, str]]
    further: list[tuple[FlaskClient, str, str]]


@pytest.fixture(scope="module")
def walked(app):
    """Walks all pages in a language, each language once."""
    return cache(lambda language: walk_in(app, language))


def walk_in(app, language):
    """All pages as strangers, an officer and somebody at the portal see them in a language."""
    found = Walked({}, [], [])

    def reading(client, pages):
        client.set_cookie("governance-language", language, path="/console")
        client.set_cookie("governance-language", language, path="/my")
        opens = opener(client)

        def opens_and_keeps(address):
            public = not address.startswith(("/console", "/my"))
            asked = f"{address}{'&' if '?' in address else '?'}lang={language}" if public else address
            shown = opens(asked)
            if shown is not None:
                pages.append((client, asked, shown))
            return shown

        return opens_and_keeps

    customer, officer = own(app), app.test_client()
    officer.set_cookie("governance-session", app.officer, path="/console")
    prove_entries(app)
    found.met |= walk(app, reading(app.test_client(), found.pages), PUBLIC)
    found.met |= walk(app, reading(officer, found.pages), [*STARTS, f"/console/customers/{app.customer}"])
    mine = walk(app, reading(customer, found.pages), OWN)
    found.met |= mine
    opens = reading(officer, found.further)
    for address in several(app):
        assert opens(address) is not None, address
    opens(f"/console/customers/{app.customer}/marks")
    opens = reading(customer, found.further)
    for address in [*MORE, *mine.get("portal.own_request", ())]:
        opens(address)
    return found


def prove_entries(app):
    """Let the newest entries of the log have their proofs."""
    service = service_of(app)
    outside = outside_of(service.settings.data_dir)
    drain(service.database, outside=outside)
    Signer(service.database, load_signing_key(service.settings.secrets_dir), outside).sign()


def own(app):
    """Somebody at the portal who proved who they are."""
    found = guest(app)
    found.enter(proven=True)
    made = found.send(found.get("/my/requests/new/complaint"), "/my/requests/new/complaint", said="Никто не отвечает")
    assert made.status_code == 303
    return found.web


SILENT = {"script", "style", "code", "pre", "textarea", "mark"}
SPOKEN = ("aria-label", "placeholder", "alt", "title", "data-said", "label")
"""Attributes that are read to people."""
VOID = {"input", "br", "link", "meta", "img", "hr", "col", "path", "rect"}
TYPED = {"text", "search", "email", "tel", "url", "number", "date"}


class Spoken(HTMLParser):
    """The words of a page, less code, what was typed, and words that are marked as of another language."""

    def __init__(self, page, language):
        super().__init__()
        self.language, self.silent, self.open, self.words = language, 0, [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag in VOID:
            if not self.silent:
                self.words += [told for name in SPOKEN if (told := said.get(name))]
            return
        mute = tag in SILENT or said.get("lang", self.language) != self.language or "data-kept" in said
        if not mute and not self.silent:
            self.words += [told for name in SPOKEN if (told := said.get(name))]
        self.open.append(mute)
        self.silent += mute

    def handle_endtag(self, tag):
        if tag not in VOID and self.open:
            self.silent -= self.open.pop()

    def handle_data(self, data):
        if not self.silent:
            self.words.append(data)


NAMES = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|[\w.+•-]+@[\w.•-]+|\bR-[0-9A-Z]{8}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{6,}…?|https?://\S+|Europe/Berlin|"
    r"\b(?:GDPR|DSGVO|PDF|CSV|XLSX|XLS|ODS|YAML|JSON|SMTP|SMS|API|HTTP|HTML|SHA|QR|Excel|Typst|WebCrypto|Push"
    r"|governance|doctor|Governance|English|newsletter|own_offers|birthday|privacy|csv|club|Carl|Green|Dan|White|Karl|Seen"
    r"|Art|Abs|Reg|BGB|UWG|CNIL|GOVERNANCE_\w+|shoe_size|Shoe size|Decided by the board"
    r"|CCPA|LGPD|cookie|How we use data"
    r"|Daria Melnyk|audit export|As the law says|Letters GmbH|Letters of the season|letters|request)\b"
)
"""What is called the same in all languages: formats, products, codes of the controller's, names and words of people."""
QUOTED = re.compile(r"/console/settings/laws?$")
"""Pages that quote: official names of laws, and keys of a document."""
DAYS = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def strange_in(shown, language, place):
    """Words and dates on a page that are not of its language."""
    text = "\n".join(Spoken(shown, language).words)
    found = [] if QUOTED.match(place) else re.findall(r"[A-Za-z]{3,}(?: [A-Za-z]+)*", NAMES.sub(" ", text))
    found += [] if place.startswith("/console/segments/") else DAYS.findall(text)  # it shows how a rule is written
    return sorted(set(found))


def test_words_of_another_language_are_found_wherever_they_stand():
    page = """<title>Saved</title><h1>Журнал</h1><p>Only here</p><code>left_out</code><p lang="en">as quoted</p>
        <input placeholder="Your name"><select><optgroup label="Groups"><option value="x">Choose</option></select>
        <div aria-label="Entries" lang="ru"><span data-kept>Typed</span></div><button title="Close">Так</button>
        <img alt="Picture"><td data-said="Who">01a20580-e609-77bb-87d4-fcadeface058 2026-11-22</td>"""
    assert strange_in(page, "ru", "") == sorted(
        ["Saved", "Only here", "Your name", "Groups", "Choose", "Entries", "Close", "Picture", "Who", "2026-11-22"]
    )


def several(app):
    """Addresses of all proposals, and of an entry of the log for each act that it tells of."""
    with open_work(service_of(app).database, OPERATOR) as work:
        proposals = [one.id for one in accounts.list_proposals(work, state=None, limit=50)]
        entries = {one.entry.action: one.entry.eid for one in log.search(work, by=Filter(), limit=200).entries}
    assert len(entries) > 20
    return [f"/console/proposals/{one}" for one in proposals] + [f"/console/audit/{one}" for one in entries.values()]


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_no_page_has_english_words_or_dates_of_machines_in_another_language(walked, language):
    left, found = {}, walked(language)
    for _client, address, shown in found.pages + found.further:
        place = re.sub(r"[0-9a-f-]{36}", "*", address)
        if strange := strange_in(shown, language, place):
            left[place] = strange

    assert len(found.met) > 60
    assert not left, "\n".join(f"{where}: {found}" for where, found in left.items())


def test_every_page_is_met_along_the_links_or_is_named_with_where_it_is_looked_at(app, walked):
    assert pages_of(app) - set(walked("ru").met) == set(ELSEWHERE)


class Forms(HTMLParser):
    """Forms of a page that are sent by POST: where to, hidden fields, and those into which something is typed."""

    def __init__(self, page):
        super().__init__()
        self.found, self.now, self.choice = [], None, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form" and said.get("method") == "post":
            self.now = {"action": said.get("action", ""), "sent": {}, "typed": []}
            self.found.append(self.now)
        elif self.now is None or (not name and tag != "option"):
            return
        elif tag == "textarea" or (tag == "input" and said.get("type", "text") in TYPED):
            self.now["typed"].append(name)
        elif tag == "input" and (said.get("type") == "hidden" or "checked" in said):
            self.now["sent"][name] = said.get("value", "")
        elif tag == "select":
            self.choice = name
        elif tag == "option" and self.choice and (not self.now["sent"].get(self.choice) or "selected" in said):
            self.now["sent"][self.choice] = said.get("value", "")
        elif tag == "button" and name not in self.now["sent"]:
            self.now["sent"][name] = said.get("value", "")

    def handle_endtag(self, tag):
        self.choice = "" if tag == "select" else self.choice
        self.now = None if tag == "form" else self.now


FACES = {"console", "portal."}
NOT_KEPT = {"code", "password", "again", "passphrase", "check_code", "number", "sheet", "text"}
"""Proofs, which are typed anew, and the number by which a certificate is asked for."""


QUOTING = {"console.choose_laws", "console.set_law", "console.set_mail", "console.change_segment"}
"""Forms on pages that quote names of laws, or name keys."""


def faults_of(answer, typed, endpoint):
    """What is wrong with the answer of an endpoint to a form, into which this was typed."""
    if answer.status_code in (400, 500, 503):
        return [f"answers {answer.status_code} to {sorted(typed)}"]
    if answer.status_code not in (409, 422):
        return []
    shown = unescape(answer.text)
    gone = [name for name, said in typed.items() if name not in NOT_KEPT and said not in shown]
    says = re.search(r'role="alert"|class="refused"', answer.text)
    words = strange_in(re.sub(r"<~&#~>\w+", "", shown), "ru", "")
    strange = [one for one in words if not DAYS.match(one) and endpoint not in QUOTING]  # days show how one is written
    return [f"loses {gone}"] * bool(gone) + ["does not say what is wrong"] * (not says) + strange


MUTE = {
    "a press and nothing else": """
        console.activate_policy console.approve_proposal console.approve_request console.ask_request_identity
        console.audit_details console.begin_run console.begin_setup console.choose_language console.count_reach
        console.end_policy console.end_session console.evaluate_segment console.export_log console.fetch_export
        console.find_nothing console.invite_again console.mark_apart console.note_notice_told console.put_up_form
        console.remove_view console.resend_webhook console.reset_mail console.resume_run console.retire_field
        console.retire_recipient console.retire_segment console.retry_erasure console.review_merge
        console.revoke_client console.rotate_key console.save_view console.see_alert console.send_request_code
        console.sign_in_made_up console.sign_out console.simulate_policy console.stop_advertising console.stop_run
        console.stop_segment console.try_mail console.undo_import console.undo_merge console.withdraw_role
        portal.confirm portal.download_package portal.keep portal.leave portal.no_advertising portal.no_sharing
        portal.prove_contact portal.prove_request portal.sign_out portal.withdraw_request""",
    "a choice among what there is, which stands chosen": """
        console.check_segment console.let_leave console.merge_pair console.start_request portal.choose""",
    "proofs, which are typed anew": """
        console.confirm_session console.make_recovery_sheet portal.begin_visit portal.prove_code""",
    "a file, which no page can hand back": "console.trace_leak",
    "no page": "console.nowhere",
}
"""Endpoints that take forms without anything typed that could be lost, and why."""
SHOWN_BY = {
    "tests/console/test_first_hour.py":
        "console.set_up_controller console.set_up_officer console.confirm_recovery_sheet",
    "tests/console/test_imports.py": "console.begin_import",
    "tests/console/test_exports.py": "console.propose_export",
    "tests/console/test_segments.py": "console.try_segment",
    "tests/console/test_holds.py": "console.release_case",
    "tests/portal/test_access.py": "portal.prove_fact",
    "tests/portal/test_own_pages.py": "portal.reply_to_request",
    "tests/console/test_mails.py": "console.preview_mail console.try_sms",
    "tests/console/test_requests.py": """
        console.prove_request console.prove_request_by_code console.ask_requester console.note_reply
        console.send_request_back console.complete_request console.confirm_contact console.join_request
        console.decide_note""",
}  # fmt: skip
"""Endpoints of forms that the walk does not meet in a state in which they can be refused, and where it is shown."""


def test_every_form_with_wrong_input_keeps_what_was_typed_and_says_what_to_do(app, walked):
    wrong, tried, met = [], {}, walked("ru")
    for client, address, shown in met.pages + met.further:
        opens = opener(client)
        for form in Forms(shown).found:
            path = form["action"] or address.partition("?")[0]
            endpoint, _names = app.url_map.bind("localhost").match(path.partition("?")[0], method="POST")
            if not form["typed"] or endpoint in tried:
                continue
            tried[endpoint] = None
            for mark in ("", "<~&#~>"):
                now = opens(address) or ""  # a form before it may have left the page in another state
                if form["action"] and f'action="{form["action"]}"' not in now:
                    continue
                typed = {name: f"{mark}{name}" if mark else "" for name in form["typed"]}
                answer = client.post(path, data={**form["sent"], **typed}, headers={"Origin": "http://localhost"})
                tried[endpoint] = answer.status_code
                wrong.extend(f"{endpoint}: {one}" for one in faults_of(answer, typed if mark else {}, endpoint))

    assert not wrong, "\n".join(wrong)
    takes = {one.endpoint for one in app.url_map.iter_rules() if "POST" in one.methods and one.endpoint[:7] in FACES}
    told = [one for table in (MUTE, SHOWN_BY) for names in table.values() for one in names.split()]
    never = {one for one, status in tried.items() if status is None}
    assert takes - set(tried) - set(told) == set(), "forms of which nobody says whether they keep what was typed"
    assert set(told) - takes == set(), "no such forms any more"
    assert not set(tried) & {one for names in MUTE.values() for one in names.split()}, "something is typed into these"
    assert never - set(told) == set(), "forms that were met and not sent"
