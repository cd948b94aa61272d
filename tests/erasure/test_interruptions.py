"""Whatever dies, fails or happens at the same time, every step is done once, and nothing is said that is not so."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from governance import executors
from governance.audit.actions import Action
from governance.consent import operations as consent
from governance.custody.tombstones import INFO, Tombstones
from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.customers.contact_values import ContactSaid
from governance.customers.merging import MergeId
from governance.erasure import operations as erasure
from governance.erasure.errors import MergeInErasureError
from governance.erasure.operations import ErasureId, ErasureState, Step, StepState
from governance.intake import operations as intake
from governance.kernel.clock import FixedClock
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError, GovernanceError
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, Work, open_work
from governance.policies.classification import Compartment
from governance.policies.consent_facts import SuppressionReason
from governance.policies.purposes import Channel
from governance.vault.keyring import Keyring
from tests import forks
from tests.conftest import NOW, Store
from tests.factories.customers import email, interaction
from tests.factories.erasing import ASKED, count, hold, shop, whole

CLOCK = FixedClock(NOW)
KILLED_IN = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from governance.custody.tombstones import INFO, Tombstones
from governance.erasure import operations as erasure, steps
from governance.kernel.db import Database
from governance.vault.keyring import Keyring
from governance.vault.runtime import Vault

url, ring, begun, step = sys.argv[1:]
database = Database(url, pool_size=1)
Vault.install(database, Keyring(Path(ring)))
database.remember(**{INFO: Tombstones(Path(ring).with_name("tombstones.jsonl"))})
do = steps.do

def die_in(one, task):
    counts = do(one, task)
    if one.value == step:
        os.kill(os.getpid(), signal.SIGKILL)
    return counts

steps.do = die_in
erasure.run(database, erasure=UUID(begun))
"""


def begin(database: Database, mark: str) -> ErasureId:
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        if not count(work, "controller_version"):
            shop(work)
        one = whole(work, contacts=(email(f"{mark}@example.org"),))
        return erasure.begin(work, person=one, origin=ASKED)


def seen(database: Database, begun: ErasureId) -> erasure.Erasure:
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        return erasure.show(work, erasure=begun)


def test_an_erasure_goes_on_after_its_process_was_killed_in_a_step(
    fresh_database: Database, fresh_store: Store, keyring: Keyring
) -> None:
    killed = [one for one in Step if one not in (Step.FINANCE, Step.EVIDENCE)]
    for step in killed:
        begun = begin(fresh_database, step.value)
        given = [fresh_store.app_url, str(keyring.path), str(begun), step.value]
        died = forks.run("-c", KILLED_IN, *given)
        assert died.returncode == -9, died.stderr
        after = {one.step: one.state for one in seen(fresh_database, begun).steps}
        assert after[step] is StepState.PENDING
        assert StepState.DONE in after.values() or step is Step.SUPPRESS

        assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)
        assert seen(fresh_database, begun).state is ErasureState.WAITING
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        assert [count(work, table) for table in ("person", "contact", "interaction")] == [0, 0, 0]
        assert count(work, "purchase WHERE person_id IS NULL") == len(killed)
        told = work.session.execute(
            text("SELECT object_id, count(*) FROM audit_body WHERE action = 'erasure:step:done' GROUP BY 1")
        ).all()
        assert {number for _, number in told} == {len(Step) - 2}


