"""Requests at the officers' desks: the queue, one request, and what is done to it."""

import re

import pytest

from governance.customers import operations as customers
from governance.kernel.ids import uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.policies.deadline_rules import RequestKind
from governance.reference.applying import choose_laws
from governance.reference.operations import controller
from governance.reference.times import set_law
from governance.rights import operations as rights
from governance.rights.codes import Arrival
from governance.rights.operations import NewRequest
from governance.rights.packages import making
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import PackageState
from tests.api.conftest import service_of
from tests.console.conftest import EMAIL, ORIGIN, Form
from tests.factories import packaging
from tests.factories.customers import email, interaction
from tests.pages.test_every_page import Forms
from tests.portal.guests import last_code


@pytest.fixture
def received(door, desks, customer):
    def make(kind=RequestKind.ERASURE, **said):
        given = {"kind": kind, "arrival": Arrival.LETTER, "customer": customer, **said}
        with open_work(service_of(door).database, OPERATOR) as work:
            made = rights.receive(work, new=NewRequest(**given)).request
            if made.state.value == "open" or "checked" in said:
                return made.id
            return made.id

    return make


@pytest.fixture
def stranger(door, desks):
    """A customer of whom no other request stands."""
    with open_work(service_of(door).database, OPERATOR) as work:
        return packaging.buyer(work, contacts=(email(f"{uuid4().hex}@example.org"),))


def do(desk, request, act, **said):
    """Send a form of the page of a request."""
    page = desk.get(f"/console/requests/{request}")
    return desk.post(f"/console/requests/{request}/{act}", data=Form(page, f"/{act}").filled(**said), headers=ORIGIN)


def test_the_queue_is_filtered_and_the_filter_kept_as_a_view(desks, received):
    desk, request = desks("officer"), received(RequestKind.COMPLAINT)
    shown = desk.get("/console/requests?kind=complaint")
    assert f"/console/requests/{request}" in shown.text
    assert "No request here" in desk.get("/console/requests?kind=complaint&due=late").text

    desk.post("/console/requests/views", data=Form(shown, "/requests/views").filled(), headers=ORIGIN)
    kept = desk.get("/console/requests")
    assert re.search(r'<a href="/console/requests\?kind=complaint">Complaint</a>', kept.text)
    shown = desk.get("/console/requests?kind=complaint")
    desk.post("/console/requests/views/removal", data=Form(shown, "/removal").filled(), headers=ORIGIN)
    assert "Saved views" not in desk.get("/console/requests").text


def test_a_letter_is_put_on_record_and_what_was_typed_stays_where_it_cannot_be(desks, customer):
    desk = desks("support")
    form = Form(desk.get("/console/requests/new"), "/new")
    wrong = desk.post(
        "/console/requests/new",
        data=form.filled(kind="access", arrival="letter", asking="heir", said="Bitte", customer=str(customer)),
        headers=ORIGIN,
    )
    assert wrong.status_code == 422
    assert "Say who asks for the person" in wrong.text
    assert re.search(r'<textarea id="new-said"[^>]*>Bitte</textarea>', wrong.text)

    form = Form(wrong, "/new")
    new = {"contact_kind": "email", "contact": f"{uuid4().hex}@example.org"}
    data = form.filled(kind="complaint", arrival="letter", asking="self", **new)
    made = desk.post("/console/requests/new", data=data, headers=ORIGIN)
    assert made.status_code == 303
    asked = re.findall(r"asked \d+ more", desk.get(made.location).text)
    assert desk.post("/console/requests/new", data=data, headers=ORIGIN).location == made.location
    assert re.findall(r"asked \d+ more", desk.get(made.location).text) == asked, "one form is one request"
    assert "by letter" not in desk.get(made.location).text
    assert "Complaint" in desk.get(made.location).text


