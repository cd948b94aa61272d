"""What jobs do about exports, and that they bear being stopped and run again."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from governance import executors
from governance.disclosures import making
from governance.disclosures import operations as disclosures
from governance.disclosures.operations import ExportId, ExportState, Selection
from governance.kernel.clock import FixedClock
from governance.kernel.errors import ConflictError
from governance.kernel.work import SYSTEM, open_work
from governance.worker import rights_tasks
from governance.worker.surroundings import Surroundings
from governance.worker.tasks import TASKS
from governance.worker.timetable import entries
from tests.conftest import NOW
from tests.factories import exporting


@pytest.fixture
def around(around: Surroundings) -> Surroundings:
    """The same, with proposals that can be carried out."""
    executors.install(around.store.database)
    return around


def state(around: Surroundings, export: ExportId) -> ExportState:
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        return disclosures.find_export(work, export=export).state


def test_an_export_is_taken_up_where_a_worker_left_it_and_destroyed_when_its_day_is_over(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "PEOPLE", 1)
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        exporting.firm(work)
        exporting.letters(work)
        anna, boris = exporting.officer(work), exporting.officer(work)
        export = exporting.export(work, anna, boris, selection=Selection(exporting.buyers(work, 2)))

    around.stopping.set()
    rights_tasks.make_export(around, export=str(export))
    assert state(around, export) is ExportState.MAKING
    around.stopping.clear()
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        work.session.execute(text("DELETE FROM procrastinate_jobs"))  # the job was lost
    rights_tasks.tend_exports(around)
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        queued = work.session.execute(text("SELECT task_name, args->>'export' FROM procrastinate_jobs")).all()
    assert [(name, one) for name, one in queued if name == disclosures.MAKE] == [(disclosures.MAKE, str(export))]
    rights_tasks.make_export(around, export=str(export))
    rights_tasks.make_export(around, export=str(export))
    assert state(around, export) is ExportState.READY
    rights_tasks.tend_exports(around)
    assert state(around, export) is ExportState.READY

    night = Surroundings(around.store, FixedClock(NOW + timedelta(hours=24)), around.stopping)
    rights_tasks.tend_exports(night)
    rights_tasks.tend_exports(night)
    assert state(around, export) is ExportState.DESTROYED


def test_exports_are_tended_by_the_timetable_and_made_by_a_job(around: Surroundings) -> None:
    assert "exports.tend" in {entry.task for entry in entries(around.store.settings)}
    assert {"exports.tend", disclosures.MAKE} <= set(TASKS)


def test_what_refuses_to_be_made_is_marked_and_destroyed(around: Surroundings) -> None:
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        exporting.firm(work)
        exporting.letters(work)
        anna, boris = exporting.officer(work), exporting.officer(work)
        export = exporting.export(work, anna, boris, selection=Selection(exporting.buyers(work, 2)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "columns_of", _refuse)
        rights_tasks.make_export(around, export=str(export))
    assert state(around, export) is ExportState.FAILED
    rights_tasks.tend_exports(around)
    assert state(around, export) is ExportState.DESTROYED


def _refuse(*_: object) -> None:
    raise ConflictError("Not like this.")
