"""Erasure and packages for requests, from the proof to the answer, by the parts that do it in production."""

import pytest

from governance import executors
from governance.accounts import operations as accounts
from governance.customers import operations as customers
from governance.customers.contact_values import ContactSaid
from governance.customers.operations import PersonView
from governance.erasure import operations as erasure
from governance.erasure.operations import ErasureId
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError
from governance.kernel.settings import PUBLIC_BASE
from governance.kernel.work import Actor, Work
from governance.messages.texts import Template, render
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import Outcome
from governance.rights.packages import making
from governance.rights.packages.operations import PackageId
from governance.rights.records import RequestView
from governance.rights.tables import RequestRow
from tests.factories.actors import by
from tests.factories.erasing import through
from tests.factories.requesting import ADDRESS, controller, person, request, sent
from tests.factories.signing import enrol
from tests.factories.staging import played, stage_of


@pytest.fixture(scope="module", autouse=True)
def installed(shared_database: Database) -> None:
    """Requests and proposals are carried out."""
    executors.install(shared_database)


stage = stage_of(controller)


work = played()


def by_code(work: Work, irina: PersonView, kind: RequestKind) -> RequestView:
    called = rights.call(work, contact_kind="email", contact=ADDRESS, per_hour=100, kind=kind)
    code = next(str(values["code"]) for template, _, values in sent(work) if template == "spoken_code")
    assert called.code is not None
    seen = rights.prove_by_code(work, request=called.received.request.id, code_id=called.code, typed=code)
    assert seen is not None
    assert seen.customer == irina.id
    return seen


def test_an_erasure_proved_by_code_goes_by_itself_and_names_nobody_in_the_end(work: Work):
    irina = person(work)
    older = request(work, RequestKind.COMPLAINT, customer=irina.id, checked="seen").request
    rights.withdraw(work, request=older.id)
    seen = by_code(work, irina, RequestKind.ERASURE)

    assert (seen.state, seen.needs_approval) == (RequestState.IN_PROGRESS, ())
    assert seen.carried_as is not None
    assert rights.follow_up(work) == 0
    through(work, ErasureId(seen.carried_as))
    assert rights.follow_up(work) == 1
    done = rights.find(work, request=seen.id)
    assert (done.outcome, done.customer, done.contact) == (Outcome.DONE, None, None)
    assert [(template, recipient) for template, recipient, _ in sent(work)][-1:] == [("request_completed", ADDRESS)]
    assert rights.forget_erased(work) == 1
    row = work.session.get_one(RequestRow, older.id, populate_existing=True)
    assert (row.person_id, row.subject_ref, row.contact) == (None, None, None)
    assert rights.forget_erased(work) == 0
    assert [one.act for one in rights.find(work, request=older.id).events] == ["receive", "prove", "withdraw"]


def test_the_mail_that_ends_a_request_for_access_says_where_the_data_are_had(work: Work):
    said = {"en": "Your data lie ready for two weeks", "ru": "Ваши данные", "uk": "Ваші дані"}
    irina = person(work)
    for language, words in said.items():
        for base in ("https://privacy.daisy.example", None):
            work.session.info[PUBLIC_BASE] = base
            made = request(work, customer=irina.id, checked="Ausweis", language=language).request
            carried = rights.start(work, request=made.id).carried_as
            assert carried is not None
            making.make_now(work, package=PackageId(carried))
            assert rights.follow_up_on(work, carried=carried) == 1
            template, _, values = sent(work)[-1]
            mail = render(Template(template), language, values)  # type: ignore[arg-type]  # as the outbox keeps them
            assert words in mail.text, language
            assert ("\n\nhttps://privacy.daisy.example/my/requests\n\n" in mail.text) is (base is not None), language
            assert made.number in mail.text, language


