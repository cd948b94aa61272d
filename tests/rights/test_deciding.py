"""Requests as they are decided: by the table of states, with every act told, and carried out where they may be."""

from datetime import date, timedelta

import pytest

from governance.accounts import operations as accounts
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.consent import operations as consent
from governance.consent.operations import Asked
from governance.customers import operations as customers
from governance.customers.codes import LinkKind, RestrictionReason
from governance.customers.operations import PersonView
from governance.kernel.errors import ConflictError, ForbiddenError, InvalidError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.consent_state import EventKind
from governance.policies.deadline_rules import Duty, RequestKind
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.policies.requests import TRANSITIONS, RequestAct, RequestState, acts_in
from governance.rights import operations as rights
from governance.rights.acting import _ACTIONS, step
from governance.rights.carriers import _INFO, Carrier
from governance.rights.codes import About, Arrival, Asking, Outcome, Proof, RefusalGround, Reminder
from governance.rights.errors import ApprovalNeededError, NotExcessiveError, NotProvenError, WrongActError
from governance.rights.records import RequestId
from governance.rights.tables import RequestRow
from governance.rights.tending import how_late
from tests.conftest import NOW
from tests.factories.actors import by, client, staff
from tests.factories.requesting import ADDRESS, controller, on, person, request, sent
from tests.factories.saying import notice, said
from tests.factories.staging import played, stage_of
from tests.factories.trail import entries

WORDS = "Ausweis am Schalter gesehen"


stage = stage_of(controller)


work = played("irina")


def proven(work: Work, irina: PersonView, kind: RequestKind = RequestKind.ACCESS, **said: object) -> RequestId:
    return RequestId(request(work, kind, customer=irina.id, checked=WORDS, **said).request.id)  # type: ignore[arg-type]


def test_a_request_moves_by_the_table_and_by_no_other_way(work: Work):
    row = work.session.get_one(RequestRow, request(work).request.id)
    for state in RequestState:
        for act in RequestAct:
            row.state = state.value
            row.closed_at = NOW if not TRANSITIONS[state] else None
            work.session.flush()
            following = TRANSITIONS[state].get(act)
            if following is None:
                with pytest.raises(WrongActError):
                    step(work, row, act)
                assert row.state == state.value, (state, act)
            else:
                step(work, row, act)
                assert row.state == following.value, (state, act)
                assert (row.closed_at is not None) == (not TRANSITIONS[following]), (state, act)


def test_every_act_is_in_the_history_and_in_the_log_with_who_when_and_why(work: Work, irina: PersonView):
    officer = staff("officer")
    mine = by(work, officer)
    made = proven(mine, irina)
    rights.ask(mine, request=made, question="Welches Konto?")
    rights.reply(mine, request=made, words="Das alte")
    seen = rights.refuse(mine, request=made, ground=RefusalGround.RIGHTS_OF_OTHERS, reason="Konto eines anderen")

    assert [one.act for one in seen.events] == ["receive", "prove", "ask", "reply", "refuse"]
    assert {one.actor_id for one in seen.events} == {officer.id}
    assert [one.reason for one in seen.events] == [None, None, "Welches Konto?", "Das alte", "Konto eines anderen"]
    assert (seen.outcome, seen.ground, seen.acts) == (Outcome.REFUSED, RefusalGround.RIGHTS_OF_OTHERS, ())
    refused = entries(work, Action.REQUEST_REFUSED)[0]
    assert refused.facts["ground"] == "rights_of_others"
    templates = [template for template, _, _ in sent(work)]
    assert templates == ["request_received", "request_question", "request_refused"]


