"""Erasures are seen through by a job, and taken up again by the timetable."""

from datetime import UTC, datetime

from sqlalchemy import text

from governance import executors
from governance.erasure import operations as erasure
from governance.erasure.operations import ErasureState, Origin, OriginKind
from governance.kernel.clock import FixedClock
from governance.kernel.ids import uuid4
from governance.kernel.settings import Settings
from governance.kernel.work import SYSTEM, open_work
from governance.policies.deadline_rules import RequestKind
from governance.policies.requests import RequestState
from governance.rights import operations as rights
from governance.worker import rights_tasks
from governance.worker.surroundings import Surroundings
from governance.worker.timetable import entries
from tests.factories.erasing import shop, whole
from tests.factories.requesting import ADDRESS, controller, person, sent


def test_a_job_does_what_can_be_done_and_the_timetable_what_waits_for_its_day(around: Surroundings) -> None:
    database = around.store.database
    with open_work(database, SYSTEM, clock=around.clock) as work:
        shop(work)
        begun = erasure.begin(work, person=whole(work), origin=Origin(OriginKind.REQUEST, uuid4()))
        [queued] = work.session.execute(
            text("SELECT args->>'erasure' FROM procrastinate_jobs WHERE task_name = :name"), {"name": erasure.RUN}
        ).scalars()
    assert queued == str(begun)
    rights_tasks.run_erasure(around, erasure=queued)
    rights_tasks.run_erasure(around, erasure=queued)
    rights_tasks.tend_erasures(around)

    after = Surroundings(around.store, FixedClock(datetime(2040, 1, 1, tzinfo=UTC)), around.stopping)
    rights_tasks.tend_erasures(after)
    rights_tasks.run_erasure(after, erasure=queued)
    with open_work(database, SYSTEM, clock=after.clock) as work:
        assert erasure.show(work, erasure=begun).state is ErasureState.CLOSED


def test_a_request_is_completed_and_told_as_soon_as_its_erasure_is_done(around: Surroundings) -> None:
    executors.install(around.store.database)
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        controller(work)
        person(work)
        called = rights.call(work, contact_kind="email", contact=ADDRESS, per_hour=9, kind=RequestKind.ERASURE)
        made, code_id = called.received.request.id, called.code
        code = next(str(values["code"]) for template, _, values in sent(work) if template == "spoken_code")
        assert code_id is not None
        seen = rights.prove_by_code(work, request=made, code_id=code_id, typed=code)
        assert seen is not None
        begun = seen.carried_as
    rights_tasks.run_erasure(around, erasure=str(begun))
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        assert rights.find(work, request=made).state is RequestState.COMPLETED
        assert sent(work)[-1][:2] == ("request_completed", ADDRESS)
        assert rights.follow_up(work) == 0


def test_erasures_are_tended_by_the_timetable() -> None:
    assert "erasure.tend" in {entry.task for entry in entries(Settings())}
