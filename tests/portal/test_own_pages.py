"""What customers see, choose and ask for: choices, data, who saw them, requests, and what comes of each."""

import html
import io
import json
import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from governance.api.limits import Limiter
from governance.consent import operations as consent
from governance.consent.codes import NoticeKind
from governance.consent.operations import Asked
from governance.consent.whole import said_by
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.policies.purposes import Channel
from governance.policies.shipped import purposes
from governance.portal.grounds import Cited, cited
from governance.portal.place import EXTENSION
from governance.reference.operations import set_controller
from governance.rights import operations as rights
from governance.rights.packages import making
from governance.rights.packages.operations import packages_of
from tests.api.conftest import door, door_store, service_of
from tests.factories.actors import staff
from tests.factories.customers import interaction, purchase
from tests.portal.guests import guest, inputs, last_code, say

__all__ = ["door", "door_store"]

WORDS = {"en": consent.NoticeText("Our newsletter", "I agree to get the newsletter of Daisy.")}


@pytest.fixture(scope="session")
def app(door):
    free = Limiter(1_000_000)
    door.extensions[EXTENSION] = replace(
        door.extensions[EXTENSION], count_stranger=free.take, forms_per_minute=1_000_000
    )
    with open_work(service_of(door).database, OPERATOR) as work:
        set_controller(work, legal_name="Daisy", address="Berlin", country="DE")
        for key in ("newsletter", "own_offers", "third_parties"):
            consent.publish_notice(work, kind=NoticeKind.CONSENT, key=key, texts=WORDS, material=True)
    return door


@pytest.fixture
def one(app):
    """Somebody who proved who they are."""
    found = guest(app)
    found.enter(proven=True)
    return found


def working(one, actor=OPERATOR):
    return open_work(service_of(one.app).database, actor, clock=one.app.extensions[EXTENSION].clock)


def may_send(one, purpose="newsletter", channel=Channel.EMAIL):
    with working(one) as work:
        return consent.check(work, question=Asked(purpose, channel), contacts=[one.email]).verdicts[0].allowed


def choose(one, choice, page=None):
    return one.send(page or one.get("/my/choices"), "/my/choices", choice=choice)


def complain(one):
    path = "/my/requests/new/complaint"
    return one.send(one.get(path), path, said="Долго").headers["Location"]


def test_yes_and_no_count_at_once_and_the_exact_words_stand_in_the_history(one):
    assert choose(one, "newsletter|email|yes").status_code == 303
    assert may_send(one)
    assert choose(one, "newsletter|email|no").status_code == 303
    assert not may_send(one)
    told = say(one.get("/my/choices/history"))
    assert told.index("You took your yes back") < told.index("You said yes")
    assert "I agree to get the newsletter of Daisy." in told


def test_yes_and_no_look_alike_and_the_one_that_stands_is_told_to_everybody(one):
    choose(one, "newsletter|email|yes")
    page = one.get("/my/choices").text
    pair = re.findall(r'<button name="choice" value="newsletter\|email\|(yes|no)" (aria-pressed="\w+")>', page)
    assert pair == [("yes", 'aria-pressed="true"'), ("no", 'aria-pressed="false"')]


def test_one_button_ends_all_advertising_and_a_later_yes_counts_again(one):
    choose(one, "newsletter|email|yes")
    assert one.send(one.get("/my/choices"), "/my/choices/no-advertising").status_code == 303
    assert not may_send(one)
    assert "You get no advertising from us." in say(one.get("/my/choices"))
    choose(one, "newsletter|email|yes")
    assert may_send(one)


def test_a_press_of_a_button_stands_among_the_requests_under_its_own_name(one):
    one.send(one.get("/my/choices"), "/my/choices/no-advertising")
    told = say(one.get("/my/requests"))
    assert "No advertising at all done" in told
    assert "Object to how" not in told


def test_a_yes_from_an_old_tab_does_not_undo_a_no_that_was_said_since(one):
    choose(one, "newsletter|email|yes")
    old = one.get("/my/choices")
    choose(one, "newsletter|email|no")
    again = choose(one, "newsletter|email|yes", page=old)
    assert (again.status_code, "You said no elsewhere meanwhile" in again.text) == (422, True)
    assert not may_send(one)