def test_each_step_of_the_table_and_each_reminder_is_told_with_who_when_and_why(work: Work, irina: PersonView):
    officer = staff("officer")
    mine = by(on(work, date(2026, 11, 23)), officer)
    row = work.session.get_one(RequestRow, proven(work, irina))
    for state, following in TRANSITIONS.items():
        for act, reached in following.items():
            row.state, row.closed_at = state.value, None
            step(mine, row, act, reason=f"Wegen {act.value}")
            last = rights.find(work, request=RequestId(row.id)).events[-1]
            assert (last.act, last.state, last.actor_id, last.at, last.reason) == (
                *(act.value, reached, officer.id, mine.now, f"Wegen {act.value}"),
            )
            told = entries(work, _ACTIONS[act])[-1]
            assert (told.actor_id, told.at, told.subject, told.facts["state"]) == (
                *(officer.id, mine.now, irina.ref, reached.value),
            ), act
            assert told.object == ObjectRef("request", row.id)
            assert set(told.personal) == {"reason"}, act
    reminded = proven(work, irina, RequestKind.PORTABILITY, received_on=date(2026, 11, 2))
    late = on(work, date(2026, 12, 3))
    assert rights.remind(late) == 1
    last = rights.find(work, request=reminded).events[-1]
    assert (last.act, last.at, last.actor_id) == ("remind", late.now, None)
    [told] = entries(work, Action.REQUEST_REMINDED)
    assert (told.at, told.object, told.facts["reminder"]) == (late.now, ObjectRef("request", reminded), "overdue")


def test_while_the_clock_stands_still_nobody_is_reminded_of_a_day_that_moves(work: Work, irina: PersonView):
    controller(work, country="GB")
    made = proven(work, irina, received_on=date(2026, 11, 2))
    due = rights.ask(on(work, date(2026, 11, 3)), request=made, question="?", until=date(2027, 1, 29)).due_on
    assert rights.remind(on(work, due + timedelta(days=1))) == 0
    assert rights.find(work, request=made).due_on > due + timedelta(days=1)


def test_an_extension_counts_once_and_only_if_told_in_time(work: Work, irina: PersonView):
    made = proven(work, irina, received_on=date(2026, 11, 2))
    last_day = on(work, date(2026, 12, 2))
    extended = rights.extend(last_day, request=made, reason="Drei Archive")

    assert (extended.due_on, extended.extended_on) == (date(2027, 2, 2), date(2026, 12, 2))
    assert sent(last_day)[-1][2]["due"] == "2 Feb 2027"
    with pytest.raises(ConflictError):
        rights.extend(last_day, request=made, reason="Noch mehr")
    late = proven(work, irina, RequestKind.PORTABILITY, received_on=date(2026, 11, 2))
    with pytest.raises(ConflictError):
        rights.extend(on(work, date(2026, 12, 3)), request=late, reason="Zu spät")


def test_the_day_of_a_request_is_that_of_its_answer_though_something_else_is_due_before(work: Work, irina: PersonView):
    view = rights.find(work, request=proven(work, irina, RequestKind.OBJECTION, about=About.PROCESSING))
    days = {one.duty: one.due_on for one in view.duties}
    assert view.due_on == days[Duty.ANSWER] > min(days.values())


def test_nobody_is_asked_to_answer_by_a_day_that_is_over(work: Work, irina: PersonView):
    made = proven(work, irina)
    with pytest.raises(InvalidError):
        rights.ask(work, request=made, question="?", until=NOW.date() - timedelta(days=1))
    assert rights.ask(work, request=made, question="?", until=NOW.date()).state is RequestState.AWAITING_REQUESTER


def test_waiting_stops_the_clock_only_where_the_law_says_so(work: Work, irina: PersonView):
    here = proven(work, irina, received_on=date(2026, 11, 22))
    rights.ask(work, request=here, question="?")
    later = on(work, date(2026, 12, 1))
    assert rights.reply(later, request=here, words="!").due_on == date(2026, 12, 22)
    rights.withdraw(later, request=here)
    controller(work, country="GB")
    there = proven(work, irina, received_on=date(2026, 11, 22))
    before = rights.ask(work, request=there, question="?").due_on
    assert rights.reply(later, request=there, words="!").due_on >= before + timedelta(days=9)