def test_a_page_shows_laws_with_traced_dates_and_the_plan_of_an_erasure(desks, received):
    request = received(checked="Passport seen at the desk")
    page = desks("officer").get(f"/console/requests/{request}").text

    assert "152-FZ" in page
    assert "How this date comes about" in page
    assert re.search(r"received \w{3} \d+ \w{3} \d{4} → ", page)
    assert "What the erasure would do today" in page
    russian, english = (desks("officer").get(f"/console/requests/{request}?lang={one}").text for one in ("ru", "en"))
    assert '152-ФЗ <span class="hint">ст. ' in russian, "the law is named once"
    assert "GDPR Art. 12(3)" in english
    assert "Whom it may be about" not in page
    assert "Whom it may be about" in desks("officer").get(f"/console/requests/{received(RequestKind.PORTABILITY)}").text
    assert "/refusal" not in desks("auditor").get(f"/console/requests/{request}").text


def test_a_law_of_ones_own_is_called_by_its_name_in_the_language_of_the_page(desks, received, stranger, door):
    own = """laws:
  house:
    version: 1
    titles: {en: "House rule", ru: "Правило магазина", uk: "Правило крамниці"}
    counting: {citation: "House rule 1"}
    kinds: {complaint: {answer: {within: {days: 5}, citation: "House rule 2", verified: true}}}
"""
    with open_work(service_of(door).database, OPERATOR) as work:
        before = controller(work)
        set_law(work, document=own)
        choose_laws(work, chosen=[*before.laws, "house"], calendar=before.calendar)
    request = received(RequestKind.COMPLAINT, customer=stranger)
    with open_work(service_of(door).database, OPERATOR) as work:
        choose_laws(work, chosen=before.laws, calendar=before.calendar)
    for name, title in (("ru", "Правило магазина"), ("uk", "Правило крамниці"), ("en", "House rule")):
        page = desks("officer").get(f"/console/requests/{request}?lang={name}").text
        assert f'<th scope="row">{title} <span' in page, name
        assert title in desks("officer").get(f"/console?lang={name}").text, name


def test_an_answer_to_somebody_elses_address_is_flagged_and_waits_for_an_officer(desks, received, stranger):
    request = received(
        RequestKind.PORTABILITY, customer=stranger, contact_kind="email", contact=f"{uuid4().hex}@example.org",
        checked="A letter with a signature",
    )  # fmt: skip
    address, steward = f"/console/requests/{request}", desks("steward").get(f"/console/requests/{request}").text
    assert "the answer goes to a contact that is not theirs" in steward
    assert "The answer may go there" not in steward
    for name, said in (("ru", "на чужой контакт"), ("uk", "на чужий контакт")):
        assert said in desks("officer").get(f"{address}?lang={name}").text
    desks("officer").get(f"{address}?lang=en")
    early = do(desks("officer"), request, "start")
    assert (early.status_code, "an officer confirms it first" in early.text) == (409, True)
    assert do(desks("officer"), request, "contact", reason="Called the number on record").status_code == 303
    page = desks("officer").get(address).text
    assert "not theirs" not in page
    assert "Called the number on record" in page
    assert do(desks("officer"), request, "start").status_code == 303


def test_each_refused_act_keeps_what_was_typed_and_says_why(desks, received):
    desk, request = desks("officer"), received(RequestKind.COMPLAINT, said="a second thing")
    no_ground = do(desk, request, "refusal", reason="Because")
    assert no_ground.status_code == 422
    assert "Choose the ground" in no_ground.text
    assert re.search(r"<textarea id=\"refuse-reason\"[^>]*>Because</textarea>", no_ground.text)

    again = do(desk, request, "refusal", reason="Because", ground="excessive")
    assert again.status_code in (303, 409)
    if again.status_code == 409:
        assert "not excessive" in again.text


def test_a_request_is_asked_about_answered_and_completed(desks, received):
    desk, request = desks("officer"), received(RequestKind.COMPLAINT, checked="Called back", said="a third thing")
    steps = [
        ("question", {"question": "Which shop?"}),
        ("reply", {"words": "The one in Pskov"}),
        ("extension", {"reason": "Many files"}),
        ("start", {}),
        ("completion", {"answer": "It is settled."}),
    ]
    for act, said in steps:
        assert do(desk, request, act, **said).status_code == 303, act
    page = desk.get(f"/console/requests/{request}").text

    assert "This has ended." in page
    assert "The one in Pskov" in page
    assert "It is settled." in page