def test_a_yes_needs_the_contact_to_be_proven_and_words_to_agree_to(one):
    with working(one) as work:
        phone = customers.ContactSaid(kind="phone", value="+4915112345678")
        customers.add_contact(work, subject=one.subject, contact=phone)
    page = one.get("/my/choices")
    assert re.search(r'value="newsletter\|sms\|yes"[^>]* disabled', page.text)
    assert choose(one, "newsletter|sms|yes", page=page).status_code == 422
    assert choose(one, "newsletter|sms|no", page=page).status_code == 303
    assert choose(one, "surveys|email|yes").status_code == 422


def test_a_form_sent_twice_acts_once(one):
    page = one.get("/my/choices")
    for _ in range(2):
        assert choose(one, "newsletter|email|yes", page=page).status_code == 303
    assert say(one.get("/my/choices/history")).count("You said yes") == 1
    form = one.get("/my/requests/new/complaint")
    made = {one.send(form, "/my/requests/new/complaint", said="Слишком долго").headers["Location"] for _ in range(2)}
    assert len(made) == 1


def test_going_back_and_sending_other_words_is_another_act(one):
    path = "/my/requests/new/rectification"
    form = one.get(f"{path}?field=city")
    made = [one.send(form, path, city=city).headers["Location"] for city in ("Тверь", "Новгород", "Тверь")]
    assert len(set(made)) == 2
    assert "Новгород" in say(one.get("/my/data"))


def test_the_signal_of_a_browser_objects_to_sharing_once_and_a_yes_after_it_stays(app):
    somebody = guest(app)
    signal = {"Sec-GPC": "1"}
    somebody.come_in(headers=signal)
    typed = inputs(somebody.get("/my/proof"), "/my/proof/fact", fact="birth_date", value="1982-08-09")
    somebody.web.post("/my/proof/fact", data=typed, headers={"Origin": "http://localhost", **signal})
    page = somebody.get("/my/choices", headers=signal)
    assert re.search(r'value="third_parties\|email\|no" aria-pressed="true"', page.text)
    assert "Global Privacy Control" in page.text
    choose(somebody, "third_parties|email|yes", page=page)
    somebody.send(somebody.get("/my"), "/my/sign-out")
    somebody.come_in(headers=signal)
    assert re.search(r'value="third_parties\|email\|yes" aria-pressed="true"', somebody.get("/my/choices").text)


def test_the_signal_of_a_browser_counts_for_all_who_share_a_contact_and_once(app):
    somebody, signal = guest(app), {"Sec-GPC": "1"}
    with working(somebody) as work:
        other = customers.create(
            work,
            fields={"family_name": "Рябов", "source": "till", "ground": "contract"},
            contacts=[ContactSaid(kind="email", value=somebody.email)],
        ).id

    def objections():
        with working(somebody) as work:
            said = [one for who in (somebody.subject, other) for one in said_by(work, person=who)]
        return sorted((one.purpose, one.channel) for one in said if one.kind == "objected")

    for _ in range(2):
        somebody.come_in(headers=signal)
        told = say(somebody.get("/my/choices", headers=signal))
        somebody.send(somebody.get("/my"), "/my/sign-out")
        assert objections() == [("third_parties", "audience")] * 2 + [("third_parties", "email")] * 2
        assert "We keep to it" in told


def test_an_unproved_contact_can_end_advertising_and_sharing_all_the_same(app):
    somebody = guest(app)
    somebody.enter()
    for path in ("no-advertising", "no-sharing"):
        assert somebody.send(somebody.get("/my/choices"), f"/my/choices/{path}").status_code == 303
    told = say(somebody.get("/my/requests"))
    assert told.count("R-") == 2


def test_my_data_say_what_is_kept_why_and_until_when_without_what_staff_wrote(one):
    with working(one) as work:
        customers.edit(work, subject=one.subject, patch={"note": "Сложная клиентка"})
        customers.record_purchase(work, subject=one.subject, purchase=purchase())
        customers.record_interaction(work, subject=one.subject, interaction=interaction(note="Просила Наталью"))
    told = say(one.get("/my/data"))
    for words in ("Рябова", "Псков", one.email, "What it may be used for", "Kept until"):
        assert words in told, words
    assert "Сложная" not in told
    assert "Наталью" not in told
    head = re.search(r'<p class="only-print">([^<]+)</p>', one.get("/my/data").text)[1]
    with working(one) as work:
        assert re.search(rf"Рябова.*, on .*{work.now.year}\. Kept by: Daisy", head)