def test_a_person_is_waited_for_no_longer_than_the_answer_can_still_be_given_in_time(work: Work, irina: PersonView):
    made = proven(work, irina, received_on=date(2026, 11, 3))
    seen = rights.ask(work, request=made, question="?")
    assert seen.due_on == date(2026, 12, 3)
    assert seen.waiting_until == date(2026, 11, 29)
    unproved = request(work, RequestKind.ERASURE, received_on=date(2026, 11, 3), arrival=Arrival.EMAIL).request
    assert unproved.waiting_until == date(2026, 12, 2)
    assert rights.expire(on(work, date(2026, 12, 2))) == 1  # the question, not the proof
    assert rights.expire(on(work, date(2026, 12, 3))) == 1
    ended = rights.find(work, request=unproved.id)
    assert (ended.state, ended.outcome) == (RequestState.EXPIRED, Outcome.EXPIRED)
    assert sent(on(work, date(2026, 12, 3)))[-1][0] == "request_expired"


def test_nothing_is_done_to_a_request_without_the_permission(work: Work):
    nobody, one, other = by(work, client(Permission.REQUESTS_READ)), RequestId(uuid7()), RequestId(uuid7())
    for act in (
        lambda: rights.ask(nobody, request=one, question="x"),
        lambda: rights.reply(nobody, request=one, words="x"),
        lambda: rights.extend(nobody, request=one, reason="x"),
        lambda: rights.start(nobody, request=one),
        lambda: rights.complete(nobody, request=one),
        lambda: rights.refuse(nobody, request=one, ground=RefusalGround.UNFOUNDED, reason="x"),
        lambda: rights.join(nobody, request=one, into=other),
        lambda: rights.withdraw(nobody, request=one),
        lambda: rights.submit(nobody, request=one, reason="x"),
        lambda: rights.approve(nobody, request=one),
        lambda: rights.send_back(nobody, request=one, reason="x"),
        lambda: rights.prove(nobody, request=one, customer=SubjectId(one), checked="x"),
        lambda: rights.find_nothing(nobody, request=one),
        lambda: rights.confirm_contact(nobody, request=one, reason="x"),
    ):
        with pytest.raises(ForbiddenError):
            act()


def test_whoever_proved_who_they_are_is_owed_an_answer_though_they_leave_a_question_open(work: Work, irina: PersonView):
    made = proven(work, irina, received_on=date(2026, 11, 3))
    rights.ask(work, request=made, question="?")
    late = on(work, date(2026, 11, 30))
    assert rights.remind(late) == 1
    told = len(sent(late))
    assert (rights.expire(late), rights.expire(late)) == (1, 0)

    seen = rights.find(work, request=made)
    assert (seen.state, seen.outcome, seen.due_on) == (RequestState.OPEN, None, date(2026, 12, 3))
    assert (seen.events[-1].act, seen.waiting_until) == ("resume", None)
    assert (len(sent(late)), told > 0) == (0, True)
    assert rights.remind(late) == 1  # anew, since it waits for the officers again
    assert rights.refuse(late, request=made, ground=RefusalGround.LEGAL_CLAIMS, reason="x").outcome is Outcome.REFUSED


def test_a_refusal_as_excessive_needs_something_on_record(work: Work, irina: PersonView):
    first = proven(work, irina)
    with pytest.raises(NotExcessiveError):
        rights.refuse(work, request=first, ground=RefusalGround.EXCESSIVE, reason="x")
    rights.refuse(work, request=first, ground=RefusalGround.UNFOUNDED, reason="x")
    again = proven(work, irina)
    assert rights.find(work, request=again).earlier == 1
    seen = rights.refuse(work, request=again, ground=RefusalGround.EXCESSIVE, reason="Schon beantwortet")
    assert seen.ground is RefusalGround.EXCESSIVE
    with pytest.raises(ForbiddenError):
        rights.refuse(by(work, staff("steward")), request=again, ground=RefusalGround.EXCESSIVE, reason="x")


def test_an_objection_to_advertising_works_at_once_and_without_an_officer(work: Work, irina: PersonView):
    asked = Asked(purpose="own_offers", channel=Channel.EMAIL)
    system = by(work, client(Permission.REQUESTS_RECEIVE, Permission.REQUESTS_READ))
    made = request(system, RequestKind.OBJECTION, arrival=Arrival.API)

    assert made.stopped
    assert (made.request.state, made.request.proof) == (RequestState.COMPLETED, Proof.NOT_NEEDED)
    verdict = consent.check(work, question=asked, contacts=[ADDRESS]).verdicts[0]
    assert (verdict.allowed, verdict.reason) == (False, "suppressed")
    assert made.request.customer is None


