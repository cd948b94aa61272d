"""How many people staff see in the clear: counted once a day, kept to a quota, watched only where that is wished."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from governance.accounts import operations
from governance.accounts.errors import NoSuchStaffError, OwnQuotaError, QuotaExceededError
from governance.accounts.operations import AlertKind, ReadingRules
from governance.accounts.reading import PEOPLE_PER_DAY
from governance.audit.actions import Action
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import StaffId, SubjectRef, uuid4
from governance.kernel.work import OPERATOR, open_work
from governance.reference.operations import set_controller
from tests.factories.actors import by, client, staff
from tests.factories.signing import enrol
from tests.factories.trail import entries


@pytest.fixture
def anna(work):
    member = enrol(work, "steward")
    return by(work, operations.staff_actor(work, staff=member.id))


def people(count):
    return [SubjectRef(uuid4()) for _ in range(count)]


def at(work, **shift):
    return replace(work, now=work.now + timedelta(**shift))


def test_somebody_seen_again_on_the_same_day_counts_once(anna):
    seen = people(PEOPLE_PER_DAY)
    for _ in range(2):
        operations.count_reading(anna, people=[*seen, *seen])
    with pytest.raises(QuotaExceededError) as refused:
        operations.count_reading(anna, people=people(1))
    assert "ask an officer" in refused.value.detail


def test_the_day_ends_at_midnight_in_the_zone_of_the_controller(anna):
    set_controller(anna, legal_name="ТОВ Ромашка", address="Київ", country="UA", zone="Europe/Kyiv")
    evening = replace(anna, now=datetime(2026, 11, 22, 21, 59, tzinfo=UTC))  # 23:59 in Kyiv
    operations.count_reading(evening, people=people(PEOPLE_PER_DAY))
    with pytest.raises(QuotaExceededError) as refused:
        operations.count_reading(evening, people=people(1))
    assert refused.value.retry_after_seconds == 60
    operations.count_reading(at(evening, minutes=1), people=people(PEOPLE_PER_DAY))


def test_systems_and_the_operator_have_no_quota_of_people(work):
    for actor in (client(), OPERATOR):
        operations.count_reading(by(work, actor), people=people(PEOPLE_PER_DAY + 1))


def test_a_refusal_alerts_officers_once_a_day(work, anna):
    for _ in range(2):
        operations.tell_quota_exceeded(anna)
    [alert] = operations.list_alerts(work)
    assert (alert.kind, alert.staff) == (AlertKind.QUOTA_EXCEEDED, anna.actor.id)
    assert alert.facts == {"day": "2026-11-22", "people": 0, "allowed": PEOPLE_PER_DAY}
    operations.tell_quota_exceeded(at(anna, days=1))
    assert len(operations.list_alerts(work)) == 2


def test_an_officer_grants_more_for_a_day_and_never_himself(work, anna):
    officer = by(work, staff("officer"))
    member = StaffId(anna.actor.id)
    operations.count_reading(anna, people=people(PEOPLE_PER_DAY))
    granted = operations.grant_reading(officer, staff=member, people=PEOPLE_PER_DAY + 2)
    assert (granted.people, granted.allowed) == (PEOPLE_PER_DAY, PEOPLE_PER_DAY + 2)
    operations.count_reading(anna, people=people(2))
    for wrong in (at(anna, days=1), anna):
        with pytest.raises(QuotaExceededError):
            operations.count_reading(wrong, people=people(PEOPLE_PER_DAY + 1))
    [entry] = entries(work, Action.READING_GRANTED)
    assert entry.facts == {"day": "2026-11-22", "people": PEOPLE_PER_DAY + 2}
    with pytest.raises(OwnQuotaError):
        operations.grant_reading(by(work, staff("officer", id=member)), staff=member, people=99)
    with pytest.raises(ForbiddenError):
        operations.grant_reading(by(work, staff("admin")), staff=member, people=99)
    with pytest.raises(NoSuchStaffError):
        operations.grant_reading(officer, staff=StaffId(uuid4()), people=99)
    with pytest.raises(InvalidError):
        operations.grant_reading(officer, staff=member, people=PEOPLE_PER_DAY)


def test_the_quota_is_set_by_officers_and_on_record(work, anna):
    assert operations.reading_rules(work) == ReadingRules(50, watch_unusual=False)
    operations.set_reading_rules(by(work, staff("officer")), people_per_day=3)
    operations.set_reading_rules(by(work, staff("officer")), watch_unusual=True)
    assert operations.reading_rules(work) == ReadingRules(3, watch_unusual=True)
    with pytest.raises(QuotaExceededError):
        operations.count_reading(anna, people=people(4))
    with pytest.raises(ForbiddenError):
        operations.set_reading_rules(anna, people_per_day=1000)
    with pytest.raises(InvalidError):
        operations.set_reading_rules(work, people_per_day=0)
    assert len(entries(work, Action.READING_RULES_SET)) == 2


def test_nobody_raises_the_quota_for_all_but_the_operator_and_officers_are_told(work, anna):
    officer = by(work, staff("officer"))
    operations.set_reading_rules(officer, people_per_day=PEOPLE_PER_DAY - 1, watch_unusual=True)
    assert operations.list_alerts(work) == []
    for people_per_day in (PEOPLE_PER_DAY, 100_000):
        with pytest.raises(OwnQuotaError):
            operations.set_reading_rules(officer, people_per_day=people_per_day)
    assert operations.reading_rules(work).people_per_day == PEOPLE_PER_DAY - 1
    operations.set_reading_rules(officer, watch_unusual=False)
    operations.set_reading_rules(by(work, OPERATOR), people_per_day=100)
    assert [(one.kind, one.facts["by"]) for one in operations.list_alerts(work)] == [
        (AlertKind.READING_LOOSENED, "operator"),
        (AlertKind.READING_LOOSENED, str(officer.actor.id)),
    ]


@pytest.mark.parametrize(("watched", "alerts"), [(False, 0), (True, 1)])
def test_unusual_reading_is_told_only_where_the_controller_wishes(work, anna, watched, alerts):
    for day in range(6, 0, -1):
        operations.count_reading(at(anna, days=-day), people=people(10))
    operations.set_reading_rules(work, watch_unusual=watched)
    operations.count_reading(anna, people=people(30))
    assert operations.list_alerts(work) == []  # three times the usual is not more than that
    for _ in range(2):
        operations.count_reading(anna, people=people(1))
    found = operations.list_alerts(work)
    assert [one.facts for one in found] == [{"day": "2026-11-22", "people": 31, "usual": 10}] * alerts


def test_whom_somebody_saw_is_forgotten_after_two_days(work, anna):
    operations.count_reading(anna, people=people(3))
    assert operations.forget_readings(at(work, days=2)) == 0
    assert operations.forget_readings(at(work, days=3)) == 3
    assert operations.forget_readings(at(work, days=61)) == 1


def test_reveals_at_the_same_time_do_not_exceed_the_quota_together(fresh_database):
    actor, barrier, outcomes = staff("steward"), Barrier(4), []
    with open_work(fresh_database, OPERATOR) as work:
        operations.set_reading_rules(work, people_per_day=2)

    def see():
        barrier.wait()
        try:
            with open_work(fresh_database, actor) as work:
                operations.count_reading(work, people=people(1))
        except QuotaExceededError:
            outcomes.append("refused")
        else:
            outcomes.append("seen")

    threads = [Thread(target=see) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "refused", "seen", "seen"]