def test_the_mail_that_ends_an_erasure_names_its_certificate_in_the_words_of_the_person(work: Work):
    work.session.info[PUBLIC_BASE] = "https://privacy.daisy.example"
    said = {
        "en": "What was deleted, and what a law makes us keep and until when, stands in a certificate.",
        "ru": "Что удалено и что мы обязаны хранить по закону и до какого дня, указано в сертификате об удалении.",
        "uk": "Що видалено, а що ми зобов’язані зберігати за законом і до якого дня, зазначено в сертифікаті",
    }
    for language, words in said.items():
        irina = person(work, address=f"irina.{language}@example.org")
        contact = {"contact": f"irina.{language}@example.org", "language": language}
        made = request(work, RequestKind.ERASURE, customer=irina.id, checked="Ausweis", **contact).request
        carried = rights.find(work, request=rights.submit(work, request=made.id, reason="Kein Code").id).carried_as
        assert carried is not None
        through(work, ErasureId(carried))
        rights.follow_up(work)
        template, recipient, values = sent(work)[-1]
        assert (template, recipient) == ("request_completed", contact["contact"])
        mail = render(Template(template), language, values)  # type: ignore[arg-type]  # as the outbox keeps them
        assert f"{words} " in mail.text, language
        assert "\n\nhttps://privacy.daisy.example/certificate\n\n" in mail.text, language
        assert f" {made.number}:\n\nhttps" in mail.text, language
        assert '<a href="https://privacy.daisy.example/certificate"' in mail.html, language
    request(work, RequestKind.WITHDRAWAL, customer=person(work).id, checked="Ausweis")
    template, _, values = sent(work)[-1]
    assert (template, values["certificate_at"]) == ("request_completed", "")
    assert "certificate" not in render(Template.REQUEST_COMPLETED, "en", values).text  # type: ignore[arg-type]  # as above


def test_a_request_about_whoever_was_erased_finds_nothing(work: Work):
    irina = person(work)
    seen = by_code(work, irina, RequestKind.ERASURE)
    assert seen.carried_as is not None
    through(work, ErasureId(seen.carried_as))
    rights.follow_up(work)
    again = request(work, RequestKind.ACCESS).request
    assert rights.find_nothing(work, request=again.id).outcome is Outcome.NOTHING_HELD


def officer_of(work: Work) -> Actor:
    return accounts.staff_actor(work, staff=enrol(work, "officer").id)


def test_an_erasure_on_an_officers_word_is_put_before_a_second_person(work: Work):
    irina = person(work)
    officer, other = by(work, officer_of(work)), by(work, officer_of(work))
    made = request(officer, RequestKind.ERASURE, customer=irina.id, checked="Ausweis").request
    assert made.needs_approval == ("not_by_code",)
    waiting = rights.submit(officer, request=made.id, reason="Kein Code möglich")
    assert waiting.state is RequestState.AWAITING_APPROVAL
    assert waiting.proposal is not None
    with pytest.raises(ConflictError):
        rights.approve(other, request=made.id)
    proposal = accounts.find_proposal(other, proposal=accounts.ProposalId(waiting.proposal))
    accounts.approve(other, proposal=proposal.id, digest=proposal.digest)
    assert accounts.execute(work, proposal=proposal.id)
    assert rights.find(work, request=made.id).state is RequestState.IN_PROGRESS


def test_an_erasure_that_a_second_person_refuses_comes_back(work: Work):
    irina = person(work)
    officer, other = by(work, officer_of(work)), by(work, officer_of(work))
    made = request(officer, RequestKind.ERASURE, customer=irina.id, checked="Ausweis").request
    waiting = rights.submit(officer, request=made.id, reason="Kein Code möglich")
    assert waiting.proposal is not None
    accounts.refuse(other, proposal=accounts.ProposalId(waiting.proposal), reason="Erst anrufen")
    assert rights.follow_up(work) == 1
    back = rights.find(work, request=made.id)
    assert (back.state, back.proposal) == (RequestState.OPEN, None)
    assert rights.submit(officer, request=made.id, reason="Jetzt angerufen").state is RequestState.AWAITING_APPROVAL


def test_the_address_for_the_answer_outlives_the_erasure_that_it_tells_of(work: Work):
    irina = customers.create(
        work, fields={"family_name": "Рябова"}, contacts=[ContactSaid(kind="email", value="ryabova@example.org")]
    )
    officer = by(work, officer_of(work))  # alone, so what is submitted is done at once
    made = request(
        officer, RequestKind.ERASURE, customer=irina.id, checked="Ausweis", contact=None, contact_kind=None
    ).request
    seen = rights.submit(officer, request=made.id, reason="Kein Code")
    carried = rights.find(work, request=seen.id).carried_as
    assert carried is not None
    through(work, ErasureId(carried))
    assert erasure.state_of(work, erasure=carried) is not None
    rights.follow_up(work)
    assert sent(work)[-1][:2] == ("request_completed", "ryabova@example.org")


def test_access_and_portability_order_a_package(work: Work):
    irina = person(work)
    for kind in (RequestKind.ACCESS, RequestKind.PORTABILITY):
        seen = by_code(work, irina, kind)
        assert seen.state is RequestState.IN_PROGRESS
        assert seen.carried_as is not None