def test_a_step_that_fails_is_shown_with_its_slug_and_tried_again(
    fresh_database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    begun = begin(fresh_database, "failing")
    (tmp_path / "nowhere").write_text("a file, and no folder")
    fresh_database.remember(**{INFO: Tombstones(tmp_path / "nowhere" / "tombstones.jsonl")})
    assert not erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    assert not erasure.run(fresh_database, erasure=begun, clock=CLOCK)  # its time has not come
    [failed] = [one for one in seen(fresh_database, begun).steps if one.attempts]
    assert (failed.step, failed.state, failed.attempts) == (Step.KEYS, StepState.PENDING, 1)
    assert failed.failure
    assert failed.next_at == NOW + timedelta(minutes=1)

    fresh_database.remember(**{INFO: Tombstones(keyring.path.with_name("tombstones.jsonl"))})
    assert erasure.run(fresh_database, erasure=begun, clock=FixedClock(NOW + timedelta(minutes=2)))
    assert seen(fresh_database, begun).state is ErasureState.WAITING


def test_what_is_written_at_the_same_time_is_erased_with_the_rest_or_refused(fresh_database: Database) -> None:
    begun = begin(fresh_database, "racing")
    done: list[bool] = []
    runner = threading.Thread(target=lambda: done.append(erasure.run(fresh_database, erasure=begun, clock=CLOCK)))
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        one = work.session.execute(text("SELECT id FROM person")).scalar_one()
        customers.edit(work, subject=one, patch={"city": "Псков"})
        runner.start()
        runner.join(timeout=0.5)
        assert runner.is_alive()
    runner.join(timeout=20)

    assert done == [True]
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        assert count(work, "person") == 0


def test_two_who_run_the_same_erasure_do_each_step_once(fresh_database: Database) -> None:
    begun = begin(fresh_database, "twice")
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        assert erasure.run_next(work, erasure=begun)
        assert not erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)


def test_an_erasure_whose_job_was_lost_is_found_again(fresh_database: Database) -> None:
    begun = begin(fresh_database, "lost")
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        work.session.execute(text("DELETE FROM procrastinate_jobs"))
        assert erasure.resume(replace(work, now=NOW + timedelta(minutes=5))) == [begun]
        assert count(work, "procrastinate_jobs WHERE task_name = 'erasure.run'") == 1


def test_evidence_and_names_leave_by_erasure_alone(fresh_database: Database) -> None:
    begin(fresh_database, "guarded")
    for statement in (
        "DELETE FROM consent_event",
        "UPDATE person SET subject_ref = gen_random_uuid()",
        "SELECT erasure_forget_evidence(gen_random_uuid())",
        "SELECT erasure_rename(gen_random_uuid())",
    ):
        with (
            open_work(fresh_database, SYSTEM, clock=CLOCK) as work,
            pytest.raises(Exception, match=r"permission denied|in the course of their erasure only"),
            work.session.begin_nested(),
        ):
            work.session.execute(text(statement))


def test_an_erasure_that_the_log_does_not_tell_of_deletes_no_evidence(fresh_database: Database) -> None:
    begun = begin(fresh_database, "untold")
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        work.session.execute(
            text(
                "INSERT INTO erasure SELECT gen_random_uuid(), origin, NULL, 'running', 1, NULL, country, zone, "
                "begun_at, 'system', NULL, gen_random_uuid() FROM erasure WHERE id = :begun"
            ),
            {"begun": begun},
        )
        forged = work.session.execute(text("SELECT id FROM erasure WHERE id <> :begun"), {"begun": begun}).scalar_one()
        work.session.execute(
            text(
                "INSERT INTO erasure_target VALUES (:forged, gen_random_uuid(), NULL, "
                "ARRAY['00000000-0000-0000-0000-000000000001'::uuid], ARRAY[gen_random_uuid()])"
            ),
            {"forged": forged},
        )
        with pytest.raises(DBAPIError, match="in the course of their erasure only"), work.session.begin_nested():
            work.session.execute(text("SELECT erasure_forget_evidence(:forged)"), {"forged": forged})


def people(database: Database, *marks: str) -> list[SubjectId]:
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        if not count(work, "controller_version"):
            shop(work)
        return [whole(work, contacts=(email(f"{mark}@example.org"),)) for mark in marks]


def begun_for(database: Database, one: SubjectId) -> ErasureId:
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        return erasure.begin(work, person=one, origin=ASKED)


def merged(database: Database, into: SubjectId, other: SubjectId) -> None:
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        intake.merge(work, into=into, other=other, reason="Same person")


