"""Whoever dies, and whatever happens at the same time: nothing is lost, and nothing is done twice."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from governance.customers import operations as customers
from governance.customers.codes import ActivityKind
from governance.customers.records import NewActivity
from governance.erasure import operations as erasure
from governance.erasure.operations import ErasureState, Origin, OriginKind
from governance.kernel.db import Database
from governance.kernel.errors import GovernanceError
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Compartment
from governance.retention import operations as retention
from governance.retention import removing, running
from governance.retention.operations import Run, RunId, RunState
from governance.vault.keyring import Keyring
from tests import forks
from tests.conftest import lent_store
from tests.factories.customers import purchase
from tests.factories.keeping import ACTIVITY, Keeping
from tests.retention.stores import copied, prepared
from tests.stores import Store, Stores

OLD = datetime(2024, 1, 10, tzinfo=UTC)
PEOPLE = 6
WORKER = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from governance.custody.tombstones import INFO, Tombstones
from governance.kernel.db import Database
from governance.kernel.work import SYSTEM
from governance.retention import removing, running
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

url, ring, run, dies = sys.argv[1:]
database = Database(url, pool_size=2)
Vault.install(database, Keyring(Path(ring)))
database.remember(**{INFO: Tombstones(Path(ring).with_name("tombstones.jsonl"))})
removing.PEOPLE_AT_ONCE = removing.ROWS_AT_ONCE = 2
begun, receipt = [], removing._receipt

def counted(*told):
    begun.append(told)
    if dies == "before" and len(begun) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    receipt(*told)
    if dies == "within" and len(begun) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

def told(progress):
    print(progress.done, flush=True)
    if dies == "after" and len(begun) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if dies == "together":
        sys.stdin.readline()

removing._receipt = counted
if dies == "together":
    print("ready", flush=True)
    sys.stdin.readline()
running.see_through(database, actor=SYSTEM, run=UUID(run), rest=0, on_progress=told)
"""


@pytest.fixture(scope="module")
def kept(
    server_url: str, template: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stores, Keyring]]:
    def force(store: Keeping) -> None:
        store.force("inactive_customers")
        store.force_document(ACTIVITY)

    with prepared(server_url, template, tmp_path_factory.mktemp("together"), force) as found:
        yield found