def test_a_question_to_a_request_that_has_ended_meanwhile_is_not_lost(desks, received):
    desk, request = desks("officer"), received(RequestKind.COMPLAINT, checked="Called back", said="a fourth thing")
    address = f"/console/requests/{request}"
    form = Form(desk.get(address), "/question").filled(question="Which of the <two> shops?")
    assert do(desks("officer"), request, "withdrawal", reason="They called").status_code == 303

    late = desk.post(f"{address}/question", data=form, headers=ORIGIN)
    assert late.status_code == 412
    assert "What you had typed" in late.text
    assert "Which of the &lt;two&gt; shops?" in late.text
    assert "What you had typed" not in desk.get(address).text


def test_of_two_officers_the_one_who_decides_by_an_old_page_is_turned_away_and_keeps_what_was_typed(
    desks, received, stranger
):
    desk, colleague = desks("officer"), desks("steward")
    request = received(RequestKind.PORTABILITY, customer=stranger)
    address = f"/console/requests/{request}"
    old = desk.get(address)
    refusal = Form(old, "/refusal").filled(ground="not_identified", reason="Nobody knows who <this> is")
    assert do(colleague, request, "proof", checked="Called the number on record").status_code == 303

    late = desk.post(f"{address}/refusal", data=refusal, headers=ORIGIN)
    assert late.status_code == 412
    alarm = re.search(r'role="alert"><p>([^<]*)', late.text)[1]
    assert alarm.startswith("Daria Melnyk changed this request meanwhile (Identity proved)"), alarm
    assert re.search(r'<textarea id="refuse-reason"[^>]*>Nobody knows who &lt;this&gt; is</textarea>', late.text)
    assert re.search(r'<option value="not_identified" selected>', late.text)
    assert "Refused" not in desk.get(address).text

    for name, said in (("ru", "Тем временем"), ("uk", "Тим часом")):
        told = desk.post(f"{address}/refusal?lang={name}", data=refusal, headers=ORIGIN)
        assert (told.status_code, said in told.text) == (412, True), name
    again = desk.post(f"{address}/refusal?lang=en", data=Form(late, "/refusal").filled(
        ground="unfounded", reason="Nothing of theirs was ever here"), headers=ORIGIN)  # fmt: skip
    assert again.status_code == 303


def test_every_form_of_a_request_holds_to_what_its_page_showed(desks, received):
    desk, request = desks("officer"), received(RequestKind.COMPLAINT, said="forms of each state")
    address, sent = f"/console/requests/{request}", set()
    steps = [
        ("proof", {"checked": "Called"}), ("question", {"question": "Which?"}), ("reply", {"words": "That"}),
        ("submission", {"reason": "Grave"}), ("return", {"reason": "Not so"}), ("start", {}),
    ]  # fmt: skip
    for act, said in [*steps, ("completion", {"answer": "Done"})]:
        page = desk.get(address)
        forms = Forms(page.text).found
        for place in re.findall(rf'action="{address}/([a-z-]+)"', page.text):
            sent.add(place)
            form = next(one for one in forms if one["action"] == f"{address}/{place}")
            typed = {name: f"typed into {name}" for name in form["typed"]}
            data = {**Form(page, f"/{place}").filled(version="99"), **typed}
            overtaken = desk.post(f"{address}/{place}", data=data, headers=ORIGIN)
            assert overtaken.status_code == 412, (act, place)
            assert {name for name, one in typed.items() if one not in overtaken.text} == set(), (act, place)
        assert do(desk, request, act, **said).status_code == 303, act
    expected = "identity proof question reply extension submission return start completion refusal withdrawal joining"
    assert sent >= set(expected.split()), sent


def test_an_erasure_that_needs_two_is_put_before_another(desks, received):
    desk, request = desks("officer"), received(RequestKind.ERASURE, checked="Passport seen")
    page = desk.get(f"/console/requests/{request}").text
    assert "A second person has to approve this" in page
    assert do(desk, request, "submission", reason="As the letter says").status_code == 303
    page = desk.get(f"/console/requests/{request}").text
    assert "Open the proposal" in page or "Nothing for you to do now" in page or "being carried out" in page


