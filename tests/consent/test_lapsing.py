"""Consents lapse when their purpose says so, to the day; and it is known beforehand which will."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from governance.consent import operations as consent
from governance.customers.tables import PersonRow
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies.consent_state import EventKind, Standing
from tests.factories.actors import staff
from tests.factories.saying import notice, said, someone

GIVEN_AT = datetime(2024, 2, 29, 12, tzinfo=UTC)
LAPSES_AT = datetime(2026, 2, 28, 12, tzinfo=UTC)
"""Two years later: there is no 29 February then (Regulation 1182/71 Art. 3(2)(c))."""
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def subject(work: Work) -> SubjectId:
    """Somebody who consented to surveys, which holds two years, and to the newsletter, which holds for ever."""
    then = replace(work, now=GIVEN_AT)
    for purpose in ("surveys", "newsletter"):
        notice(then, purpose)
    found = someone(then)
    consent.record_many(
        then,
        events=[
            said(EventKind.CONFIRMED, subject=found, purpose="surveys"),
            said(EventKind.CONFIRMED, subject=found, purpose="newsletter"),
        ],
    )
    return found


def standings(work: Work, subject: SubjectId) -> dict[str, Standing]:
    return {one.purpose: one.state.standing for one in consent.states_of(work, subject=subject).items}


def test_a_consent_lapses_at_the_end_of_its_period_and_not_before(work: Work, subject: SubjectId) -> None:
    assert consent.expire(replace(work, now=LAPSES_AT - INSTANT)) == 0
    assert consent.expire(replace(work, now=LAPSES_AT)) == 1
    assert consent.expire(replace(work, now=LAPSES_AT)) == 0
    assert standings(work, subject) == {"surveys": Standing.EXPIRED, "newsletter": Standing.GIVEN}
    assert consent.rebuild(work, repair=False).differences == ()


def test_a_consent_that_was_given_again_meanwhile_goes_on(work: Work, subject: SubjectId) -> None:
    again = replace(work, now=LAPSES_AT - timedelta(days=1))
    consent.record(again, event=said(EventKind.RENEWED, subject=subject, purpose="surveys"))
    assert consent.expire(replace(work, now=LAPSES_AT)) == 0
    assert standings(work, subject)["surveys"] is Standing.GIVEN


def test_a_lapsed_consent_can_be_given_anew(work: Work, subject: SubjectId) -> None:
    consent.expire(replace(work, now=LAPSES_AT))
    anew = replace(work, now=LAPSES_AT + timedelta(days=1))
    consent.record(anew, event=said(EventKind.CONFIRMED, subject=subject, purpose="surveys"))
    assert standings(anew, subject)["surveys"] is Standing.GIVEN


def test_what_lapses_within_days_is_listed_with_its_instant(work: Work, subject: SubjectId) -> None:
    before = replace(work, now=LAPSES_AT - timedelta(days=10))
    assert consent.lapsing(before, days=9).items == ()
    (one,) = consent.lapsing(before, days=10).items
    assert (one.subject, one.purpose, one.given_at, one.lapses_at) == (subject, "surveys", GIVEN_AT, LAPSES_AT)
    overdue = consent.lapsing(replace(work, now=LAPSES_AT + timedelta(days=30)), days=0)
    assert [item.lapses_at for item in overdue.items] == [LAPSES_AT]


def test_the_list_goes_on_where_the_page_before_ended(work: Work, subject: SubjectId) -> None:
    then = replace(work, now=GIVEN_AT)
    notice(then, "own_offers")
    others = [someone(then, f"person{number}@example.org") for number in range(4)]
    consent.record_many(
        then,
        events=[
            *(said(EventKind.CONFIRMED, subject=one, purpose="surveys") for one in others),
            *(said(EventKind.CONFIRMED, subject=one, purpose="own_offers") for one in others),
        ],
    )
    due = replace(work, now=LAPSES_AT)
    whole = consent.lapsing(due, days=0)
    assert len(whole.items) == 9
    assert whole.next_after is None
    found, after = list[consent.Lapsing](), None
    while True:
        page = consent.lapsing(due, days=0, after=after, limit=2)
        found += page.items
        after = page.next_after
        if after is None:
            break
    assert tuple(found) == whole.items


def test_the_list_is_for_those_who_may_read_consents(work: Work, subject: SubjectId) -> None:
    due = replace(work, now=LAPSES_AT)
    nobody = Actor(ActorKind.STAFF, uuid4(), frozenset({"consent:record"}))
    with pytest.raises(ForbiddenError):
        consent.lapsing(replace(due, actor=nobody), days=0)
    assert consent.lapsing(replace(due, actor=staff("sales")), days=0).items == ()
    assert len(consent.lapsing(replace(due, actor=staff("support")), days=0).items) == 1
    assert consent.lapsing(due, days=0, purpose="own_offers").items == ()
    with pytest.raises(InvalidError):
        consent.lapsing(due, days=-1)


def test_the_record_of_somebody_merged_away_is_left_in_peace(work: Work, subject: SubjectId) -> None:
    then = replace(work, now=GIVEN_AT)
    merged_into = someone(then, "survivor@example.org")
    work.session.execute(update(PersonRow).where(PersonRow.id == subject).values(merged_into=merged_into))
    consent.merge(replace(work, now=GIVEN_AT + timedelta(days=1)), into=merged_into, other=subject)
    due = replace(work, now=LAPSES_AT)
    assert [one.subject for one in consent.lapsing(due, days=0).items] == [merged_into]
    assert consent.expire(due) == 1
    assert consent.expire(due) == 0