def nothing_is_left(database: Database, *erasures: ErasureId, others: int = 0) -> None:
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        for one in erasures:
            assert erasure.show(work, erasure=one).state is ErasureState.WAITING
            found = erasure.prove(work, erasure=one)
            assert found.left == ()
        left = [count(work, table) for table in ("person", "contact", "interaction", "activity", "person_merge")]
        assert left == [others, others, others, others, 0]
        gone = "owner_id IN (SELECT unnest(owners) FROM erasure_target)"
        assert count(work, f"purchase WHERE person_id IS NULL AND {gone}") == count(work, f"purchase WHERE {gone}")


@pytest.mark.parametrize("after", [0, 4, 7])
@pytest.mark.parametrize("direction", ["into", "from"])
def test_whoever_is_merged_with_somebody_who_is_being_erased_goes_along(
    fresh_database: Database, after: int, direction: str
) -> None:
    one, other = people(fresh_database, "one", "other")
    begun = begun_for(fresh_database, one)
    for _ in range(after):
        with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
            assert erasure.run_next(work, erasure=begun)
    merged(fresh_database, *((one, other) if direction == "into" else (other, one)))

    assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    nothing_is_left(fresh_database, begun)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        digests = "(SELECT DISTINCT digest FROM suppression WHERE scope = 'everything' AND lifted_at IS NULL) AS known"
        assert count(work, digests) == 2


def test_two_erasures_of_people_who_are_merged_meanwhile_both_end(fresh_database: Database) -> None:
    one, other = people(fresh_database, "one", "other")
    first, second = begun_for(fresh_database, one), begun_for(fresh_database, other)
    merged(fresh_database, one, other)

    assert erasure.run(fresh_database, erasure=second, clock=CLOCK)
    assert erasure.run(fresh_database, erasure=first, clock=CLOCK)
    nothing_is_left(fresh_database, first, second)


def test_merging_and_erasing_at_the_same_time_ends_in_erased(fresh_database: Database) -> None:
    couples = [people(fresh_database, f"a{number}", f"b{number}") for number in range(4)]
    begun = [begun_for(fresh_database, one) for one, _ in couples]
    failures: list[str] = []

    def merge_all() -> None:
        for number, (one, other) in enumerate(couples):
            try:
                merged(fresh_database, *((one, other) if number % 2 else (other, one)))
            except GovernanceError as error:  # whoever is gone by now is merged with nobody
                failures.append(error.slug)

    merging = threading.Thread(target=merge_all)
    merging.start()
    done = [erasure.run(fresh_database, erasure=one, clock=CLOCK) for one in begun]
    merging.join(timeout=30)
    for one, through in zip(begun, done, strict=True):
        assert through or erasure.run(fresh_database, erasure=one, clock=FixedClock(NOW + timedelta(hours=1)))
    assert set(failures) <= {"not-found", "no-such-person", "person-merged"}, failures
    nothing_is_left(fresh_database, *begun, others=len(failures))


def test_a_hold_that_is_placed_midway_keeps_what_is_still_there_until_it_is_released(fresh_database: Database) -> None:
    [one] = people(fresh_database, "held")
    begun = begun_for(fresh_database, one)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        assert erasure.run_next(work, erasure=begun)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        placed = hold(work, one, Compartment.BEHAVIOUR)
    assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        assert [count(work, table) for table in ("interaction", "contact", "person")] == [1, 0, 1]
        customers.release_hold(work, subject=one, hold=placed.id, reason="Over")
        assert erasure.resume(work) == [begun]
    assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    nothing_is_left(fresh_database, begun)


def test_a_step_waits_for_whoever_is_placing_a_hold(fresh_database: Database) -> None:
    [one] = people(fresh_database, "held")
    begun = begun_for(fresh_database, one)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        while next_step(work, begun) is not Step.BEHAVIOUR:
            erasure.run_next(work, erasure=begun)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as placing:
        hold(placing, one, Compartment.BEHAVIOUR)
        with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
            work.session.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(LockNotAvailable), work.session.begin_nested():
                erasure.run_next(work, erasure=begun)