def test_an_objection_of_a_proved_person_covers_every_contact_and_channel(work: Work, irina: PersonView):
    seen = rights.find(work, request=proven(work, irina, RequestKind.OBJECTION))
    assert seen.state is RequestState.COMPLETED
    states = consent.states_of(work, subject=irina.id).items
    assert {(one.purpose, one.channel) for one in states} >= {("own_offers", "email"), ("own_offers", "sms")}
    assert {one.state.standing for one in states} == {"objected"}


def test_an_objection_to_processing_restricts_until_it_is_decided(work: Work, irina: PersonView):
    made = proven(work, irina, RequestKind.OBJECTION, about=About.PROCESSING)
    assert rights.find(work, request=made).flags == ("restricted",)
    (mark,) = customers.marks(work, subject=irina.id).restrictions
    assert mark.reason == RestrictionReason.OBJECTION_PENDING
    rights.refuse(work, request=made, ground=RefusalGround.COMPELLING_GROUNDS, reason="Betrug")
    told = sent(work)[-1]
    assert (told[0], told[2]["until"]) == ("request_lifting", "25 Nov 2026")
    assert rights.lift_due(on(work, date(2026, 11, 24))) == 0
    assert rights.lift_due(on(work, date(2026, 11, 25))) == 1
    assert customers.marks(work, subject=irina.id).restrictions[0].lifted_at is not None


def test_an_objection_that_is_upheld_ends_what_rests_on_legitimate_interest_by_itself(work: Work, irina: PersonView):
    notice(work, "own_offers")
    consent.record_many(work, events=[said(EventKind.CONFIRMED, purpose="own_offers", subject=irina.id)])
    made = proven(work, irina, RequestKind.OBJECTION, about=About.PROCESSING)
    seen = rights.start(work, request=made)

    assert (seen.state, seen.outcome) == (RequestState.COMPLETED, Outcome.DONE)
    states = {(one.purpose, one.channel): one.state.standing for one in consent.states_of(work, subject=irina.id).items}
    assert states["own_offers", "post"] == "objected"
    assert states["own_offers", "email"] == "given"  # this rests on what she agreed to
    assert "service" not in {purpose for purpose, _ in states}
    templates = [template for template, _, _ in sent(work)]
    assert templates[-2:] == ["request_completed", "request_lifting"]
    assert customers.read(work, subject=irina.id).restricted
    assert rights.lift_due(on(work, date(2026, 11, 25))) == 1
    assert not customers.read(work, subject=irina.id).restricted


def test_an_officer_may_name_the_purposes_that_an_objection_ends_by_every_channel(work: Work, irina: PersonView):
    made = proven(work, irina, RequestKind.OBJECTION, about=About.PROCESSING)
    with pytest.raises(InvalidError), work.session.begin_nested():
        rights.start(work, request=made, purposes=["unheard_of"])
    rights.start(work, request=made, purposes=["birthday"])
    states = consent.states_of(work, subject=irina.id).items
    assert {one.purpose for one in states} == {"birthday"}
    assert {one.channel for one in states} == set(consent.book(work).purposes["birthday"].channels)


def test_an_objection_that_ends_nothing_here_is_seen_to_by_hand(work: Work, irina: PersonView):
    made = proven(work, irina, RequestKind.OBJECTION, about=About.PROCESSING)
    assert rights.start(work, request=made, purposes=[]).state is RequestState.IN_PROGRESS
    seen = rights.complete(work, request=made, answer="Das Profil ist gelöscht.")
    assert (seen.outcome, sent(work)[-1][0]) == (Outcome.DONE, "request_lifting")