def test_grounds_are_told_in_the_language_of_the_page_or_marked_with_that_of_their_law(one):
    for name, words in (("ru", "ваше согласие"), ("uk", "ваша згода"), ("en", "your consent")):
        page = one.get(f"/my/data?lang={name}").text
        found = re.findall(r"<li(?: lang=\"(\w+)\")?>([^<]*(?:GDPR|2002/58)[^<]*)</li>", page)
        assert found, name
        assert [said for tongue, said in found if tongue] == [], name
        assert any(words in said for _, said in found), name
    bases = {basis.citation: basis for book in purposes().purposes.values() for basis, _ in book.bases}
    with one.app.test_request_context("/my?lang=ru"):
        shown = cited([*bases, "House rule 7"])
    assert {said.language for citation, said in shown.items() if citation in bases} == {"ru", "uk", "pt"}
    assert shown["House rule 7"] == Cited("House rule 7", "en")


def test_who_saw_my_data_tells_role_and_time_and_no_name(one):
    with working(one, staff("support")) as work:
        customers.read(work, subject=one.subject)
    told = say(one.get("/my/data/seen"))
    assert "Your record was read" in told
    assert "You yourself" not in told
    assert "You yourself" in say(one.get("/my/data/seen?own=yes"))


def test_a_correction_changes_what_harms_nobody_at_once_and_keeps_what_was_typed_where_it_is_wrong(one):
    page = one.get("/my/requests/new/rectification?field=city")
    sent = one.send(page, "/my/requests/new/rectification", city="Новгород")
    assert sent.status_code == 303
    assert "Новгород" in say(one.get("/my/data"))
    page = one.get("/my/requests/new/rectification")
    typed = inputs(page, "/my/requests/new/rectification", birth_date="yesterday", email="nonsense", city="Тверь")
    wrong = one.post("/my/requests/new/rectification", typed)
    assert wrong.status_code == 422
    assert {"yesterday", "nonsense", "Тверь"} <= set(re.findall(r'value="([^"]*)"', wrong.text))
    assert wrong.text.count('aria-invalid="true"') == 2
    assert one.send(page, "/my/requests/new/rectification").status_code == 422


def test_an_export_is_asked_for_made_and_downloaded_after_the_step_up(app):
    somebody = guest(app)
    somebody.enter()
    form = somebody.get("/my/requests/new/access")
    assert "Show first that it is you" in say(form)
    somebody.prove()
    form = somebody.get("/my/requests/new/access")
    made = somebody.send(form, "/my/requests/new/access").headers["Location"]
    story = somebody.get(made)
    assert "30 days left" in say(story) or "31 days left" in say(story)
    with working(somebody, SYSTEM) as work:
        [kept] = packages_of(work, person=somebody.subject)
        making.make_now(work, package=kept.id)
    path = made.split("?")[0]
    ready = somebody.get(path)
    assert "days left" not in say(ready), "what was asked for is there"
    got = somebody.send(ready, f"{path}/package")
    assert got.content_type == "application/zip"
    found = json.loads(zipfile.ZipFile(io.BytesIO(got.data)).read("package.json"))
    assert somebody.email in json.dumps(found)


def test_a_download_without_the_step_up_leads_to_it(app):
    somebody = guest(app, contacts=2)
    somebody.enter()
    with working(somebody) as work:
        [mine, *_] = customers.read(work, subject=somebody.subject).contacts
        customers.edit_contact(
            work, subject=somebody.subject, contact=mine.id, patch={"verified_at": "2026-01-01T00:00:00Z"}
        )
    made = somebody.send(somebody.get("/my/requests/new/access"), "/my/requests/new/access").headers["Location"]
    story = somebody.get(made)
    assert "waits for your proof" in say(story)
    chosen = re.search(r'name="contact" value="([^"]+)"', somebody.get("/my/proof").text)[1]
    page = somebody.get(f"/my/proof?then={made.split('?')[0]}")
    sent = somebody.send(page, "/my/proof/contact", contact=chosen)
    assert sent.status_code == 303
    code = last_code(somebody.app, f"second-1-{somebody.email}")
    went = somebody.send(somebody.get(sent.headers["Location"]), "/my/proof/code", code=code)
    assert went.headers["Location"] == made.split("?")[0]
    assert "being carried out" in say(somebody.get(made)), "it goes on by itself, as the page had said"


def test_a_question_is_answered_and_a_request_taken_back(one):
    made = one.send(one.get("/my/requests/new/complaint"), "/my/requests/new/complaint", said="Долго").headers[
        "Location"
    ]
    request = made.split("?")[0].rpartition("/")[2]
    with working(one) as work:
        rights.ask(work, request=rights.RequestId(UUID(request)), question="Когда вы заказали?")
    page = one.get(made)
    assert "Когда вы заказали?" in say(page)
    path = f"/my/requests/{request}"
    assert one.send(page, f"{path}/replies", words=" ").status_code == 422
    assert one.send(page, f"{path}/replies", words="В октябре").status_code == 303
    assert "В октябре" in say(one.get(path))
    assert one.send(one.get(path), f"{path}/withdrawals").status_code == 303
    assert "taken back" in say(one.get(path))


