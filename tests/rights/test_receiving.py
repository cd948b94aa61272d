"""Requests as they come: dated, timed, told, joined, and never dropped."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from governance.audit.actions import Action
from governance.customers import operations as customers
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError, InvalidError, NotFoundError, TooManyError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.deadline_rules import Duty, RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.rights.codes import About, Arrival, Asking, Outcome
from governance.rights.tables import RequestEventRow, RequestRow
from tests.conftest import NOW
from tests.factories.actors import by, client, staff
from tests.factories.requesting import ADDRESS, controller, person, request, sent
from tests.factories.staging import played, stage_of
from tests.factories.trail import entries

stage = stage_of(controller)


work = played()


def test_a_request_is_dated_timed_and_acknowledged_in_the_language_of_the_person(work: Work):
    made = request(by(work, staff("officer")), received_on=date(2026, 10, 31), language="uk", said="Що ви маєте?")
    seen = made.request

    assert (seen.state, seen.received_on, seen.due_on) == (
        RequestState.RECEIVED,
        date(2026, 10, 31),
        date(2026, 11, 30),
    )
    (duty,) = seen.duties
    assert (duty.law, duty.duty, duty.calendar, duty.verified) == ("gdpr", Duty.ANSWER, "DE", True)
    assert "received Sat 31 Oct 2026 -> one month -> Mon 30 Nov 2026" in duty.trace
    ((template, recipient, values),) = sent(work)
    assert (template, recipient, values["number"]) == ("request_received", ADDRESS, seen.number)
    assert (values["what"], values["due"]) == ("надання ваших даних", "30.11.2026")
    assert entries(work, Action.REQUEST_RECEIVED)[0].facts["due_on"] == "2026-11-30"


def test_the_laws_of_controller_and_person_apply_and_the_earliest_rules(work: Work):
    seen = request(work, country="RU").request

    assert [one.law for one in seen.duties if one.duty is Duty.ANSWER] == ["ru_152fz", "gdpr"]
    assert {one.law: one.calendar for one in seen.duties} == {"ru_152fz": "RU", "gdpr": "DE"}
    assert seen.due_on == seen.duties[0].due_on
    assert seen.due_on < seen.duties[-1].due_on


def test_a_kind_that_a_law_does_not_know_borrows_the_time_for_access_and_says_so(work: Work):
    controller(work, country="US", zone="America/Los_Angeles", laws=("ccpa",))
    (duty,) = request(work, RequestKind.WITHDRAWAL).request.duties

    assert (duty.borrowed, duty.verified) == (True, False)
    assert "access" in duty.note


def test_terms_stay_those_of_the_receipt_when_law_and_calendar_change(work: Work):
    made = request(work, received_on=date(2026, 11, 2))
    row = work.session.get_one(RequestRow, made.request.id)
    before = dict(row.terms["gdpr"])
    controller(work, country="UA")
    later = rights.extend(work, request=made.request.id, reason="Viele Daten")

    assert later.due_on == date(2027, 2, 2)
    assert later.first_due_on == date(2026, 12, 2)
    assert work.session.get_one(RequestRow, made.request.id).terms["gdpr"] == before
    assert {one.law for one in later.duties} == {"gdpr"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"received_on": date(2026, 11, 23)}, "received_on"),
        ({"received_on": date(2020, 1, 1)}, "received_on"),
        ({"contact": "nobody"}, "contact"),
        ({"contact": None, "contact_kind": None}, "contact"),
        ({"contact": None}, "contact"),
        ({"about": About.LIFT}, "about"),
        ({"asking": Asking.AGENT}, "asker"),
        ({"country": "Narnia"}, "country"),
        ({"changes": {"city": "Львів"}}, "changes"),
        ({"kind": RequestKind.RECTIFICATION}, "changes"),
        ({"kind": RequestKind.RECTIFICATION, "changes": {"birth_date": "31.12.1982"}}, "changes.birth_date"),
        ({"kind": RequestKind.RECTIFICATION, "changes": {"ground": "consent"}}, "changes.ground"),
        ({"said": " "}, "said"),
    ],
)
def test_what_cannot_be_meant_is_sent_back_by_field(work: Work, said: dict[str, object], field: str):
    with pytest.raises(InvalidError) as refused:
        request(work, **said)  # type: ignore[arg-type]  # tests say what they need
    assert field in refused.value.errors
    assert ADDRESS not in str(refused.value.errors)


def test_only_those_may_enter_and_read_requests_who_are_granted_it(work: Work):
    with pytest.raises(ForbiddenError):
        request(by(work, staff("marketer")))
    made = request(by(work, client(Permission.REQUESTS_RECEIVE)), arrival=Arrival.API)
    with pytest.raises(ForbiddenError):
        rights.find(by(work, client(Permission.REQUESTS_RECEIVE)), request=made.request.id)
    with pytest.raises(ForbiddenError):
        request(by(work, client(Permission.REQUESTS_RECEIVE)), customer=person(work).id, checked="seen")


def test_an_unproved_request_does_not_tell_whether_the_person_is_known(work: Work):
    asking = by(work, client(Permission.REQUESTS_RECEIVE, Permission.REQUESTS_READ))
    person(work)
    known = request(asking, arrival=Arrival.API).request
    unknown = request(asking, arrival=Arrival.API, contact="nobody@example.org").request

    assert known.state is unknown.state is RequestState.IDENTITY_CHECK
    assert (known.customer, known.flags, known.acts) == (unknown.customer, unknown.flags, unknown.acts)
    assert [template for template, _, _ in sent(work)] == ["request_received", "request_identity"] * 2


def test_a_customer_who_is_unknown_or_out_of_reach_cannot_be_named(work: Work):
    with pytest.raises(NotFoundError):
        request(work, customer=SubjectId(uuid7()))


def test_a_thousand_requests_from_one_address_make_one_file_that_counts_them(work: Work):
    first = request(work, said="Löscht mich")
    made = [request(work, said=f"Noch einmal {number}") for number in range(60)]

    assert {one.request.id for one in made} == {first.request.id}
    assert all(one.joined for one in made)
    assert made[-1].request.repeats == 60
    assert work.session.scalar(select(func.count()).select_from(RequestRow)) == 1
    lines = work.session.scalar(select(func.count()).select_from(RequestEventRow))
    assert lines is not None
    assert lines < 30
    assert len(sent(work)) == 1


def test_different_requests_of_one_contact_stand_side_by_side_up_to_a_limit(work: Work):
    made = [request(work, RequestKind.RECTIFICATION, changes={"city": f"Stadt {number}"}) for number in range(20)]
    assert len({one.request.id for one in made}) == 20
    with pytest.raises(TooManyError):
        request(work, RequestKind.RECTIFICATION, changes={"city": "Noch eine"})
    assert not request(work, contact="other@example.org").joined


def test_a_request_that_has_ended_takes_no_new_one_in(work: Work):
    first = request(work)
    rights.withdraw(work, request=first.request.id)
    assert not request(work).joined


def test_the_number_is_found_and_the_queue_shows_first_what_is_due_first(work: Work):
    late = request(work, received_on=date(2026, 11, 20)).request
    early = request(work, RequestKind.PORTABILITY, received_on=date(2026, 11, 2)).request

    assert [one.id for one in rights.queue(work)] == [early.id, late.id]
    assert rights.find_by_number(work, number=late.number.lower()).id == late.id
    after = rights.QueueAfter(early.due_on, early.id)
    assert [one.id for one in rights.queue(work, after=after)] == [late.id]
    assert [one.id for one in rights.queue(work, kinds=[RequestKind.ACCESS])] == [late.id]
    assert [one.id for one in rights.queue(work, due_before=late.due_on)] == [early.id]
    assert rights.queue(work, states=[RequestState.COMPLETED]) == []


def test_words_of_a_request_are_masked_for_whoever_may_not_see_them(work: Work):
    made = request(work, said="Ich bin krank").request
    assert rights.find(by(work, staff("officer")), request=made.id).said == "Ich bin krank"
    shown = rights.find(by(work, staff("auditor")), request=made.id)
    assert (shown.said, shown.contact == ADDRESS) != ("Ich bin krank", True)
    assert shown.said in (None, "•••")


def test_the_call_stops_advertising_files_the_request_and_sends_a_code_at_once(work: Work):
    irina = person(work)
    officer = by(work, staff("officer"))
    called = rights.call(officer, contact_kind="email", contact=ADDRESS.upper(), per_hour=100, note="Löscht alles")

    assert [one.id for one in called.people] == [irina.id]
    assert called.received.stopped
    assert called.received.request.kind is RequestKind.ERASURE
    mails = sent(work)
    assert [template for template, _, _ in mails] == ["request_received", "spoken_code"]
    code = str(mails[1][2]["code"])
    assert called.code is not None
    proven = rights.prove_by_code(officer, request=called.received.request.id, code_id=called.code, typed=code)
    assert proven is not None
    assert (proven.proof, proven.customer) == ("code", irina.id)


def test_a_wrong_code_proves_nothing_and_one_for_nobody_is_answered_by_nothing_held(work: Work):
    called = rights.call(work, contact_kind="email", contact="nobody@example.org", per_hour=100)
    code = str(sent(work)[1][2]["code"])
    assert called.code is not None
    request_id = called.received.request.id
    assert rights.prove_by_code(work, request=request_id, code_id=called.code, typed="1") is None
    ended = rights.prove_by_code(work, request=request_id, code_id=called.code, typed=code)
    assert ended is not None
    assert (ended.state, ended.outcome) == (RequestState.COMPLETED, Outcome.NOTHING_HELD)
    assert [template for template, _, _ in sent(work)] == ["request_nothing_held"]


def test_what_a_representative_asks_for_is_not_joined_to_what_the_person_asked_for(work: Work):
    made = request(work)
    assert not request(work, asking=Asking.REPRESENTATIVE, asker="RA Müller").joined
    assert request(work).request.id == made.request.id


def test_of_a_contact_that_somebody_holds_nobody_is_told_that_nothing_is_held(work: Work):
    person(work)
    made = request(work).request
    with pytest.raises(InvalidError):
        rights.find_nothing(work, request=made.id)


def test_the_code_of_another_contact_proves_nothing(work: Work):
    called = rights.call(work, contact_kind="email", contact=ADDRESS, per_hour=100)
    other = rights.call(work, contact_kind="email", contact="other@example.org", per_hour=100)
    [code] = [str(values["code"]) for template, to, values in sent(work) if (template, to) == ("spoken_code", ADDRESS)]
    assert called.code is not None
    assert rights.prove_by_code(work, request=other.received.request.id, code_id=called.code, typed=code) is None


def test_a_contact_of_two_people_does_not_tell_who_asks(work: Work):
    irina, petro = person(work), person(work, given_name="Петро")
    called = rights.call(work, contact_kind="email", contact=ADDRESS, per_hour=100)
    code = str(sent(work)[1][2]["code"])
    assert called.code is not None
    request_id = called.received.request.id
    with pytest.raises(InvalidError), work.session.begin_nested():
        rights.prove_by_code(work, request=request_id, code_id=called.code, typed=code)
    proven = rights.prove_by_code(work, request=request_id, code_id=called.code, typed=code, customer=petro.id)
    assert proven is not None
    assert (proven.customer, irina.id != petro.id) == (petro.id, True)


def test_a_person_without_a_contact_for_messages_is_told_by_hand(work: Work):
    irina = customers.create(work, fields={"family_name": "Воробьева"})
    made = request(work, contact=None, contact_kind=None, customer=irina.id, checked="Passport at the desk").request
    notice = made.notices[0]

    assert (notice.carrier, notice.message, notice.told_at) == ("hand", None, None)
    assert made.number in rights.notice_text(work, request=made.id, notice=notice.id)
    rights.note_told(work, request=made.id, notice=notice.id)
    assert rights.find(work, request=made.id).notices[0].told_at == NOW


def test_a_day_that_has_begun_here_but_not_in_utc_is_today(work: Work):

    late = replace(work, now=NOW + timedelta(hours=11, minutes=30))
    assert request(late).request.received_on == date(2026, 11, 23)


def test_an_earlier_letter_that_is_entered_later_brings_the_day_forward(work: Work):
    first = request(work, received_on=date(2026, 11, 20)).request
    second = request(work, received_on=date(2026, 11, 2))

    assert (second.joined, second.request.id) == (True, first.id)
    assert (second.request.received_on, second.request.due_on) == (date(2026, 11, 2), date(2026, 12, 2))
    assert request(work).request.due_on == date(2026, 12, 2)


def test_a_request_waits_for_one_of_the_same_contact_that_is_being_put_on_record(fresh_database: Database) -> None:
    with open_work(fresh_database, SYSTEM) as work:
        controller(work)
    with open_work(fresh_database, SYSTEM) as first:
        request(first)
        with open_work(fresh_database, SYSTEM) as second:
            second.session.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"), second.session.begin_nested():
                request(second)