def test_a_restriction_stands_until_the_last_request_that_it_is_for_is_decided(work: Work, irina: PersonView):
    first = proven(work, irina, RequestKind.RECTIFICATION, changes={"family_name": "Иванова"})
    second = proven(work, irina, RequestKind.RECTIFICATION, changes={"given_name": "Арина"})
    rights.start(work, request=first)
    assert customers.read(work, subject=irina.id).restricted
    assert "request_lifting" not in [template for template, _, _ in sent(work)]
    rights.refuse(work, request=second, ground=RefusalGround.DATA_ACCURATE, reason="Stimmt so")
    assert sent(work)[-1][0] == "request_lifting"
    third = proven(work, irina, RequestKind.RECTIFICATION, changes={"given_name": "Дарина"})
    assert rights.lift_due(on(work, date(2026, 11, 25))) == 1
    assert customers.read(work, subject=irina.id).restricted
    rights.start(work, request=third)
    assert not customers.read(work, subject=irina.id).restricted


def test_a_request_that_nobody_proved_keeps_no_restriction_standing(work: Work, irina: PersonView):
    made = proven(work, irina, RequestKind.RECTIFICATION, changes={"family_name": "Иванова"})
    request(work, RequestKind.RECTIFICATION, customer=irina.id, changes={"given_name": "Арина"})
    sent(work)
    rights.start(work, request=made)
    assert "request_lifting" in [template for template, _, _ in sent(work)]


def test_withdrawing_all_consents_ends_every_one_and_stops_no_more(work: Work, irina: PersonView):
    seen = rights.find(work, request=proven(work, irina, RequestKind.WITHDRAWAL))
    assert (seen.state, seen.outcome) == (RequestState.COMPLETED, Outcome.DONE)
    asked = Asked(purpose="service", channel=Channel.EMAIL)
    verdict = consent.check(work, question=asked, contacts=[ADDRESS]).verdicts[0]
    assert verdict.reason != "suppressed"


def test_an_opt_out_of_sharing_objects_to_third_parties_alone(work: Work, irina: PersonView):
    rights.find(work, request=proven(work, irina, RequestKind.OPT_OUT))
    states = consent.states_of(work, subject=irina.id).items
    assert {one.purpose for one in states} == {"third_parties"}


def test_low_risk_fields_are_rectified_at_once_and_the_rest_awaits_a_steward(work: Work, irina: PersonView):
    made = proven(work, irina, RequestKind.RECTIFICATION, changes={"city": "Берлин", "family_name": "Иванова"})
    seen = rights.find(work, request=made)

    assert seen.state is RequestState.OPEN
    assert seen.changes == {
        "city": {"after": "Берлин", "before": "Псков", "applied": True, "grave": False},
        "family_name": {"after": "Иванова", "before": "Воробьева", "applied": False, "grave": True},
    }
    assert customers.read(work, subject=irina.id).restricted
    done = rights.start(by(work, staff("steward")), request=made)
    assert (done.state, done.outcome) == (RequestState.COMPLETED, Outcome.DONE)
    changed = customers.read(by(work, staff("officer")), subject=irina.id)
    assert (changed.family_name, changed.restricted) == ("И•••", False)
    templates = [template for template, _, _ in sent(work)]
    assert templates[-2:] == ["request_lifting", "request_completed"]


def test_what_is_low_risk_alone_is_done_without_an_officer(work: Work, irina: PersonView):
    made = proven(work, irina, RequestKind.RECTIFICATION, changes={"city": "Берлин"})
    assert rights.find(work, request=made).outcome is Outcome.DONE


def test_a_restriction_is_placed_and_lifted_when_the_person_asks(work: Work, irina: PersonView):
    proven(work, irina, RequestKind.RESTRICTION)
    assert customers.read(work, subject=irina.id).restricted
    proven(work, irina, RequestKind.RESTRICTION, about=About.LIFT)
    assert not customers.read(work, subject=irina.id).restricted


def test_an_officer_who_ends_a_restriction_that_was_asked_for_lets_the_person_know_before(
    work: Work, irina: PersonView
):
    proven(work, irina, RequestKind.RESTRICTION)
    (mark,) = customers.marks(work, subject=irina.id).restrictions
    seen = rights.end_restriction(by(work, staff("officer")), subject=irina.id, restriction=mark.id)
    again = rights.end_restriction(work, subject=irina.id, restriction=mark.id)
    assert (seen.lifted_at, again.lifted_at) == (None, None)
    templates = [template for template, _, _ in sent(work)]
    assert templates.count("request_lifting") == 1
    assert rights.lift_due(on(work, date(2026, 11, 25))) == 1
    assert not customers.read(work, subject=irina.id).restricted
    with pytest.raises(ConflictError):
        rights.end_restriction(work, subject=irina.id, restriction=mark.id)


