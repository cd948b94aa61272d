"""When two records of one person become one, of two answers the stricter one counts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from governance.consent import operations as consent
from governance.customers.tables import PersonRow
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import ConsentState, EventKind, Standing
from tests.conftest import NOW
from tests.factories.saying import notice, said, someone

GIVEN, CONFIRMED, WITHDRAWN, OBJECTED = (
    EventKind.GIVEN,
    EventKind.CONFIRMED,
    EventKind.WITHDRAWN,
    EventKind.OBJECTED,
)


def merged(work: Work, into: SubjectId, other: SubjectId) -> None:
    work.session.execute(update(PersonRow).where(PersonRow.id == other).values(merged_into=into))
    consent.merge(work, into=into, other=other)


def state_of(work: Work, subject: SubjectId) -> ConsentState:
    (item,) = consent.states_of(work, subject=subject).items
    return item.state


@pytest.mark.parametrize(
    ("survivor", "other", "expected"),
    [
        ([CONFIRMED], [WITHDRAWN], Standing.WITHDRAWN),
        ([WITHDRAWN], [CONFIRMED], Standing.WITHDRAWN),
        ([WITHDRAWN], [OBJECTED], Standing.OBJECTED),
        ([], [CONFIRMED], Standing.GIVEN),
        ([CONFIRMED], [], Standing.GIVEN),
        ([CONFIRMED], [GIVEN], Standing.GIVEN),
        ([EventKind.REQUESTED], [WITHDRAWN], Standing.WITHDRAWN),
        ([CONFIRMED], [WITHDRAWN, CONFIRMED], Standing.GIVEN),
    ],
)
def test_the_stricter_answer_stays(
    work: Work, survivor: list[EventKind], other: list[EventKind], expected: Standing
) -> None:
    notice(work)
    people = someone(work, "a@example.org"), someone(work, "b@example.org")
    for subject, kinds in zip(people, (survivor, other), strict=True):
        for day, kind in enumerate(kinds):
            consent.record(replace(work, now=NOW + timedelta(days=day)), event=said(kind, subject=subject))
    merged(replace(work, now=NOW + timedelta(days=9)), *people)
    assert state_of(work, people[0]).standing is expected


def test_a_consent_that_was_handed_on_keeps_its_instant_and_its_notice(work: Work) -> None:
    notice(work), notice(work)
    into, other = someone(work, "a@example.org"), someone(work, "b@example.org")
    consent.record(work, event=said(CONFIRMED, subject=other, notice=2, language="uk"))
    merged(replace(work, now=NOW + timedelta(days=9)), into, other)
    confirmed = state_of(work, into).confirmed
    assert confirmed is not None
    assert (confirmed.at, confirmed.notice) == (NOW, 2)
    (event,) = consent.events_of(work, subject=into).items
    assert (event.language, event.seen, event.kind) == ("uk", 0, CONFIRMED)


def test_what_is_said_to_the_merged_record_reaches_the_survivor(work: Work) -> None:
    notice(work)
    into, other, third = (someone(work, f"{name}@example.org") for name in "abc")
    consent.record(work, event=said(CONFIRMED, subject=third))
    merged(work, other, third)
    merged(work, into, other)
    work.session.execute(update(PersonRow).where(PersonRow.id == third).values(merged_into=into))
    made = consent.record(work, event=said(WITHDRAWN, subject=third))
    assert (made.subject, state_of(work, into).standing) == (into, Standing.WITHDRAWN)


def test_nobody_is_merged_into_nobody(work: Work) -> None:
    subject = someone(work)
    with pytest.raises(NotFoundError):
        consent.merge(work, into=subject, other=subject)


@pytest.mark.parametrize("kind", [WITHDRAWN, CONFIRMED])
def test_a_history_that_has_gone_further_than_the_clock_is_taken_over(work: Work, kind: EventKind) -> None:
    notice(work)
    people = someone(work, "a@example.org"), someone(work, "b@example.org")
    ahead = replace(work, now=NOW + timedelta(hours=2))
    consent.record(ahead, event=said(kind, subject=people[1]))
    merged(work, *people)
    assert state_of(work, people[0]).standing is (Standing.WITHDRAWN if kind is WITHDRAWN else Standing.GIVEN)
    (taken,) = consent.events_of(work, subject=people[0]).items
    assert taken.valid_at == taken.recorded_at == ahead.now
