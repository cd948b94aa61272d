"""What comes due month by month: counted once by night, read by few statements."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from governance.console.retention import coming
from governance.customers import operations as customers
from governance.customers.codes import ActivityKind
from governance.customers.records import NewActivity
from governance.kernel.errors import ForbiddenError
from governance.kernel.work import Work
from governance.reference import retention_rules
from governance.reference.operations import set_controller
from governance.retention import operations as retention
from tests.factories.actors import by, staff
from tests.factories.keeping import ACTIVITY
from tests.factories.saying import someone
from tests.factories.statements import counted


@pytest.fixture
def visited(work: Work) -> Work:
    """A policy of thirteen months in force; two visits that are overdue, and one that is in March."""
    set_controller(work, legal_name="Demonstration Shop", address="Main street 1", country="DE")
    subject = someone(work)
    for at in (datetime(2024, 1, 5, tzinfo=UTC), datetime(2024, 1, 6, tzinfo=UTC), datetime(2026, 2, 10, tzinfo=UTC)):
        customers.record_activity(work, subject=subject, activity=NewActivity(kind=ActivityKind.VISIT, at=at))
    [drafted] = retention.draft(work, document=ACTIVITY)
    work.session.execute(text("UPDATE retention_policy SET state = 'active' WHERE id = :id"), {"id": drafted.id})
    work.session.expire_all()
    return work


def test_what_is_overdue_stands_in_this_month_and_the_rest_where_it_comes_due(visited: Work) -> None:
    assert retention.outlook(visited).counted_at is None
    retention.count_outlook(visited)

    found = retention.outlook(visited)

    assert list(retention_rules.active(visited)) == ["behaviour"]
    assert {one.month: one.rows for one in found.months if one.rows} == {date(2026, 11, 1): 2, date(2027, 3, 1): 1}
    assert len(found.months) == 12
    assert {month: rows for month, rows in coming(retention.simulate(visited).policies).items() if rows} == {
        date(2026, 11, 1): 2,
        date(2027, 3, 1): 1,
    }
    assert [(one.key, one.overdue.rows, one.soon.rows) for one in found.policies] == [("behaviour", 2, 0)]


def test_what_was_due_in_a_month_that_is_over_is_overdue(visited: Work) -> None:
    retention.count_outlook(visited)

    found = retention.outlook(replace(visited, now=datetime(2027, 4, 2, tzinfo=UTC)))

    assert [(one.overdue.rows, one.soon.rows) for one in found.policies] == [(3, 0)]


def test_a_policy_out_of_force_takes_nothing_away(visited: Work) -> None:
    retention.count_outlook(visited)
    visited.session.execute(text("UPDATE retention_policy SET state = 'superseded'"))
    visited.session.expire_all()

    assert retention.outlook(visited).policies == ()


def test_reading_asks_no_rows_of_people_and_needs_the_permission(visited: Work) -> None:
    retention.count_outlook(visited)
    with counted(visited) as seen:
        retention.outlook(visited)

    assert len(seen) <= 3
    assert not any("activity" in one or "person" in one for one in seen)
    with pytest.raises(ForbiddenError):
        retention.outlook(by(visited, staff("support")))
