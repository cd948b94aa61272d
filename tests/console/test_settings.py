"""Settings at the officers' desks: laws, calendars and due dates."""

import re
from html import unescape

from governance.custody.tongues import take_up_languages
from governance.pages.skeletons import write_skeleton
from governance.policies import shipped
from tests.console.conftest import ORIGIN, Form
from tests.console.test_retention import send

LAW = "/console/settings/law"


def test_laws_are_shown_with_citations_and_what_was_not_verified(desks):
    page = desks("auditor").get("/console/settings/laws").text
    assert "152-ФЗ" in page or "152-FZ" in page
    assert "not verified" in page
    assert "Федеральный закон от 27.07.2006" in page
    assert "Which apply here" not in page
    one = desks("auditor").get("/console/settings/laws/ru_152fz").text
    assert "152-ФЗ ст. 21 ч. 5.1" in one
    assert "10 working days" in one


def test_a_law_of_ones_own_is_checked_put_into_force_and_chosen(desks):
    desk = desks("officer")
    form = Form(desk.get(LAW), LAW)
    template = desk.get(LAW).text.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0]
    assert template.startswith("laws:\n  my_law:\n    version: 1")
    broken = template.replace("months: 1", "fortnights: 1", 1)
    refused = desk.post(LAW, data=form.filled(document=broken), headers=ORIGIN)
    assert refused.status_code == 422
    assert "laws.my_law.kinds.access.answer.within.fortnights:" in refused.text
    assert "fortnights: 1" in refused.text

    assert desk.post(LAW, data=form.filled(document=template), headers=ORIGIN).status_code == 303
    laws = "/console/settings/laws"
    assert "my_law" in desk.get(laws).text
    none = send(desk, laws, laws, calendar="RU")
    assert none.status_code == 422
    chosen = send(desk, laws, laws, law=["ru_152fz", "my_law"], calendar="RU")
    assert chosen.status_code == 303
    due = desk.get("/console/settings/due?kind=access&received=2026-04-08").text
    assert "My law" in due
    assert "152-FZ" in due
    back = send(desk, laws, laws, law=["ru_152fz"], calendar="RU")
    assert back.status_code == 303


def test_the_next_version_of_a_law_begins_from_the_one_in_force(desks):
    page = desks("officer").get(f"{LAW}?of=gdpr").text
    assert "version: 2" in page
    assert desks("officer").get(f"{LAW}?of=nothing").status_code == 404


def test_a_day_off_of_ones_own_moves_a_due_date(desks):
    desk, page = desks("officer"), "/console/settings/calendars"
    assert "Choose the day" not in desk.get(f"{page}?calendar=RU&year=2026").text
    wrong = send(desk, page, page, calendar="RU", day="soon", change="rest", _form="day")
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text

    before = desk.get("/console/settings/due?kind=access&law=ru_152fz&received=2026-09-01").text
    assert "Tue 15 Sept 2026; calendar: Russia, as shipped" in before
    kept = send(desk, page, page, calendar="RU", day="2026-09-08", change="rest", name="Founders' day", _form="day")
    assert kept.status_code == 303
    shown = desk.get(f"{page}?calendar=RU&year=2026").text
    assert "Founders" in shown
    assert "added here" in shown
    after = desk.get("/console/settings/due?kind=access&law=ru_152fz&received=2026-09-01").text
    assert "Wed 16 Sept 2026; calendar: Russia, version" in after
    again = send(desk, page, page, calendar="RU", day="2026-09-08", change="as_shipped", name="", _form="day")
    assert again.status_code == 303
    assert "Founders" not in desk.get(f"{page}?calendar=RU&year=2026").text


def test_what_cannot_be_computed_says_what_to_write(desks):
    desk = desks("officer")
    assert "Write a day as 2026-12-31." in desk.get("/console/settings/due?received=someday").text
    assert "No such calendar is known" in desk.get("/console/settings/calendars?calendar=QQ").text
    assert "Write a year as 2026." in desk.get("/console/settings/calendars?year=never").text