def test_a_code_read_out_proves_who_asks_and_a_wrong_one_counts_as_a_try(desks, received, door):
    desk, request = desks("officer"), received(RequestKind.ACCESS, customer=None, contact_kind="email", contact=EMAIL)
    assert "not proved yet" in desk.get(f"/console/requests/{request}").text
    sent = do(desk, request, "code")
    assert sent.status_code == 200
    assert "A code is on its way" in sent.text

    code = last_code(door, EMAIL)
    path = f"/console/requests/{request}/code-proof"
    wrong = desk.post(path, data=Form(sent, "/code-proof").filled(typed="0000 000x"), headers=ORIGIN)
    assert wrong.status_code == 200
    assert "This code is wrong, spent or too old." in wrong.text
    right = desk.post(path, data=Form(wrong, "/code-proof").filled(typed=code), headers=ORIGIN)
    assert right.status_code == 303
    shown = desk.get(right.location).text
    assert "not proved yet" not in shown
    again = desk.post(path, data=Form(wrong, "/code-proof").filled(typed=code), headers=ORIGIN)
    assert again.status_code == 412
    assert desks("auditor").post(
        path, data=Form(wrong, "/code-proof").filled(typed=code), headers=ORIGIN
    ).status_code in (
        403,
        404,
        409,
    )


def test_notes_about_others_are_redacted_or_released_before_a_package_goes_out(desks, door):
    with open_work(service_of(door).database, OPERATOR) as work:
        one = packaging.buyer(work, contacts=(email(f"{uuid4()}@example.org"),))
        for note in ("Пришла с Натальей", "Писать на natasha@example.org <b>&"):
            customers.record_interaction(work, subject=one, interaction=interaction(note=note))
        made = rights.receive(
            work,
            new=NewRequest(kind=RequestKind.ACCESS, arrival=Arrival.LETTER, customer=one, checked="Passport seen"),
        ).request
        rights.start(work, request=made.id)
        [package] = packages.packages_for(work, request=made.id)
        making.make_now(work, package=package.id)
    desk, path = desks("officer"), f"/console/requests/{made.id}"
    page = desk.get(path)
    assert page.text.count("A note that may be about others") >= 2
    assert "natasha@example.org &lt;b&gt;&amp;" in page.text

    flags = re.findall(rf'action="({path}/packages/[^"]+/flags/[^"]+)"', page.text)
    assert len(flags) == 2
    redacted = Form(page, flags[0]).filled(decision="redact", instead="Пришла не одна")
    assert desk.post(flags[0], data=redacted, headers=ORIGIN).status_code == 303
    twice = desk.post(flags[0], data=redacted, headers=ORIGIN)
    assert twice.status_code in (303, 409)
    page = desk.get(path)
    assert len(re.findall(rf'action="({path}/packages/[^"]+/flags/[^"]+)"', page.text)) == 1
    released = Form(page, flags[1]).filled(decision="release", instead="of no use")
    assert desk.post(flags[1], data=released, headers=ORIGIN).status_code == 303
    with open_work(service_of(door).database, OPERATOR) as work:
        [package] = packages.packages_for(work, request=made.id)
        assert package.state is PackageState.MAKING
        said = packaging.document(packaging.archive(work, packaging.made(work, package.id)))["sections"]["interactions"]
    assert "Пришла не одна" in {row["note"] for row in said}
    assert "of no use" not in {row["note"] for row in said}
    assert desks("support").post(flags[0], data=redacted, headers=ORIGIN).status_code in (403, 404)


def test_whoever_decides_over_a_disputed_erasure_is_led_to_the_request(desks, door, received, stranger):
    request = received(customer=stranger, checked="Passport seen")
    with open_work(service_of(door).database, OPERATOR) as work:
        proposal = rights.submit(work, request=request, reason="Please look").proposal
    shown = desks("officer").get(f"/console/proposals/{proposal}")
    assert f'href="/console/requests/{request}"' in shown.text
