"""Proof of consents after an erasure: each history goes as a whole on its own day, and the certificates prove it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from governance.consent import operations as consent
from governance.customers import operations as customers
from governance.erasure import operations as erasure
from governance.erasure.histories import History, kept_until
from governance.erasure.operations import ErasureState, Origin, OriginKind, Step, StepState
from governance.erasure.parting import is_parted, set_free
from governance.erasure.tables import CertificateRow, StepRow
from governance.intake import operations as intake
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel
from governance.policies.retention import CALENDAR_YEAR
from governance.policies.retention_reader import parse_policies
from governance.reference.retention_rules import keep_active, keep_draft
from tests.conftest import NOW
from tests.factories.customers import email
from tests.factories.erasing import LIVE_KEYS, agreed, count, erase, shop, somebody, through
from tests.factories.saying import notice, said
from tests.factories.staging import played, stage_of

RULES = """
policies:
  proofs:
    version: 1
    titles: {en: "Proofs", ru: "Доказательства", uk: "Докази"}
    applies_to: {table: consent_event}
    clock: consent.withdrawn_at
    keep: P1Y
    action: delete_rows
    citation: decided
    verified: true
  proofs_of_calls:
    version: 1
    titles: {en: "Calls", ru: "Звонки", uk: "Дзвінки"}
    applies_to: {table: consent_event}
    filter: {channel: [phone]}
    clock: consent.last_used_at
    keep: P5Y
    action: delete_rows
    citation: "§ 7a UWG"
    verified: true