def test_a_restriction_for_a_request_that_stands_is_not_ended_beside_it(work: Work, irina: PersonView):
    proven(work, irina, RequestKind.OBJECTION, about=About.PROCESSING)
    (mark,) = customers.marks(work, subject=irina.id).restrictions
    with pytest.raises(ConflictError):
        rights.end_restriction(work, subject=irina.id, restriction=mark.id)
    other = customers.restrict(work, subject=irina.id, reason=RestrictionReason.UNLAWFUL)
    assert rights.end_restriction(work, subject=irina.id, restriction=other.id).lifted_at == NOW


def test_a_complaint_is_answered_by_an_officer_in_words(work: Work, irina: PersonView):
    made = proven(work, irina, RequestKind.COMPLAINT, said="Zu viele Briefe")
    rights.start(work, request=made)
    seen = rights.complete(work, request=made, answer="Es kommen keine mehr.")
    assert (seen.outcome, seen.answer) == (Outcome.DONE, "Es kommen keine mehr.")
    assert sent(work)[-1][2]["answer"] == "Es kommen keine mehr."


def test_nothing_is_carried_out_for_whoever_did_not_prove_who_they_are(work: Work, irina: PersonView):
    made = RequestId(request(work, customer=irina.id).request.id)
    with pytest.raises(WrongActError):
        rights.start(work, request=made)
    rights.prove(work, request=made, customer=irina.id, checked=WORDS)
    assert rights.start(work, request=made).state is RequestState.IN_PROGRESS


def test_a_second_request_of_a_proved_person_is_joined_to_the_first(work: Work, irina: PersonView):
    first = proven(work, irina)
    second = RequestId(request(work, contact="other@example.org").request.id)
    seen = rights.prove(work, request=second, customer=irina.id, checked=WORDS)
    assert (seen.state, seen.joined_to, seen.outcome) == (RequestState.DUPLICATE, first, Outcome.JOINED)
    assert rights.find(work, request=first).repeats == 1


def test_an_approval_is_anothers(work: Work, irina: PersonView):
    officer, other = by(work, staff("officer")), by(work, staff("officer"))
    made = proven(officer, irina, RequestKind.COMPLAINT)
    rights.submit(officer, request=made, reason="Heikel")
    with pytest.raises(ForbiddenError):
        rights.approve(officer, request=made)
    assert rights.send_back(other, request=made, reason="Mehr Belege").state is RequestState.OPEN
    rights.submit(officer, request=made, reason="Jetzt mit")
    assert rights.approve(other, request=made).state is RequestState.IN_PROGRESS


def test_what_another_room_carries_out_is_completed_when_that_is_done(work: Work, irina: PersonView):
    done: set[object] = set()
    begun = uuid7()
    carrier = Carrier(begin=lambda _work, _carried: begun, is_done=lambda _work, found: found in done)
    work.session.info[_INFO] = {RequestKind.ACCESS: carrier}
    made = proven(work, irina)
    assert rights.start(work, request=made).carried_as == begun
    with pytest.raises(ConflictError):
        rights.complete(work, request=made)
    assert rights.follow_up(work) == 0
    done.add(begun)
    assert rights.follow_up(work) == 1
    assert rights.find(work, request=made).outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("today", "late"),
    [
        (date(2026, 11, 9), None),
        (date(2026, 11, 10), Reminder.HALF),
        (date(2026, 11, 17), Reminder.HALF),
        (date(2026, 11, 18), Reminder.NEARLY),
        (date(2026, 11, 22), Reminder.NEARLY),
        (date(2026, 11, 23), Reminder.OVERDUE),
    ],
)
def test_reminders_come_at_half_at_four_fifths_and_after_the_last_day(today: date, late: Reminder | None):
    assert how_late(date(2026, 10, 29), date(2026, 11, 22), today=today) is late


