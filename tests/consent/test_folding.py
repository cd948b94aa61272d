"""The state that is kept is the fold of the events that are kept, whatever happened and whatever the clock did."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from governance.consent import operations as consent
from governance.consent import states, subjects
from governance.consent.events import NewEvent
from governance.consent.tables import ConsentStateRow
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import SubjectId, uuid4
from governance.kernel.work import Actor, ActorKind, Work
from governance.policies.consent_state import EventKind, Method, Standing, fold
from governance.policies.purposes import Channel
from tests.conftest import NOW
from tests.factories.saying import notice, said, someone

GIVEN, CONFIRMED, WITHDRAWN = EventKind.GIVEN, EventKind.CONFIRMED, EventKind.WITHDRAWN
SAID = [kind for kind in EventKind if kind not in (EventKind.EXPIRED, EventKind.PARTED)]
"""What anybody may record; the rest is the service's own."""
DAY = timedelta(days=1)

acts = st.builds(
    NewEvent,
    kind=st.sampled_from([GIVEN, CONFIRMED, *SAID]),
    purpose=st.sampled_from(["newsletter", "surveys"]),
    channel=st.sampled_from([Channel.EMAIL, Channel.SMS]),
    method=st.sampled_from(Method),
    valid_at=st.none() | st.integers(1, 2000).map(lambda days: NOW - timedelta(days=days)),
    notice=st.sampled_from([None, 1, 2, 2]),
    seen=st.none() | st.integers(0, 20),
)
batches = st.lists(
    st.tuples(st.lists(acts, min_size=1, max_size=4), st.integers(-10, 100).map(lambda hours: timedelta(hours=hours))),
    max_size=5,
)


def rebuilt(work: Work, *, repair: bool) -> tuple[consent.Difference, ...]:
    return consent.rebuild(work, repair=repair).differences


@pytest.fixture
def subject(work: Work) -> SubjectId:
    """Somebody who can be asked for consent to either of two versions of two notices."""
    notice(work, "newsletter"), notice(work, "newsletter"), notice(work, "surveys"), notice(work, "surveys")
    return someone(work)