"""
EVENTS = "consent_event"


def strict(work: Work) -> None:
    """A shop that keeps proof of consents for a year after their end, and of calls for five years after the grant."""
    shop(work)
    notice(work, "own_offers")
    for policy in parse_policies(RULES.encode(), name="ours").values():
        keep_active(work, policy=keep_draft(work, policy=policy).id)


stage = stage_of(strict)


desk = played()
"""The strict shop."""


def calls(work: Work, one: SubjectId) -> None:
    """They agreed to calls."""
    event = said(EventKind.GIVEN, subject=one, purpose="own_offers", channel=Channel.PHONE, method=Method.IN_PERSON)
    consent.record_many(work, events=[event])


def later(work: Work, day: date) -> Work:
    return replace(work, now=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def evidence(done: erasure.Erasure) -> erasure.ErasureStep:
    [found] = [one for one in done.steps if one.step is Step.EVIDENCE]
    return found


def left(work: Work) -> list[tuple[str, str]]:
    """Histories that are still there."""
    found = work.session.execute(text("SELECT DISTINCT purpose, channel FROM consent_event ORDER BY 1, 2"))
    return [(purpose, channel) for purpose, channel in found]


def test_proof_for_mail_does_not_stay_as_long_as_proof_for_calls(desk: Work) -> None:
    one = somebody(desk)
    agreed(desk, one)
    calls(desk, one)
    [planned] = [each for each in erasure.plan_for(desk, person=one).steps if each.compartment is Compartment.EVIDENCE]
    assert (planned.first, planned.until, planned.rule) == (date(2027, 11, 22), date(2031, 11, 22), "proofs_of_calls")
    done = erase(desk, one)
    step = evidence(done)
    assert (step.state, step.first_until, step.until) == (StepState.KEPT, planned.first, planned.until)

    assert erasure.resume(later(desk, planned.first)) == []
    over = later(desk, planned.first + timedelta(days=1))
    assert erasure.resume(over) == [done.id]
    seen = through(over, done.id)
    assert (seen.state, left(desk)) == (ErasureState.WAITING, [("own_offers", "phone")])
    assert evidence(seen).first_until == planned.until
    assert count(desk, "consent_state") == 1
    assert count(desk, f"{LIVE_KEYS} AND compartment = 'evidence'") == 1
    assert erasure.resume(over) == []

    last = later(desk, planned.until + timedelta(days=1))
    assert erasure.resume(last) == [done.id]
    assert through(last, done.id).state is ErasureState.CLOSED
    assert (left(desk), count(desk, LIVE_KEYS)) == ([], 0)


def test_each_certificate_names_what_went_by_then_and_from_when_the_rest_goes(desk: Work) -> None:
    one = somebody(desk)
    agreed(desk, one)
    calls(desk, one)
    done = erase(desk, one)
    over = later(desk, date(2027, 11, 23))
    erasure.resume(over)
    through(over, done.id)
    last = later(desk, date(2031, 11, 23))
    erasure.resume(last)
    through(last, done.id)

    rows = desk.session.query(CertificateRow).where(CertificateRow.erasure_id == done.id).order_by("number")
    first, second, third = (json.loads(row.body) for row in rows)
    assert [(each["from"], each["until"]) for each in first["kept"]] == [("2027-11-22", "2031-11-22")]
    assert [(each["from"], each["until"]) for each in second["kept"]] == [("2031-11-22", "2031-11-22")]
    assert third["kept"] == []
    parts = [
        [each["rows"].get(EVENTS) for each in body["destroyed"] if each["step"] == "evidence"]
        for body in (first, second, third)
    ]
    assert parts == [[], [2], [2, 2]]  # a grant and its end each
    assert len({each["entry"] for each in third["destroyed"]}) == len(third["destroyed"])


def test_what_was_taken_back_long_before_goes_before_what_the_erasure_ended(desk: Work) -> None:
    one = somebody(desk)
    agreed(desk, one)
    calls(desk, one)
    before = replace(desk, now=NOW)
    consent.record_many(before, events=[said(EventKind.WITHDRAWN, subject=one)])
    offers = {"subject": one, "purpose": "own_offers", "channel": Channel.EMAIL, "method": Method.IN_PERSON}
    consent.record_many(later(desk, date(2026, 11, 23)), events=[said(EventKind.REFUSED, **offers)])
    late = later(desk, date(2027, 6, 1))
    done = erase(late, one)
    assert evidence(done).first_until == date(2027, 11, 22)
    kept = [("own_offers", "email"), ("own_offers", "phone")]
    for day, there in ((23, kept), (24, kept[1:])):  # on its last day a history is still there
        over = later(desk, date(2027, 11, day))
        erasure.resume(over)
        through(over, done.id)
        assert left(desk) == there


def test_a_plan_tells_the_days_of_the_first_and_the_last_of_several_histories(desk: Work) -> None:
    one = somebody(desk)
    agreed(desk, one)
    offers = {"subject": one, "purpose": "own_offers", "channel": Channel.EMAIL, "method": Method.IN_PERSON}
    consent.record_many(desk, events=[said(EventKind.GIVEN, **offers), said(EventKind.WITHDRAWN, subject=one)])
    plan = erasure.plan_for(later(desk, date(2027, 6, 1)), person=one)
    [planned] = [each for each in plan.steps if each.compartment is Compartment.EVIDENCE]
    assert (planned.first, planned.until) == (date(2027, 11, 22), date(2028, 6, 1))


def test_a_run_parts_with_each_of_many_on_their_own_days(desk: Work) -> None:
    people = [somebody(desk) for _ in range(3)]
    for one in people:
        agreed(desk, one)
    calls(desk, people[0])
    begun = erasure.erase_many(desk, people=people, origin=Origin(OriginKind.POLICY_RUN, uuid4(), "inactive"))
    over = later(desk, date(2027, 11, 23))
    for one in erasure.resume(over):
        through(over, one)
    assert left(desk) == [("own_offers", "phone")]
    assert count(desk, "consent_subject") == 1
    states = sorted(erasure.state_of(desk, erasure=one).value for one in begun)
    assert states == ["closed", "waiting"]


def test_the_database_parts_with_nobodys_evidence_but_of_an_erasure(desk: Work) -> None:
    one, other = somebody(desk), somebody(desk)
    for each in (one, other):
        agreed(desk, each)
    done = erase(desk, one)
    call = text("SELECT erasure_part_evidence(:erasure, ARRAY[:whose], ARRAY['newsletter'], ARRAY['email'])")
    for of, whose in ((done.id, other), (uuid4(), one)):
        with pytest.raises(DBAPIError), desk.session.begin_nested():
            desk.session.execute(call, {"erasure": of, "whose": whose})
    assert count(desk, EVENTS) == 3


STORIES = st.dictionaries(
    st.sampled_from([("newsletter", "email"), ("own_offers", "email"), ("own_offers", "phone"), ("newsletter", "sms")]),
    st.tuples(st.integers(0, 600), st.none() | st.integers(1, 600)),
    min_size=1,
)


@settings(
    max_examples=max(1, settings.default.max_examples // 8),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(stories=STORIES, looks=st.lists(st.integers(1, 2600), min_size=1, max_size=3))
def test_whatever_was_said_each_history_is_there_until_its_own_day_and_no_longer(
    desk: Work, stories: dict[tuple[str, str], tuple[int, int | None]], looks: list[int]
) -> None:
    start, end = date(2027, 1, 1), date(2031, 1, 1)
    one = somebody(desk)
    expected, words = {}, []
    for (purpose, channel), (granted, taken_back) in stories.items():
        about = {"purpose": purpose, "channel": Channel(channel), "method": Method.IN_PERSON, "subject": one}
        given_on = start + timedelta(days=granted)
        words.append((given_on, said(EventKind.GIVEN, **about)))
        over = end if taken_back is None else given_on + timedelta(days=taken_back)
        if taken_back is not None:
            words.append((over, said(EventKind.WITHDRAWN, **about)))
        days = [over.replace(year=over.year + 1) if (over.month, over.day) != (2, 29) else date(over.year + 1, 2, 28)]
        if channel == "phone":
            days.append(date(given_on.year + 5, given_on.month, min(given_on.day, 28 if given_on.month == 2 else 31)))
        expected[purpose, channel] = max(days)
    for day, word in sorted(words, key=lambda each: each[0]):
        consent.record_many(later(desk, day), events=[word])
    done = erase(later(desk, end), one)
    for look in sorted(looks):
        day = end + timedelta(days=look)
        erasure.resume(later(desk, day))
        through(later(desk, day), done.id)
        query = text("SELECT DISTINCT purpose, channel FROM consent_event WHERE person_id = :one")
        found = {tuple(row) for row in desk.session.execute(query, {"one": one})}
        assert found == {key for key, until in expected.items() if until >= day}, day


INSTANTS = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2026, 11, 22), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    channel=st.sampled_from(["email", "phone", "sms"]),
    ended=INSTANTS,
    agreed_at=INSTANTS,
    used=INSTANTS,
    later_by=st.integers(0, 900),
)
def test_a_later_end_or_use_never_lets_a_history_go_earlier(
    channel: str, ended: datetime | None, agreed_at: datetime | None, used: datetime | None, later_by: int
) -> None:

    policies = list(parse_policies(RULES.encode(), name="ours").values())
    on = date(2026, 11, 22)

    def days(by: timedelta) -> dict[str, date]:
        moved = [None if at is None else at + by for at in (ended, agreed_at, used)]
        one = History(SubjectId(uuid4()), (), "newsletter", channel, *moved)
        told = kept_until(one, policies, zone=ZoneInfo("Europe/Berlin"), fiscal=CALENDAR_YEAR, on=on + by)
        return {policy.key: day for policy, day in told}

    early, late = days(timedelta()), days(timedelta(days=later_by))
    assert early.keys() == late.keys()
    assert "proofs" in early
    assert ("proofs_of_calls" in early) == (channel == "phone" and (agreed_at or used) is not None)
    assert all(early[key] <= late[key] for key in early)


def test_a_hold_placed_since_keeps_proofs_whose_day_has_passed(desk: Work) -> None:
    one = somebody(desk)
    agreed(desk, one)
    calls(desk, one)
    review = datetime(2035, 1, 1, tzinfo=UTC)
    customers.place_hold(desk, subject=one, compartments=[Compartment.PROFILE], reason="Claim.", review_at=review)
    done = erase(desk, one)

    held = later(desk, date(2027, 6, 1))
    customers.place_hold(held, subject=one, compartments=[Compartment.EVIDENCE], reason="Claim.", review_at=review)
    over = later(desk, date(2027, 11, 23))
    erasure.resume(over)
    through(over, done.id)

    assert {purpose for purpose, _ in left(desk)} == {"newsletter", "own_offers"}


def test_of_merged_people_what_was_agreed_to_and_taken_back_goes_together(desk: Work) -> None:
    one = somebody(desk)
    other = somebody(desk, contacts=(email("second@example.org"),))
    agreed(desk, other)
    calls(desk, one)
    intake.merge(desk, into=one, other=other, reason="The same.")
    consent.record_many(later(desk, date(2026, 11, 23)), events=[said(EventKind.WITHDRAWN, subject=one)])
    done = erase(later(desk, date(2027, 6, 1)), one)

    last = later(desk, date(2027, 11, 23))
    erasure.resume(last)
    through(last, done.id)
    assert {purpose for purpose, _ in left(desk)} == {"newsletter", "own_offers"}
    over = later(desk, date(2027, 11, 24))
    erasure.resume(over)
    through(over, done.id)
    assert {purpose for purpose, _ in left(desk)} == {"own_offers"}


def test_of_merged_people_the_last_grant_and_the_last_call_count(desk: Work) -> None:
    def until(at: date) -> date | None:
        steps = erasure.plan_for(later(desk, at), person=survivor).steps
        [planned] = [each for each in steps if each.compartment is Compartment.EVIDENCE]
        return planned.until

    def agreed_to_calls(one: SubjectId, day: date) -> None:
        calls(later(desk, day), one)

    gone = somebody(desk)
    survivor = somebody(desk, contacts=(email("second@example.org"),))
    agreed_to_calls(gone, date(2027, 1, 10))
    agreed_to_calls(survivor, date(2027, 5, 10))
    intake.merge(later(desk, date(2027, 6, 1)), into=survivor, other=gone, reason="The same.")
    assert until(date(2027, 6, 2)) == date(2032, 5, 10)
    called = later(desk, date(2027, 9, 9))
    consent.note_use(called, purpose="own_offers", channel=Channel.PHONE, people=[survivor])
    assert until(date(2027, 9, 10)) == date(2032, 9, 9)


def test_a_kept_step_is_free_after_its_last_day_in_the_zone_and_what_waits_for_a_hold_or_is_done_is_not() -> None:
    def step(state: StepState) -> StepRow:
        day = date(2027, 11, 22)
        return StepRow(step=Step.EVIDENCE.value, state=state.value, until=day, first_until=day)

    for hour, over in ((22, False), (23, True)):  # midnight in Berlin
        of_time = {"at": datetime(2027, 11, 22, hour, 30, tzinfo=UTC), "zone": "Europe/Berlin"}
        kept, held, done = made = [step(one) for one in (StepState.KEPT, StepState.HELD, StepState.DONE)]
        assert [is_parted(one, **of_time) for one in made] == [over, False, False]
        assert set_free(made, **of_time) is over
        assert kept.state == (StepState.PENDING if over else StepState.KEPT)
        assert (held.state, done.state) == (StepState.HELD, StepState.DONE)


def test_of_periods_that_were_shortened_since_one_certificate_tells(desk: Work) -> None:
    one = somebody(desk)
    agreed(desk, one)
    calls(desk, one)
    done = erase(desk, one)
    shorter = RULES.replace("P5Y", "P1Y").replace("version: 1", "version: 2")
    for policy in parse_policies(shorter.encode(), name="ours").values():
        keep_active(desk, policy=keep_draft(desk, policy=policy).id)

    over = later(desk, date(2027, 11, 23))
    erasure.resume(over)
    through(over, done.id)

    assert left(desk) == []
    assert desk.session.query(CertificateRow).filter_by(erasure_id=done.id).count() == 2, "the first and one more"
    assert erasure.resume(over) == []