def next_step(work: Work, begun: ErasureId) -> Step:
    return next(one.step for one in erasure.show(work, erasure=begun).steps if one.state is StepState.PENDING)


def undone(database: Database) -> None:
    with open_work(database, SYSTEM, clock=CLOCK) as work:
        merge = work.session.execute(text("SELECT id FROM person_merge")).scalar_one()
        intake.undo_merge(work, merge=MergeId(merge))


@pytest.mark.parametrize("asked_for", ["stays", "goes", "meanwhile"])
def test_whoever_a_merge_brought_into_an_erasure_goes_free_where_it_is_undone_before_anything_is_gone(
    fresh_database: Database, asked_for: str
) -> None:
    executors.install(fresh_database)
    one, other = people(fresh_database, "one", "other")
    into, gone = (other, one) if asked_for == "goes" else (one, other)
    if asked_for == "stays":
        merged(fresh_database, into, gone)
    begun = begun_for(fresh_database, one)
    for _ in range(2):  # the ledger, and the end of all consents
        with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
            assert erasure.run_next(work, erasure=begun)
    if asked_for != "stays":
        merged(fresh_database, into, gone)
    undone(fresh_database)

    assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        left = [count(work, table) for table in ("person", "contact", "interaction", "activity")]
        assert left == [1, 1, 1, 1]
        free = customers.read(work, subject=other)
        assert (free.merged_into, len(free.contacts)) == (None, 1)
        assert erasure.prove(work, erasure=begun, values=["one@example.org"]).left == ()
        assert erasure.show(work, erasure=begun).people == 1
        freed = count(work, f"audit_body WHERE action = '{Action.ERASURE_FREED.value}'")
        assert freed == (1 if asked_for == "stays" else 0)


def test_a_merge_is_not_undone_once_an_erasure_took_something_of_the_two(fresh_database: Database) -> None:
    executors.install(fresh_database)
    one, other = people(fresh_database, "one", "other")
    merged(fresh_database, one, other)
    begun = begun_for(fresh_database, one)
    for _ in range(3):
        with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
            assert erasure.run_next(work, erasure=begun)
    with pytest.raises(MergeInErasureError, match="legal hold"):
        undone(fresh_database)

    assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    nothing_is_left(fresh_database, begun)


def test_a_merge_is_not_undone_while_a_step_is_being_done(fresh_database: Database) -> None:
    executors.install(fresh_database)
    one, other = people(fresh_database, "one", "other")
    merged(fresh_database, one, other)
    begun = begun_for(fresh_database, one)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        work.session.execute(text("SELECT FROM erasure WHERE id = :begun FOR UPDATE"), {"begun": begun})
        with pytest.raises(ConflictError, match="try again"):
            undone(fresh_database)


def test_what_an_import_brings_while_an_erasure_runs_goes_with_it_and_its_contact_is_on_the_ledger(
    fresh_database: Database,
) -> None:
    begun = begin(fresh_database, "imported")
    for _ in range(6):  # contacts are gone by now
        with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
            assert erasure.run_next(work, erasure=begun)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        one = work.session.execute(text("SELECT id FROM person")).scalar_one()
        customers.add_contact(work, subject=one, contact=ContactSaid(kind="email", value="late@example.org"))
        customers.record_interaction(work, subject=one, interaction=interaction(note="Kam mit der Datei"))
    assert erasure.run(fresh_database, erasure=begun, clock=CLOCK)
    with open_work(fresh_database, SYSTEM, clock=CLOCK) as work:
        assert [count(work, table) for table in ("person", "contact", "interaction")] == [0, 0, 0]
        assert erasure.prove(work, erasure=begun, values=["late@example.org"]).left == ()
        said = consent.ContactSaid(ContactKind.EMAIL, "late@example.org")
        assert [one.reason for one in consent.lines(work, contact=said, channel=Channel.EMAIL)] == [
            SuppressionReason.ERASED
        ]