def test_officers_are_reminded_once_for_each_step_and_of_overdue_ones_every_week(work: Work, irina: PersonView):
    made = proven(work, irina, received_on=date(2026, 11, 2))
    proven(work, irina, RequestKind.PORTABILITY, received_on=date(2026, 11, 2))
    days = [date(2026, 11, 10), date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 26), date(2026, 12, 3)]
    assert [rights.remind(on(work, day)) for day in days] == [0, 2, 0, 2, 2]
    assert rights.remind(on(work, date(2026, 12, 4))) == 0
    assert rights.remind(on(work, date(2026, 12, 10))) == 2
    kinds = [one.kind.value for one in accounts.list_alerts(work)]
    assert kinds == ["requests_overdue", "requests_overdue", "requests_nearly_due", "requests_half_time"]
    assert rights.find(work, request=made).reminded is Reminder.OVERDUE
    escalated = [
        values["kind"] for _, to, values in sent(on(work, date(2026, 12, 10))) if to == "privacy@daisy.example"
    ]
    assert escalated == ["requests_overdue", "requests_overdue"]


def test_unusual_people_are_flagged_and_their_erasure_needs_a_second_person(work: Work):
    child = person(work, birth_date="2015-01-01")
    mother = person(work, address="mother@example.org")
    customers.link(work, subject=child.id, other=mother.id, kind=LinkKind.GUARDIAN)
    customers.place_hold(
        work, subject=child.id, compartments=[Compartment.FINANCE], reason="Klage", review_at=NOW.replace(year=2027)
    )
    said = {"asking": Asking.GUARDIAN, "asker": "Mutter, Geburtsurkunde gesehen"}
    made = proven(work, child, RequestKind.ERASURE, **said)
    seen = rights.find(work, request=made)

    assert seen.flags == ("minor", "represented", "held")
    assert seen.needs_approval == ("minor", "held", "asked_by_another", "not_by_code")
    with pytest.raises(ApprovalNeededError):
        rights.start(work, request=made)


def test_the_dead_the_merged_and_the_restricted_are_flagged(work: Work, irina: PersonView):
    customers.restrict(work, subject=irina.id, reason=RestrictionReason.UNLAWFUL)
    late = person(work, address="late@example.org", deceased=True)
    assert rights.find(work, request=proven(work, irina)).flags == ("restricted",)
    said = {"asking": Asking.HEIR, "asker": "Erbin", "contact": "heir@example.org"}
    assert rights.find(work, request=proven(work, late, **said)).flags == ("deceased", "foreign_contact")


def test_acts_that_are_offered_are_those_of_the_table(work: Work, irina: PersonView):
    assert rights.find(work, request=proven(work, irina)).acts == acts_in(RequestState.OPEN)


def test_identity_that_was_proved_is_no_ground_to_refuse(work: Work, irina: PersonView):
    with pytest.raises(InvalidError):
        rights.refuse(work, request=proven(work, irina), ground=RefusalGround.NOT_IDENTIFIED, reason="Wer sind Sie?")


def test_a_request_about_nobody_cannot_be_started(work: Work):
    made = request(work)
    row = work.session.get_one(RequestRow, made.request.id)
    row.state = RequestState.OPEN.value
    with pytest.raises(NotProvenError):
        rights.start(work, request=RequestId(made.request.id))


def test_an_officer_joins_what_is_one(work: Work, irina: PersonView):
    first = proven(work, irina)
    second = RequestId(request(work, contact="other@example.org").request.id)
    seen = rights.join(work, request=second, into=first)
    assert (seen.state, seen.joined_to) == (RequestState.DUPLICATE, first)
    assert rights.find(work, request=first).repeats == 1
    with pytest.raises(WrongActError):
        rights.join(work, request=second, into=first)
    complaint = RequestId(request(work, RequestKind.COMPLAINT).request.id)
    with pytest.raises(ConflictError):
        rights.join(work, request=complaint, into=first)
    petro = person(work, address="petro@example.org")
    theirs = proven(work, petro, contact="petro@example.org")
    with pytest.raises(ConflictError):
        rights.join(work, request=theirs, into=first)
