"""What cannot go is counted, shown and tried again, hinders nothing else, and is never told as done."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from governance.kernel.db import Database
from governance.retention import operations as retention
from governance.retention import running
from governance.retention.operations import RunState
from tests.conftest import NOW, Store
from tests.factories.keeping import ACTIVITY, Keeping, hinder, hinder_no_more

OLD = datetime(2024, 1, 10, tzinfo=UTC)


@pytest.fixture
def store(fresh_database: Database) -> Keeping:
    return Keeping(fresh_database)


def test_rows_that_the_database_refuses_are_counted_and_shown_and_go_once_nothing_hinders_them(
    store: Keeping, fresh_store: Store
) -> None:
    people = store.people(5)
    for one in people:
        store.visits(one, OLD, OLD)
    rows = store.do(lambda work: [row[0] for row in work.session.execute(text("SELECT id FROM activity ORDER BY id"))])
    stuck = {rows[1], rows[6]}
    store.force_document(ACTIVITY)
    hinder(fresh_store.admin_url, stuck)

    done = store.run()

    part = done.parts[0]
    assert (done.state, part.rows, part.failed, part.left_over) == (RunState.DONE, 8, 2, 2)
    told = store.do(lambda work: retention.failures(work, run=done.id))
    assert {(one.policy, one.object, one.slug, one.attempts) for one in told} == {
        ("behaviour", one, "refused-by-database", 1) for one in stuck
    }
    assert store.count("activity") == 2
    batches = "SELECT sum((convert_from(bytes, 'UTF8')::jsonb -> 'facts' ->> 'rows')::int) FROM audit_body WHERE action"
    assert store.do(lambda work: work.session.scalar(text(f"{batches} = 'retention:batch:done'"))) == 8
    alerts = "SELECT facts ->> 'rows' FROM alert WHERE kind = 'purge_failed'"
    assert store.do(lambda work: work.session.scalars(text(alerts)).all()) == ["2"]

    again = store.run()
    assert (again.parts[0].due_rows, again.parts[0].rows, again.parts[0].failed) == (2, 0, 2)
    assert {one.attempts for one in store.do(lambda work: retention.failures(work, run=again.id))} == {2}

    hinder_no_more(fresh_store.admin_url)
    last = store.run().parts[0]
    assert (last.rows, last.failed, last.left_over, store.count("activity")) == (2, 0, 0, 0)


def test_a_part_in_which_all_fails_is_given_up_and_the_others_go_on(
    store: Keeping, fresh_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.failing, "MOST_FAILURES", 3)
    boris, anna, *others = people = store.people(7)
    for one in people[1:]:
        store.visits(one, OLD)
    store.seen({anna: OLD, boris: OLD, **dict.fromkeys(others, NOW)})
    store.force_document(ACTIVITY)
    store.force("inactive_customers")
    rows = store.do(lambda work: [row[0] for row in work.session.execute(text("SELECT id FROM activity"))])
    hinder(fresh_store.admin_url, rows)

    behaviour, inactive = store.run().parts

    assert (behaviour.rows, behaviour.failed, behaviour.left_over) == (0, 3, 6)
    assert (inactive.rows, inactive.failed, inactive.left_over) == (1, 1, 1), "of one of the two a row does not go"
    assert store.count("person") == 6