@settings(
    max_examples=max(1, settings.default.max_examples // 2),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said_in=batches)
def test_after_any_history_each_state_is_the_fold_of_its_events(
    work: Work, subject: SubjectId, said_in: list[tuple[list[NewEvent], timedelta]]
) -> None:
    with work.session.begin_nested() as example:
        each_state_is_the_fold_of_its_events(work, subject, said_in)
        example.rollback()


def each_state_is_the_fold_of_its_events(
    work: Work, subject: SubjectId, said_in: list[tuple[list[NewEvent], timedelta]]
) -> None:
    at, last = NOW, None
    for events, by in said_in:
        at += by
        answers = consent.record_many(replace(work, now=at), events=[replace(one, subject=subject) for one in events])
        assert all(isinstance(one, consent.Recorded) for one in answers)
        last = answers[-1]
    kept = subjects.histories_of(work, [subject])
    folded = {key: fold(one.event for one in history) for key, history in kept.items()}
    found = states.read(work, [subject])
    assert {key: (one.sequence, one.state) for key, one in found.items()} == {
        key: (one.sequence, one.state) for key, one in folded.items()
    }
    in_order = sorted((one.event for history in kept.values() for one in history), key=lambda one: one.sequence)
    assert [one.recorded_at for one in in_order] == sorted(one.recorded_at for one in in_order)
    if isinstance(last, consent.Recorded):
        assert last.state in {one.state for one in folded.values()}
    assert rebuilt(work, repair=False) == ()


def test_a_clock_that_was_put_back_does_not_reorder_what_was_said(work: Work) -> None:
    notice(work)
    subject = someone(work)
    behind = replace(work, now=NOW - timedelta(hours=1))
    consent.record(work, event=said(CONFIRMED, subject=subject))
    stopped = consent.record(behind, event=said(WITHDRAWN, subject=subject))
    assert stopped.state.standing is Standing.WITHDRAWN
    again = consent.record(behind, event=said(CONFIRMED, subject=subject))
    assert again.state.standing is Standing.GIVEN
    assert consent.record(behind, event=said(WITHDRAWN, subject=subject)).state.standing is Standing.WITHDRAWN


def test_a_consent_that_had_a_later_stop_not_before_it_does_not_count(work: Work) -> None:
    notice(work)
    subject = someone(work)
    consent.record(work, event=said(EventKind.REQUESTED, subject=subject))
    consent.record(replace(work, now=NOW + DAY), event=said(WITHDRAWN, subject=subject))
    unaware = consent.record(replace(work, now=NOW + 2 * DAY), event=said(CONFIRMED, subject=subject, seen=1))
    assert unaware.state.standing is Standing.WITHDRAWN
    aware = consent.record(replace(work, now=NOW + 3 * DAY), event=said(CONFIRMED, subject=subject, seen=3))
    assert aware.state.standing is Standing.GIVEN


def test_a_consent_within_a_second_of_a_stop_has_crossed_it(work: Work) -> None:
    notice(work)
    subject = someone(work)
    consent.record(work, event=said(WITHDRAWN, subject=subject))
    soon = replace(work, now=NOW + timedelta(milliseconds=900))
    assert consent.record(soon, event=said(CONFIRMED, subject=subject)).state.standing is Standing.WITHDRAWN
    after = replace(work, now=NOW + timedelta(milliseconds=1100))
    assert consent.record(after, event=said(CONFIRMED, subject=subject)).state.standing is Standing.GIVEN


@pytest.mark.parametrize("way", ["changed", "removed", "invented", "sequence"])
def test_a_tampered_state_is_found_and_put_right(work: Work, way: str) -> None:
    notice(work)
    subject, stranger = someone(work), SubjectId(uuid4())
    consent.record(work, event=said(WITHDRAWN, subject=subject))
    session = work.session
    if way == "changed":
        session.execute(
            update(ConsentStateRow).where(ConsentStateRow.person_id == subject).values(standing="given", given_at=NOW)
        )
    elif way == "removed":
        session.execute(text("DELETE FROM consent_state WHERE person_id = :id"), {"id": subject})
    elif way == "sequence":
        session.execute(text("UPDATE consent_subject SET sequence = 0 WHERE person_id = :id"), {"id": subject})
    else:
        session.execute(
            text(
                "INSERT INTO consent_state (person_id, purpose, channel, sequence, standing) "
                "VALUES (:id, 'newsletter', 'email', 1, 'given')"
            ),
            {"id": stranger},
        )
    tampered = consent.Difference(stranger if way == "invented" else subject, "newsletter", "email")
    assert rebuilt(work, repair=False) == (tampered,)
    assert rebuilt(work, repair=True) == (tampered,)
    assert rebuilt(work, repair=False) == ()
    kept = states.read(work, [subject, stranger])
    assert [one.state.standing for one in kept.values()] == [Standing.WITHDRAWN]
    assert consent.record(work, event=said(WITHDRAWN, subject=subject)).sequence == 2


def test_rebuilding_goes_on_from_where_it_was(work: Work) -> None:
    people = sorted(someone(work, f"person{number}@example.org") for number in range(3))
    consent.record_many(work, events=[said(WITHDRAWN, subject=one) for one in people])
    first = consent.rebuild(work, repair=False, limit=2)
    rest = consent.rebuild(work, repair=False, after=first.next_after, limit=2)
    assert (first.people, first.next_after, rest.people, rest.next_after) == (2, people[1], 1, None)


def test_only_who_configures_consents_rebuilds(work: Work) -> None:
    nobody = Actor(ActorKind.CLIENT, uuid4(), frozenset({"consent:record"}))
    with pytest.raises(ForbiddenError):
        consent.rebuild(replace(work, actor=nobody), repair=True)