def test_pages_speak_a_language_that_the_operator_added(desks, door, tmp_path):
    folder = write_skeleton(tmp_path, code="pl")
    console = folder / "console.po"
    words = console.read_text("utf-8").replace('msgid "Settings"\nmsgstr ""', 'msgid "Settings"\nmsgstr "Ustawienia"')
    console.write_text(words, "utf-8")
    take_up_languages(tmp_path)
    try:
        desk = desks("officer")
        for path in ("", "/settings", "/settings/laws", "/settings/due", "/settings/calendars", "/settings/messages",
                     "/settings/messages/portal_code/pl", "/requests", "/consent", "/retention",
                     "/consent/notices/privacy/privacy", "/staff", "/audit", "/customers", "/health"):  # fmt: skip
            page = desk.get(f"/console{path}?lang=pl")
            assert page.status_code == 200, path
            assert '<html lang="pl">' in page.text, path
            assert "Ustawienia" in page.text, path
            assert 'value="pl" class="tongue" lang="pl" aria-pressed="true">Polski' in page.text, path
        mine = door.test_client().get("/my?lang=pl", follow_redirects=True)
        assert '<html lang="pl">' in mine.text
        assert 'href="?lang=pl"' in mine.text
    finally:
        take_up_languages(tmp_path / "none")


def test_fields_tell_who_sees_them_and_own_ones_are_defined_and_retired(desks):
    desk, page = desks("officer"), "/console/settings/fields"
    shown = desks("auditor").get(page).text
    assert "person.birth_date" in shown
    assert re.search(r"masked:</span>[^<]* Support", shown)
    assert "Define a field" not in shown
    said = {"_form": "field", "key": "Shoe size", "labels.en": "Shoe size", "type": "number", "sensitivity": "personal",
            "category": "user.demographic", "compartment": "profile", "visibility": "masked"}  # fmt: skip
    wrong = send(desk, page, page, **said)
    assert wrong.status_code == 422
    assert 'value="Shoe size"' in wrong.text
    assert send(desk, page, page, **{**said, "key": "shoe_size", "labels.ru": "Размер обуви"}).status_code == 303
    assert "Размер обуви" in desk.get(f"{page}?lang=ru").text
    assert send(desk, page, f"{page}/shoe_size/retirement", retired="yes").status_code == 303
    assert "Take up again" in desk.get(page).text
    assert send(desk, page, f"{page}/shoe_size/retirement", retired="no").status_code == 303


def test_whom_people_turn_to_is_changed_and_a_wrong_contact_is_named(desks):
    desk, page = desks("officer"), "/console/settings/company"
    said = {
        "_form": "officer",
        "officer.name": "Анна",
        "officer.email": "nobody",
        "officer.phone": "",
        "authority": "РКН",
    }
    wrong = send(desk, page, page, **said)
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.text
    assert send(desk, page, page, **{**said, "officer.email": "dpo@example.org"}).status_code == 303
    assert "dpo@example.org" in desk.get(page).text
    assert "GOVERNANCE_SMTP_URL" in desk.get(page).text
    assert 'name="officer.email"' not in desks("auditor").get(page).text


def test_roles_are_a_table_of_what_each_may_do(desks):
    shown = desks("admin").get("/console/settings/roles?lang=uk").text
    assert "Видеть" not in shown
    assert "customers:reveal" in shown
    table = dict(re.findall(r"<code[^>]*>([a-z_:]+)</code></th><td[^>]*>(.*?)</td>", shown))
    roles = shipped.roles().roles
    for name, permission in (
        ("officer", "segments:read"),
        ("officer", "retention:run"),
        ("marketer", "customers:list"),
    ):
        assert roles[name].titles.uk in table[permission], (name, permission)
    assert roles["marketer"].titles.uk not in table["customers:reveal"]
    assert roles["auditor"].titles.uk not in table["reference:edit"]
    assert "Адміністратор" in shown


def test_a_name_and_a_colour_are_tried_before_they_are_set_with_contrast_in_words(desks):
    desk = desks("officer")
    shown = desk.get("/console/settings/company?name=Ромашка&colour=%23ffcc00").text
    assert shown.count("<svg viewBox") == 2
    assert "The colour as it was given, on white: 1.5 to 1, too little for text." in shown
    assert "The colour was changed to #7a6200 to be read." in shown
    assert "10.6 to 1, very well readable" in shown
    assert 'GOVERNANCE_BRAND_COLOUR="#ffcc00"' in unescape(shown)
    assert "A colour is written as #155e75." in desk.get("/console/settings/company?colour=yellow").text


def test_whoever_may_not_do_something_is_told_which_roles_may(desks):
    looking = desks("officer").get("/console/imports")
    assert "Lists are brought in by whoever has one of these roles: Data steward." in looking.text
    refused = desks("officer").get("/console/imports/new")
    assert refused.status_code == 403
    assert "Roles that may: Data steward." in refused.text
    assert "whoever has one of these roles" not in desks("steward").get("/console/imports").text