@pytest.fixture
def fresh_store(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """A store of this test; with both policies in force where it asks for `overdue`."""
    if "overdue" in request.fixturenames:
        stores = request.getfixturevalue("kept")[0]
    with lent_store(stores) as lent:
        yield lent


@pytest.fixture
def keyring(kept: tuple[Stores, Keyring], tmp_path: Path) -> Keyring:
    return copied(kept[1], tmp_path)


@pytest.fixture
def store(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Keeping:
    monkeypatch.setattr(removing, "PEOPLE_AT_ONCE", 2)
    monkeypatch.setattr(removing, "ROWS_AT_ONCE", 2)
    kept = Keeping(fresh_database)
    kept.clock.at = datetime.now(UTC)  # other processes look at the clock of the host
    return kept


@pytest.fixture
def overdue(store: Keeping) -> tuple[list[SubjectId], Run]:
    """People whose data is over, and a run that was begun."""
    people = store.people(PEOPLE)
    for one in people:
        store.visits(one, OLD, OLD)
    store.seen(dict.fromkeys(people, OLD))
    return people, store.do(lambda work: retention.begin(work, at_once=True))


def receipts(store: Keeping, run: RunId) -> dict[str, list[int]]:
    """By policy what its batches took, as the log has it."""
    query = (
        "SELECT convert_from(bytes, 'UTF8')::jsonb -> 'facts' ->> 'policy', "
        "sum((convert_from(bytes, 'UTF8')::jsonb -> 'facts' ->> 'rows')::int), count(*) "
        "FROM audit_body WHERE action = 'retention:batch:done' GROUP BY 1"
    )
    return store.do(lambda work: {key: [rows, batches] for key, rows, batches in work.session.execute(text(query))})


def require_all_once(store: Keeping, done: Run) -> None:
    assert done.state is RunState.DONE
    assert {part.key: (part.rows, part.left_over) for part in done.parts} == {
        "behaviour": (2 * PEOPLE, 0),
        "inactive_customers": (PEOPLE, 0),
    }
    assert {key: rows for key, (rows, _) in receipts(store, done.id).items()} == {
        "behaviour": 2 * PEOPLE,
        "inactive_customers": PEOPLE,
    }
    batches = sum(batches for _, batches in receipts(store, done.id).values())
    assert store.count("retention_batch") == batches == sum(part.batches for part in done.parts)
    assert store.count("person") == store.count("activity") == 0
    assert store.count("audit_body WHERE action = 'erasure:person:erased'") == PEOPLE


def test_a_run_goes_on_after_its_process_was_killed_before_in_and_after_a_batch(
    store: Keeping, overdue: tuple[list[SubjectId], Run], fresh_store: Store, keyring: Keyring
) -> None:
    _, begun = overdue
    for dies in ("before", "within", "after"):
        given = [fresh_store.app_url, str(keyring.path), str(begun.id), dies]
        died = forks.run("-c", WORKER, *given)
        assert died.returncode == -9, died.stderr
    between = store.do(lambda work: retention.find_run(work, run=begun.id))
    assert 0 < sum(part.rows for part in between.parts) < 3 * PEOPLE

    require_all_once(store, store.see(begun))


def test_two_processes_share_a_run_and_do_nothing_twice(
    store: Keeping, overdue: tuple[list[SubjectId], Run], fresh_store: Store, keyring: Keyring
) -> None:
    _, begun = overdue
    given = [fresh_store.app_url, str(keyring.path), str(begun.id), "together"]
    with forks.spoken_to("-c", WORKER, *given) as one, forks.spoken_to("-c", WORKER, *given) as other:
        two = (one, other)
        assert [output.readline() for _, _, output in two] == [b"ready\n"] * 2
        for _, said, _ in two:  # neither goes on before both have done a batch
            said.write(b"\n")
        told = [output.readline() for _, _, output in two]
        for _, said, _ in two:
            said.write(b"\n" * 100)
        assert [fork.wait() for fork, _, _ in two] == [0, 0]

    assert all(told), "each had something to do"
    require_all_once(store, store.do(lambda work: retention.find_run(work, run=begun.id)))


def test_a_hold_that_is_placed_during_a_run_keeps_what_it_covers(
    store: Keeping, overdue: tuple[list[SubjectId], Run]
) -> None:
    _, begun = overdue
    held: list[SubjectId] = []

    def hold_one(_: retention.Progress) -> None:
        if not held:
            left = store.do(
                lambda work: [row[0] for row in work.session.execute(text("SELECT person_id FROM activity"))]
            )
            held.append(SubjectId(left[0]))
            store.hold(held[0], Compartment.BEHAVIOUR)

    done = retention.see_through(
        store.database, actor=SYSTEM, run=begun.id, clock=store.clock, rest=0, on_progress=hold_one
    )

    behaviour, inactive = done.parts
    assert behaviour.rows == 2 * (PEOPLE - 1)
    assert store.count(f"activity WHERE person_id = '{held[0]}'") == 2
    assert inactive.rows == PEOPLE, "what the hold does not cover goes"
    assert store.count("erasure_step WHERE step = 'behaviour' AND state = 'held'") == 1


def test_what_a_hold_kept_goes_by_itself_once_it_is_released(store: Keeping) -> None:
    [anna] = store.people(1)
    store.visits(anna, OLD)
    store.seen({anna: OLD})
    mark = store.hold(anna, Compartment.BEHAVIOUR)
    store.force("inactive_customers")
    store.run()
    assert (store.count("activity"), store.count("erasure WHERE state = 'waiting'")) == (1, 1)

    store.do(lambda work: customers.propose_release(work, subject=anna, hold=mark.id, reason="Vergleich"))

    waiting = "procrastinate_jobs WHERE task_name = 'erasure.tend' AND status = 'todo'"
    assert store.count(waiting) == 1, "nobody has to wait for the timetable"
    [begun] = store.do(erasure.list_erasures)
    assert store.do(erasure.resume) == [begun.id]
    assert erasure.run(store.database, erasure=begun.id, clock=store.clock)
    after = store.do(lambda work: erasure.show(work, erasure=begun.id))
    assert (after.state, store.count("activity"), store.count("person")) == (ErasureState.CLOSED, 0, 0)


def test_rows_that_a_hold_kept_go_by_a_run_of_their_own_once_it_is_released(store: Keeping) -> None:
    anna, boris = store.people(2)
    store.visits(anna, OLD)
    store.visits(boris, OLD)
    marks = [store.hold(one, Compartment.BEHAVIOUR) for one in (anna, boris)]
    store.force_document(ACTIVITY)
    store.force("purchases_tax")
    assert store.run().parts[0].rows == 0
    released = [
        store.do(lambda work, one=one, who=who: customers.release_hold(work, subject=who, hold=one.id, reason="ended"))  # type: ignore[misc]
        for one, who in zip(marks[:1], (anna,), strict=True)
    ]
    assert len(released) == 1
    assert store.count("procrastinate_jobs WHERE task_name = 'retention.resume' AND status = 'todo'") == 1

    assert store.do(lambda work: retention.begin_released(work, hour=-1)) is None, "by hand alone"
    other = store.do(lambda work: retention.begin(work, keys=["purchases_tax"], at_once=True))
    assert store.do(lambda work: retention.begin_released(work, hour=1)) is None
    assert store.count("procrastinate_jobs WHERE task_name = 'retention.resume' AND scheduled_at IS NOT NULL") == 1
    store.see(other)
    begun = store.do(lambda work: retention.begin_released(work, hour=1))

    assert begun is not None
    assert (begun.origin, [part.key for part in begun.parts]) == (retention.RunOrigin.RELEASE, ["behaviour"])
    assert store.see(begun).parts[0].rows == 1
    assert store.count(f"activity WHERE person_id = '{boris}'") == 1, "his hold stands"
    assert store.do(lambda work: retention.begin_released(work, hour=1)) is None, "nothing is left to go"


def test_of_two_runs_that_are_begun_at_once_one_is_refused(store: Keeping) -> None:
    store.force_document(ACTIVITY)
    second: list[str] = []

    def begin() -> None:
        try:
            store.do(lambda work: retention.begin(work, at_once=True))
        except GovernanceError as error:
            second.append(error.slug)

    with open_work(store.database, SYSTEM, clock=store.clock) as work:
        retention.begin(work, at_once=True)
        other = threading.Thread(target=begin)
        other.start()
        other.join(0.5)
        assert other.is_alive(), "it waits to see what becomes of the first"
    other.join(10)
    assert (second, store.count("retention_run")) == (["run-open"], 1)


def test_a_hold_that_comes_between_claiming_and_locking_keeps_what_it_covers(
    store: Keeping, overdue: tuple[list[SubjectId], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    people, begun = overdue
    anna, lock = people[0], removing.lock_people
    held: list[object] = []

    def lock_late(work: Work, found: Sequence[UUID], *, to_erase: bool) -> frozenset[UUID]:
        if not held:
            held.append(store.hold(anna, Compartment.BEHAVIOUR))
        return lock(work, found, to_erase=to_erase)

    monkeypatch.setattr(removing, "lock_people", lock_late)
    done = store.see(begun)

    assert held, "after its rows were found to be due"
    assert done.parts[0].people == PEOPLE - 1
    assert store.count(f"activity WHERE person_id = '{anna}'") > 0


def test_whoever_is_active_while_a_batch_looks_at_them_stays(
    store: Keeping, overdue: tuple[list[SubjectId], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    people, begun = overdue
    anna = people[0]
    with open_work(store.database, SYSTEM, clock=store.clock) as work:
        customers.record_purchase(work, subject=anna, purchase=purchase(paid_at=store.clock.at.date()))
        waited: list[float] = []

        def commit(seconds: float) -> None:
            if seconds and not waited:
                waited.append(seconds)
                work.session.commit()

        monkeypatch.setattr(running.time, "sleep", commit)
        done = store.see(begun)

    assert waited, "the batch waited for the purchase, which was not committed yet"
    assert {part.key: part.people for part in done.parts} == {"behaviour": PEOPLE, "inactive_customers": PEOPLE - 1}
    assert store.count(f"person WHERE id = '{anna}'") == store.count("purchase") == 1


def test_whoever_is_erased_in_a_batch_can_do_nothing_at_the_same_time_that_would_be_left(
    store: Keeping, overdue: tuple[list[SubjectId], Run]
) -> None:
    people, begun = overdue
    refused: list[bool] = []
    started, claimed = threading.Event(), threading.Event()

    def visit() -> None:
        claimed.wait(30)
        try:
            with open_work(store.database, SYSTEM, clock=store.clock) as work:
                started.set()
                new = NewActivity(kind=ActivityKind.VISIT, at=store.clock.at)
                customers.record_activity(work, subject=people[0], activity=new)
            refused.append(False)
        except GovernanceError:
            refused.append(True)

    guest = threading.Thread(target=visit)
    guest.start()
    erase = erasure.erase_many

    def slowly(work, **told):  # type: ignore[no-untyped-def]  # as the operation
        claimed.set()
        started.wait(30)
        return erase(work, **told)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(removing.erasure, "erase_many", slowly)
        done = store.see(begun)
    guest.join(60)

    left = store.count("person")
    assert done.parts[1].people == PEOPLE - left
    assert store.count("activity") == left, "nothing is left of whoever is gone"
    assert refused == [left == 0]


def test_a_law_keeps_purchases_through_an_erasure_request_and_the_policy_takes_them_on_their_day(
    store: Keeping,
) -> None:
    anna, boris = store.people(2)
    for who, day in ((anna, date(2019, 3, 1)), (boris, date(2019, 5, 1))):
        store.do(
            lambda work, who=who, day=day: customers.record_purchase(work, subject=who, purchase=purchase(paid_at=day))  # type: ignore[misc]
        )
    store.force("purchases_tax")
    begun = store.do(lambda work: erasure.begin(work, person=anna, origin=Origin(OriginKind.REQUEST)))
    assert erasure.run(store.database, erasure=begun, clock=store.clock)
    kept = store.do(lambda work: erasure.show(work, erasure=begun))
    assert (kept.state, store.count("purchase WHERE person_id IS NULL")) == (ErasureState.WAITING, 1)

    for at, left in ((datetime(2027, 12, 31, 22, tzinfo=UTC), 2), (datetime(2027, 12, 31, 23, 30, tzinfo=UTC), 0)):
        store.clock.at = at  # in Berlin a new year begins an hour earlier
        store.run()
        assert store.count("purchase") == left, at
    store.do(erasure.resume)
    assert erasure.run(store.database, erasure=begun, clock=store.clock)
    assert store.do(lambda work: erasure.show(work, erasure=begun)).state is ErasureState.CLOSED


NIGHTS = (
    # In Berlin clocks go forward on 29 March 2026 and back on 25 October 2026.
    (datetime(2026, 2, 28, 22, 59, 59, 999999, UTC), datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),
    (datetime(2026, 2, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 22, 30, tzinfo=UTC)),
    (datetime(2026, 9, 25, 21, 59, 59, 999999, UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC)),
    (datetime(2024, 1, 31, 12, 0, tzinfo=UTC), datetime(2024, 2, 29, 23, 0, tzinfo=UTC)),
)


def test_edges_of_days_hold_in_the_database_as_on_paper(store: Keeping) -> None:
    """What was done at the last instant of a day is due from midnight on, not at the very instant of the edge."""
    [anna] = store.people(1)
    store.force_document(ACTIVITY.replace("P13M", "P1M"))
    for done_at, now in NIGHTS:
        store.clock.at = now
        store.do(lambda work: work.session.execute(text("DELETE FROM activity")))
        told = store.do(retention.simulate).policies[0].cutoff
        for at in (told - timedelta(microseconds=1), told, done_at):
            store.do(
                lambda work, at=at: work.session.execute(  # type: ignore[misc]
                    text(
                        "INSERT INTO activity (id, person_id, kind, at, created_at, owner_id) "
                        "SELECT gen_random_uuid(), id, 'visit', :at, :at, owner_id FROM person WHERE id = :one"
                    ),
                    {"one": anna, "at": at},
                )
            )
        before = store.count(f"activity WHERE at < '{told.isoformat()}'")

        assert store.run().parts[0].rows == before, now
        assert store.count(f"activity WHERE at = '{told.isoformat()}'") >= 1, "strictly before"


def test_what_a_restore_brings_back_is_purged_before_the_service_opens(
    store: Keeping, overdue: tuple[list[SubjectId], Run]
) -> None:
    _, begun = overdue
    store.do(lambda work: retention.stop(work, run=begun.id))
    store.run()
    assert store.count("person") == 0
    again = store.people(2)
    store.seen(dict.fromkeys(again, OLD))
    left = store.do(lambda work: retention.begin(work, at_once=True))

    restored = retention.purge_restored(store.database, actor=SYSTEM, clock=store.clock)

    assert restored is not None
    assert (restored.origin, restored.state) == (retention.RunOrigin.RESTORE, RunState.DONE)
    assert store.count("person") == 0
    assert store.do(lambda work: retention.find_run(work, run=left.id)).state is RunState.STOPPED
