"""Proof of consents stays as long as any policy in force wants it: after the end, and of calls after grant and use."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from governance.consent import operations as consent
from governance.erasure import operations as erasure
from governance.kernel.db import Database
from governance.kernel.ids import SubjectId
from governance.policies.classification import Compartment
from governance.policies.consent_state import EventKind
from governance.policies.purposes import Channel
from governance.rights.kept_dates import kept_dates
from tests.factories.keeping import Keeping
from tests.factories.saying import notice, said

GIVEN, ENDED, REFUSED, USED = EventKind.GIVEN, EventKind.WITHDRAWN, EventKind.REFUSED, "used"
PHONE, MAIL = Channel.PHONE, Channel.EMAIL
BOTH = ("consent_evidence", "consent_evidence_calls")
PURPOSE = "own_offers"
Happened = tuple[EventKind | str, date]
# In Germany: three years from the end of the year of the withdrawal; of calls five years from grant and each use, too.
CASES: Sequence[tuple[Channel, tuple[Happened, ...], date]] = (
    (MAIL, ((GIVEN, date(2019, 3, 4)), (ENDED, date(2019, 6, 1))), date(2022, 12, 31)),
    (PHONE, ((REFUSED, date(2020, 5, 10)),), date(2023, 12, 31)),
    (PHONE, ((GIVEN, date(2019, 3, 4)), (ENDED, date(2019, 6, 1))), date(2024, 3, 4)),
    (
        PHONE,
        ((GIVEN, date(2017, 1, 10)), (USED, date(2017, 5, 1)), (GIVEN, date(2019, 9, 9)), (ENDED, date(2019, 10, 1))),
        date(2024, 9, 9),
    ),
    (PHONE, ((GIVEN, date(2017, 1, 10)), (USED, date(2020, 2, 29)), (ENDED, date(2020, 5, 10))), date(2025, 2, 28)),
    (PHONE, ((GIVEN, date(2015, 1, 1)), (USED, date(2016, 1, 1)), (ENDED, date(2022, 7, 1))), date(2025, 12, 31)),
)  # fmt: skip


@pytest.fixture
def store(fresh_database: Database) -> Keeping:
    return Keeping(fresh_database)


def test_proof_of_calls_stays_five_years_from_grant_and_use_and_three_from_the_withdrawal_whatever_is_longer(
    store: Keeping,
) -> None:
    people = store.people(len(CASES))
    store.do(lambda work: notice(work, PURPOSE))
    store.force(*BOTH)
    for one, (channel, happened, _) in zip(people, CASES, strict=True):
        _tell(store, one, channel, happened)
    lasts = dict(zip(people, (last for _, _, last in CASES), strict=True))
    store.clock.at = _noon(date(2022, 1, 1))
    told = {one: store.do(lambda work, one=one: kept_dates(work, subject=one)) for one in people}  # type: ignore[misc]
    assert {
        one: group.last for one, dates in told.items() for group in dates.groups if group.table == "consent_event"
    } == lasts, "what people are told is what is done"

    for day in sorted({last + timedelta(days=more) for last in lasts.values() for more in (0, 1)}):
        store.clock.at = _noon(day)
        store.run()
        assert _proven(store) == {one for one, last in lasts.items() if last >= day}, day


def test_an_erasure_keeps_proof_of_calls_by_the_later_of_grant_and_use(store: Keeping) -> None:
    [one] = store.people(1)
    store.do(lambda work: notice(work, PURPOSE))
    store.force(*BOTH)
    _tell(store, one, PHONE, ((GIVEN, date(2019, 1, 10)), (USED, date(2019, 5, 1)), (GIVEN, date(2025, 9, 9))))
    store.clock.at = _noon(date(2026, 2, 1))

    plan = store.do(lambda work: erasure.plan_for(work, person=one))

    [evidence] = [step for step in plan.steps if step.compartment is Compartment.EVIDENCE]
    assert evidence.until == date(2030, 9, 9)


def _tell(store: Keeping, one: SubjectId, channel: Channel, happened: Sequence[Happened]) -> None:
    for what, day in happened:
        store.clock.at = _noon(day)
        if isinstance(what, EventKind):
            event = said(what, subject=one, purpose=PURPOSE, channel=channel, evidence={"scan": "A 17"})
            store.do(lambda work, event=event: consent.record_many(work, events=[event]))  # type: ignore[misc]
        else:
            store.do(lambda work: consent.note_use(work, purpose=PURPOSE, channel=channel, people=[one]))


def _proven(store: Keeping) -> set[object]:
    query = text("SELECT DISTINCT person_id FROM consent_event WHERE evidence_sealed IS NOT NULL")
    return set(store.do(lambda work: work.session.scalars(query).all()))


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