def test_nobody_sees_or_touches_a_request_of_somebody_else(one, app):
    made = one.send(one.get("/my/requests/new/complaint"), "/my/requests/new/complaint", said="Долго").headers[
        "Location"
    ]
    path = made.split("?")[0]
    other = guest(app)
    other.enter(proven=True)
    assert other.get(path).status_code == 404
    typed = inputs(other.get("/my"), "/my/sign-out")
    for act in ("withdrawals", "replies", "proofs", "package"):
        assert other.post(f"{path}/{act}", {**typed, "words": "x"}).status_code == 404, act
    assert "being worked on" in say(one.get(path))


def test_the_plan_of_an_erasure_is_seen_before_and_nothing_happens_by_looking(one):
    with working(one) as work:
        customers.record_purchase(work, subject=one.subject, purchase=purchase())
    told = say(one.get("/my/requests/new/erasure"))
    assert "stays until" in told
    assert "deleted" in told
    assert one.get("/my/data").status_code == 200


def test_an_erasure_asked_for_before_the_proof_shows_its_plan_and_waits_for_a_press_after_it(app):
    somebody = guest(app)
    somebody.enter()
    made = somebody.send(form := somebody.get(path := "/my/requests/new/erasure"), path).headers["Location"]
    assert "then you see what will be deleted" in say(form)
    story = made.split("?")[0]
    page = somebody.get(f"/my/proof?then={story}")
    went = somebody.send(page, "/my/proof/fact", fact="birth_date", value="1982-08-09")
    told = somebody.get(went.headers["Location"])
    assert went.headers["Location"] == story
    assert "What will happen" in say(told)
    assert "waits for you to go on" in say(told), "nothing is deleted before it was seen"
    somebody.send(told, f"{story}/proofs")
    assert "being carried out" in say(somebody.get(story))


def test_a_request_by_a_contact_that_nobody_holds_says_how_it_ended(app):
    nobody = guest(app, known=False)
    nobody.enter()
    made = nobody.send(nobody.get(path := "/my/requests/new/access"), path).headers["Location"]
    assert "Nothing is held under this contact" in say(nobody.get(made))


def test_countries_and_amounts_are_told_in_the_language_of_the_page_and_a_country_is_chosen_by_its_name(one):
    with working(one) as work:
        customers.record_purchase(
            work, subject=one.subject, purchase=purchase(total=Decimal("7731.01"), currency="EUR")
        )
    own = say(one.get("/my/data?lang=uk"))
    form = one.get("/my/requests/new/rectification?field=country&lang=ru").text

    assert "Німеччина" in own
    assert " DE " not in own
    assert ">7\xa0731,01\xa0EUR<" in html.unescape(one.get("/my/data?lang=uk").text)  # as CLDR writes it in Ukrainian
    assert '<option value="DE" selected>Германия</option>' in form


def test_a_birth_date_may_be_typed_with_dots_and_what_is_no_date_costs_no_try(app):
    somebody = guest(app)
    somebody.enter()
    for _ in range(7):
        told = somebody.send(somebody.get("/my/proof"), "/my/proof/fact", fact="birth_date", value="9 August")
        assert told.status_code == 422
        assert "1990-12-31" in say(told)
    right = somebody.send(somebody.get("/my/proof"), "/my/proof/fact", fact="birth_date", value=" 9.08.1982")
    assert right.status_code == 303
    page = somebody.get("/my/requests/new/rectification")
    path = "/my/requests/new/rectification"
    assert somebody.send(page, path, birth_date="10.08.1982").status_code == 303


def test_a_birth_date_stands_in_its_field_as_the_hint_says_to_write_it_and_is_not_changed_by_that(app):
    somebody = guest(app)
    somebody.enter()
    somebody.prove()
    path = "/my/requests/new/rectification"
    for language, stands in (("en", "1982-08-09"), ("ru", "09.08.1982"), ("uk", "09.08.1982")):
        page = somebody.get(f"{path}?lang={language}")
        assert f'name="birth_date" maxlength="500" value="{stands}"' in page.text, language
        assert somebody.send(page, path).status_code == 422, "nothing was changed"
