"""What jobs do, and that they bear being stopped and run again."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import text

from governance import executors
from governance.accounts import operations as accounts
from governance.accounts.deciding import EXECUTE
from governance.accounts.operations import ProposalState
from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.consent import segmenting
from governance.custody import keeping
from governance.custody.reindexing import LOCK
from governance.customers.codes import Ground, Source
from governance.intake import operations as intake
from governance.intake.duplicates_store import FIND_DUPLICATES
from governance.intake.files import Provenance
from governance.intake.snapshots import TAKE_SNAPSHOT
from governance.kernel import jobs
from governance.kernel.clock import FixedClock, SystemClock
from governance.kernel.ids import BatchId
from governance.kernel.server import Server
from governance.kernel.settings import Secret
from governance.kernel.work import OPERATOR, SYSTEM, open_work
from governance.policies.consent_state import EventKind, Standing
from governance.policies.documents import Titles
from governance.reference.operations import set_controller
from governance.vault.epochs import index_states
from governance.vault.register import add_index_version
from governance.worker import customer_tasks, rights_tasks, store_tasks, tasks
from governance.worker.surroundings import Surroundings
from governance.worker.timetable import Entry, entries
from tests.conftest import Store
from tests.factories.saying import notice, said, someone
from tests.factories.trail import entries as trail


@pytest.fixture
def around(around: Surroundings) -> Surroundings:
    """The same, by the clock on the wall: how long something waits counts."""
    return replace(around, clock=SystemClock())


@pytest.fixture
def batch(around: Surroundings) -> BatchId:
    """An import that waits."""
    with open_work(around.store.database, OPERATOR) as work:
        set_controller(work, legal_name="ООО Ромашка", address="Москва", country="RU")
        rows = "ФИО;E-mail\n" + "".join(f"Иванова Анна;anna{n}@example.org\n" for n in range(5))
        started = intake.start(
            work, file=io.BytesIO(rows.encode()), provenance=Provenance(Source.TILL, Ground.CONTRACT)
        )
    return started.batch.id


def test_an_import_is_brought_to_its_end(around: Surroundings, batch: BatchId) -> None:
    customer_tasks.resume_import(around, batch=str(batch))
    customer_tasks.resume_import(around, batch=str(batch))

    with open_work(around.store.database, SYSTEM) as work:
        report = intake.report(work, batch=batch)
    assert (report.state, report.created) == ("finished", 5)


def test_a_worker_that_is_to_end_leaves_the_import_for_the_next(around: Surroundings, batch: BatchId) -> None:
    around.stopping.set()
    customer_tasks.resume_import(around, batch=str(batch))
    around.stopping.clear()
    tasks.find_interrupted(around)
    with open_work(around.store.database, SYSTEM) as work:
        waiting = work.session.scalars(text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'")).all()
        unfinished = intake.report(work, batch=batch).state != "finished"

    assert waiting == ([customer_tasks.RESUME_IMPORT] if unfinished else [FIND_DUPLICATES, TAKE_SNAPSHOT])
    customer_tasks.resume_import(around, batch=str(batch))
    with open_work(around.store.database, SYSTEM) as work:
        assert intake.report(work, batch=batch).state == "finished"


def test_a_run_of_a_segment_ends_with_the_worker_and_goes_on_at_its_next_start(around: Surroundings) -> None:
    with open_work(around.store.database, OPERATOR) as work:
        someone(work)
        rule = {"field": "city", "op": "known", "value": True}
        made = segmenting.define(work, key="all", titles=Titles("All", "", ""), rule=rule)
        begun = segmenting.evaluate(work, segment=made.id)
        work.session.execute(text("DELETE FROM procrastinate_jobs"))
    around.stopping.set()
    customer_tasks.run_segment(around, run=str(begun.id))
    around.stopping.clear()
    tasks.find_interrupted(around)
    with open_work(around.store.database, SYSTEM) as work:
        assert segmenting.run(work, run=begun.id).state == "running"
        assert work.session.scalars(text("SELECT task_name FROM procrastinate_jobs")).all() == [segmenting.RUN]
    customer_tasks.run_segment(around, run=str(begun.id))
    customer_tasks.run_segment(around, run=str(begun.id))
    with open_work(around.store.database, SYSTEM) as work:
        assert (seen := segmenting.run(work, run=begun.id)).state == "done"
        assert seen.done == 1


def test_a_search_for_duplicates_that_ends_with_the_worker_begins_anew(around: Surroundings, batch: BatchId) -> None:
    customer_tasks.resume_import(around, batch=str(batch))
    with open_work(around.store.database, SYSTEM) as work:
        work.session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
    around.stopping.set()
    customer_tasks.find_duplicates(around)
    with open_work(around.store.database, SYSTEM) as work:
        assert jobs.counts(work)["todo"] == 1
    around.stopping.clear()
    customer_tasks.find_duplicates(around)
    with open_work(around.store.database, SYSTEM) as work:
        assert len(trail(work, Action.DUPLICATES_SOUGHT)) == 1


def test_an_import_in_nobodys_hands_is_put_into_the_queue_once(
    around: Surroundings, batch: BatchId, fresh_store: Store
) -> None:
    tasks.find_interrupted(around)
    tasks.find_interrupted(around)

    with psycopg.connect(fresh_store.admin_url) as connection:
        rows = connection.execute("SELECT task_name, args FROM procrastinate_jobs").fetchall()
    assert rows == [("intake.resume", {"batch": str(batch)})]


def test_what_was_kept_for_a_time_is_forgotten(around: Surroundings, fresh_store: Store, batch: BatchId) -> None:
    with psycopg.connect(fresh_store.admin_url) as connection:
        connection.execute(
            "INSERT INTO idempotent_request VALUES ('client:x', '\\x00', '\\x00', 200, NULL, now() - %s)",
            (timedelta(days=2),),
        )
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('governance', 'x', 'failed')"
        )
        connection.execute("UPDATE procrastinate_events SET at = at - interval '40 days'")

    store_tasks.purge(around)

    with psycopg.connect(fresh_store.admin_url) as connection:
        left = connection.execute(
            "SELECT (SELECT count(*) FROM idempotent_request), (SELECT count(*) FROM procrastinate_jobs)"
        ).fetchone()
    assert left == (0, 0)


def test_partitions_of_the_log_are_made_ahead(around: Surroundings) -> None:
    store_tasks.partitions(around)
    store_tasks.partitions(around)


def test_a_backup_is_made_each_night_and_old_ones_go(around: Surroundings, fresh_store: Store) -> None:
    settings = replace(around.store.settings, database_admin_url=Secret(fresh_store.admin_url), backup_keep=1)
    store = replace(around.store, settings=settings, server=Server(settings, fresh_store.roles))
    with_admin = replace(around, store=store)

    store_tasks.make_backup(with_admin)
    store_tasks.make_backup(with_admin)

    folders = [path for path in (settings.data_dir / "backups").iterdir() if path.is_dir()]
    assert len(folders) == 1


def test_keys_are_rotated_when_they_are_due_and_not_before(around: Surroundings, fresh_store: Store) -> None:
    settings = replace(around.store.settings, database_admin_url=Secret(fresh_store.admin_url))
    later = FixedClock(datetime.now(UTC) + timedelta(days=settings.epoch_days))
    store = replace(around.store, settings=settings, server=Server(settings, fresh_store.roles))

    store_tasks.rotate_keys(replace(around, store=store))
    assert [epoch.id for epoch in store.keyring.epochs()] == [1]
    store_tasks.rotate_keys(replace(around, store=store, clock=later))

    assert [epoch.id for epoch in store.keyring.epochs()] == [2]


def test_a_rotation_of_indexes_that_was_interrupted_is_gone_on_with(around: Surroundings) -> None:
    store = around.store
    store.vault.versions_ttl_seconds = 0.1
    with open_work(store.database, SYSTEM) as work:
        root = store.keyring.add_index_root(now=work.now)
        add_index_version(work.session, root, state="incoming")
    with store.database.direct_connection() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        store_tasks.resume_indexes(around)
    assert [root.version for root in store.keyring.index_roots()] == [1, 2]

    store_tasks.resume_indexes(around)
    store_tasks.resume_indexes(around)

    with open_work(store.database, SYSTEM) as work:
        assert index_states(work.session) == {1: "dropped", 2: "live"}
    assert [root.version for root in store.keyring.index_roots()] == [2]


def test_the_nightly_backup_is_made_and_as_many_are_kept_as_asked(around: Surroundings, fresh_store: Store) -> None:
    settings = replace(
        around.store.settings, database_admin_url=Secret(fresh_store.admin_url), backup_keep=1, backup_hour_utc=3
    )
    store = replace(around.store, settings=settings, server=Server(settings, fresh_store.roles))

    for _ in range(2):
        tasks.TASKS["service.backup"](replace(around, store=store))

    assert len(keeping.backups(settings.data_dir / "backups")) == 1
    assert Entry("service.backup", "0 3 * * *", catch_up=True) in entries(settings)


def test_consents_lapse_by_themselves(around: Surroundings) -> None:
    with open_work(around.store.database, SYSTEM, clock=FixedClock(datetime(2024, 1, 1, tzinfo=UTC))) as work:
        notice(work, "surveys")
        subject = someone(work)
        consent.record(work, event=said(EventKind.CONFIRMED, subject=subject, purpose="surveys"))
    customer_tasks.expire_consents(replace(around, clock=FixedClock(datetime(2026, 1, 1, tzinfo=UTC))))
    with open_work(around.store.database, SYSTEM) as work:
        (state,) = consent.states_of(work, subject=subject).items
    assert state.state.standing is Standing.EXPIRED
    assert Entry("consent.expire", "25 * * * *", catch_up=True) in entries(around.store.settings)


def test_what_was_approved_is_carried_out_by_its_job(around: Surroundings) -> None:
    executors.install(around.store.database)
    with open_work(around.store.database, OPERATOR) as work:
        people = [
            accounts.create_staff(work, name="Кто-то", email=f"{name}@example.org", roles=["admin"])
            for name in ("anna", "boris")
        ]
        oleg = accounts.create_staff(work, name="Олег", email="oleg@example.org").id
        made = accounts.propose_grant(work, staff=oleg, role="sales", reason="Новый сотрудник")
        anna = accounts.staff_actor(work, staff=people[0].id)
    with open_work(around.store.database, anna) as work:
        accounts.approve(work, proposal=made.id, digest=made.digest)

    rights_tasks.tend_proposals(around)
    for _ in range(2):
        tasks.TASKS[EXECUTE](around, proposal=str(made.id))

    with open_work(around.store.database, SYSTEM) as work:
        assert accounts.staff_actor(work, staff=oleg).roles == ("sales",)
        assert accounts.find_proposal(work, proposal=made.id).state is ProposalState.EXECUTED
    assert Entry("proposals.tend", "*/5 * * * *") in entries(around.store.settings)


def test_the_base_is_counted_and_what_the_end_of_the_worker_interrupts_is_put_off(around: Surroundings) -> None:
    around.stopping.set()
    with open_work(around.store.database, SYSTEM) as work:
        someone(work)
    customer_tasks.count_base(around)
    with open_work(around.store.database, SYSTEM) as work:
        waiting = work.session.scalars(text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'")).all()
    around.stopping.clear()
    customer_tasks.count_base(around)
    with open_work(around.store.database, SYSTEM) as work:
        assert (TAKE_SNAPSHOT in waiting, intake.freshness_report(work).people) == (True, 1)
