"""Runs: exactly what was foreseen, in batches, once; held and restricted data stay; too much at once waits."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Compartment
from governance.policies.retention import RetentionPolicy
from governance.retention import beginning, removing, running
from governance.retention import operations as retention
from governance.retention.due import Rules
from governance.retention.operations import RunOpenError, RunState
from governance.retention.simulating import FUSE_PEOPLE, Counted
from tests.conftest import NOW
from tests.factories.actors import by, staff
from tests.factories.customers import interaction, purchase
from tests.factories.keeping import ACTIVITY, Keeping

TWICE = (
    "INSERT INTO activity (id, owner_id, person_id, kind, at, created_at) "
    "SELECT gen_random_uuid(), owner_id, person_id, kind, at, created_at FROM activity"
)
OLD, NEW = datetime(2024, 1, 10, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def store(fresh_database: Database) -> Keeping:
    return Keeping(fresh_database)


def test_a_run_takes_away_what_is_overdue_and_nothing_else(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD, OLD + timedelta(days=1), NEW)
    store.force_document(ACTIVITY)

    done = store.run()

    assert done.state is RunState.DONE
    assert [(part.key, part.people, part.rows, part.left_over) for part in done.parts] == [("behaviour", 1, 2, 0)]
    assert store.count("activity") == 1


def test_a_second_run_finds_nothing(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD)
    store.force_document(ACTIVITY)
    store.run()

    again = store.run()

    assert (again.parts[0].due_rows, again.parts[0].rows) == (0, 0)


def test_each_persons_history_tells_of_it_and_each_batch_has_a_receipt(
    store: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "ROWS_AT_ONCE", 2)
    anna, boris = store.people(2)
    store.visits(anna, OLD, OLD, OLD)
    store.visits(boris, OLD)
    store.force_document(ACTIVITY)

    done = store.run()

    assert done.parts[0].batches == 2
    assert store.count("retention_batch") == 2
    assert store.count("audit_body WHERE action = 'retention:batch:done'") == 2
    assert store.count("audit_body JOIN person USING (subject_ref) WHERE action = 'retention:rows:purged'") >= 2


def test_what_a_hold_covers_stays_until_it_is_released(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD)
    held = store.hold(anna, Compartment.BEHAVIOUR)
    store.force_document(ACTIVITY)

    assert store.run().parts[0].rows == 0
    assert store.do(retention.simulate).policies[0].held == 1

    store.do(lambda work: customers.release_hold(work, subject=anna, hold=held.id, reason="Vergleich"))
    assert store.run().parts[0].rows == 1


def test_a_hold_on_another_compartment_keeps_nothing_here(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD)
    store.hold(anna, Compartment.FINANCE)
    store.force_document(ACTIVITY)

    assert store.run().parts[0].rows == 1


def test_data_that_may_only_be_stored_stay(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD)
    store.do(lambda work: customers.restrict(work, subject=anna, reason=RestrictionReason.NEEDED_FOR_CLAIMS))
    store.force_document(ACTIVITY)

    assert store.run().parts[0].rows == 0
    assert store.do(retention.simulate).policies[0].restricted == 1


def test_fields_are_emptied_and_their_rows_stay(store: Keeping) -> None:
    [anna] = store.people(1)
    for at in (OLD, NEW):
        new = interaction(at=at, note="Она звонила")
        store.do(lambda work, new=new: customers.record_interaction(work, subject=anna, interaction=new))
    store.force("interaction_notes")

    done = store.run()

    assert done.parts[0].rows == 1
    assert store.count("interaction") == 2
    assert store.count("interaction WHERE note_sealed IS NULL") == 1
    assert store.count("interaction WHERE result_sealed IS NULL") == 0


def test_a_purchase_that_a_law_wants_stays_until_the_end_of_the_eighth_year(store: Keeping) -> None:
    [anna] = store.people(1)
    for day in ("2017-12-31", "2018-01-01"):
        new = purchase(paid_at=datetime.fromisoformat(day).date(), number=day)
        store.do(lambda work, new=new: customers.record_purchase(work, subject=anna, purchase=new))
    store.force("purchases_tax")

    done = store.run()

    assert done.parts[0].rows == 1
    assert store.count("purchase") == 1


def test_a_person_who_is_inactive_is_erased_and_a_young_purchase_stays_without_them(store: Keeping) -> None:
    anna, boris = store.people(2)
    store.do(lambda work: customers.record_purchase(work, subject=anna, purchase=purchase()))
    store.seen({anna: OLD, boris: NEW})
    store.force("inactive_customers")

    done = store.run()

    assert (done.parts[0].people, done.parts[0].left_over) == (1, 0)
    assert store.count("person") == 1
    assert store.count("purchase WHERE person_id IS NULL") == 1


def test_whoever_was_active_in_mid_run_is_not_erased(store: Keeping) -> None:
    [anna] = store.people(1)
    store.seen({anna: OLD})
    store.force("inactive_customers")
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    store.visits(anna, NOW)

    done = retention.see_through(store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0)

    assert (done.parts[0].due_people, done.parts[0].people) == (1, 0)
    assert store.count("person") == 1


def test_a_run_that_would_touch_too_many_waits_to_be_approved(store: Keeping) -> None:
    people = store.people(60)
    store.force_document(ACTIVITY)
    for one in people:
        store.do(
            lambda work, one=one: work.session.execute(
                text(
                    "INSERT INTO activity (id, person_id, kind, at, created_at, owner_id) "
                    "SELECT gen_random_uuid(), id, 'visit', :at, :at, owner_id FROM person WHERE id = :one"
                ),
                {"one": one, "at": OLD},
            )
        )

    store.do(lambda work: work.session.execute(text(TWICE)))
    begun = store.do(lambda work: retention.begin(work, at_once=True))

    assert begun.due_people == 60, "people, not rows"
    assert begun.state is RunState.FUSED
    assert store.count("alert WHERE kind = 'purge_fused'") == 1
    untouched = retention.see_through(store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0)
    assert (untouched.state, store.count("activity")) == (RunState.FUSED, 120)

    store.do(lambda work: retention.propose_resumption(work, run=begun.id, reason="An old base, looked at."))

    done = retention.see_through(store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0)
    assert (done.state, done.parts[0].people, store.count("activity")) == (RunState.DONE, 60, 0)


def test_what_was_overdue_when_a_policy_was_simulated_goes_in_the_waves_that_were_approved_and_no_more(
    store: Keeping,
) -> None:
    store.people(60)
    every = text(
        "INSERT INTO activity (id, person_id, kind, at, created_at, owner_id) "
        "SELECT gen_random_uuid(), id, 'visit', :at, :at, owner_id FROM person, generate_series(1, 2)"
    )
    store.do(lambda work: work.session.execute(every, {"at": OLD}))
    [version] = store.force_document(ACTIVITY)
    assert (version.wave_size, version.waves_left) == (60, 2)
    [told] = store.do(lambda work: work.session.scalars(text("SELECT payload FROM proposal")).all())
    assert told["waves"] == 2, "it is approved with the policy"

    gone = []
    for left in (1, 0):
        done = store.run()
        assert done.state is RunState.DONE, "what was approved trips no fuse"
        gone.append((done.parts[0].at_most, done.parts[0].rows, done.parts[0].left_over))
        assert store.do(lambda work: retention.policy(work, policy=version.id)).waves_left == left
    assert gone == [(60, 60, 60), (60, 60, 0)]

    store.do(lambda work: work.session.execute(every, {"at": OLD}))
    assert store.do(lambda work: retention.begin(work, at_once=True)).state is RunState.FUSED, "that was not foreseen"


def test_a_run_of_ten_times_the_usual_waits_though_it_is_a_small_share_of_the_store(
    store: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "count_store", lambda _: 10_000)
    store.force_document(ACTIVITY)
    people = store.people(60)
    done = (
        "INSERT INTO activity (id, person_id, kind, at, created_at, owner_id) SELECT gen_random_uuid(), id, 'visit', "
    )
    every = text(f"{done} :at, :at, owner_id FROM person")
    store.do(lambda work: work.session.execute(every, {"at": OLD}))
    assert store.run().state is RunState.DONE, "nothing is known yet of what is usual, and 60 of 10,000 are few"
    for _ in range(11):
        store.visits(people[0], OLD)
        assert store.run().state is RunState.DONE
    store.do(lambda work: work.session.execute(every, {"at": OLD}))

    assert store.do(lambda work: retention.begin(work, at_once=True)).state is RunState.FUSED


def test_what_is_left_is_counted_once_by_a_run_that_finds_nothing(
    store: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.force_document(ACTIVITY)
    counted: list[str] = []
    count = running.count_due

    def counting(work: Work, rules: Rules, policy: RetentionPolicy) -> Counted:
        counted.append(policy.key)
        return count(work, rules, policy)

    monkeypatch.setattr(running, "count_due", counting)

    assert store.run().parts[0].left_over == 0
    assert counted == ["behaviour"]


def test_a_second_run_is_refused_while_one_is_under_way(store: Keeping) -> None:
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))

    with pytest.raises(RunOpenError):
        store.do(lambda work: retention.begin(work, at_once=True))

    store.do(lambda work: retention.stop(work, run=begun.id))
    assert store.run().state is RunState.DONE


def test_whoever_may_not_run_policies_begins_and_stops_nothing(store: Keeping) -> None:
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))

    with pytest.raises(ForbiddenError):
        store.do(lambda work: retention.begin(by(work, staff("marketer"))))
    with pytest.raises(ForbiddenError):
        store.do(lambda work: retention.stop(by(work, staff("marketer")), run=begun.id))


def test_after_a_run_was_stopped_between_two_batches_nothing_more_goes(
    store: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "ROWS_AT_ONCE", 1)
    [anna] = store.people(1)
    store.visits(anna, OLD, OLD + timedelta(days=1), OLD + timedelta(days=2))
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))

    def stop(_: object) -> None:
        store.do(lambda work: retention.stop(work, run=begun.id))

    ended = retention.see_through(
        store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0, on_progress=stop
    )

    assert (ended.state, store.count("activity")) == (RunState.STOPPED, 2)


def test_a_stopped_run_goes_no_further(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD)
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    store.do(lambda work: retention.stop(work, run=begun.id))

    ended = retention.see_through(store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0)

    assert ended.state is RunState.STOPPED
    assert store.count("activity") == 1


def test_a_policy_that_was_superseded_in_mid_run_acts_no_more(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD)
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    store.force_document(ACTIVITY.replace("P13M", "P10Y"))

    done = retention.see_through(store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0)

    assert (done.state, done.parts[0].rows) == (RunState.DONE, 0)
    assert store.count("activity") == 1


def test_a_run_that_touches_as_many_as_it_may_goes_on(store: Keeping) -> None:
    store.people(FUSE_PEOPLE)
    old = "SELECT gen_random_uuid(), id, 'visit', :at, :at, owner_id FROM person"
    added = text(f"INSERT INTO activity (id, person_id, kind, at, created_at, owner_id) {old}")
    store.do(lambda work: work.session.execute(added, {"at": OLD}))
    store.force_document(ACTIVITY)

    begun = store.do(lambda work: retention.begin(work, at_once=True))
    assert (begun.due_people, begun.state) == (FUSE_PEOPLE, RunState.RUNNING)


def test_what_becomes_due_after_a_run_was_begun_is_left_to_the_next(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD, datetime(2025, 10, 25, tzinfo=UTC))
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    store.clock.at = NOW + timedelta(days=10)

    assert store.see(begun).parts[0].rows == 1
    assert store.run().parts[0].rows == 1


def test_a_clock_that_was_set_back_makes_nothing_due(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD)
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    store.clock.at = datetime(2024, 6, 1, tzinfo=UTC)

    done = retention.see_through(store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0)

    assert done.parts[0].rows == 0


def test_rows_that_another_transaction_has_locked_are_waited_for(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD, OLD)
    store.force_document(ACTIVITY)
    begun = store.do(lambda work: retention.begin(work, at_once=True))
    with open_work(store.database, SYSTEM, clock=store.clock) as work:
        work.session.execute(text("SELECT id FROM activity LIMIT 1 FOR UPDATE"))
        told: list[int] = []

        class EnoughError(Exception):
            pass

        def stop(progress: retention.Progress) -> None:
            told.append(progress.done)
            raise EnoughError

        with pytest.raises(EnoughError):
            retention.see_through(
                store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0, on_progress=stop
            )
    assert told == [1]

    done = retention.see_through(store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0)

    assert (done.state, done.parts[0].rows) == (RunState.DONE, 2)


def test_the_nightly_run_begins_once_a_day_from_its_hour_on_in_the_controllers_zone(store: Keeping) -> None:
    store.force_document(ACTIVITY)
    begun = []
    for at in ("2026-11-21T23:30", "2026-11-22T00:35", "2026-11-22T05:35", "2026-11-23T00:35"):
        store.clock.at = datetime.fromisoformat(at).replace(tzinfo=UTC)  # Berlin is an hour ahead
        run = store.do(lambda work: retention.begin_nightly(work, hour=1))
        if run is not None:
            begun.append(at)
            retention.see_through(store.database, actor=SYSTEM, run=run.id, clock=store.clock, rest=0)

    assert begun == ["2026-11-22T00:35", "2026-11-23T00:35"]
    assert store.do(lambda work: retention.begin_nightly(work, hour=-1)) is None
