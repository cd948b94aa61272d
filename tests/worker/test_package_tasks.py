"""What jobs do about packages: made once however often they run, found where they were lost, destroyed in time."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from governance.custody.tombstones import INFO, Tombstones
from governance.kernel.clock import FixedClock
from governance.kernel.ids import SubjectId
from governance.kernel.work import SYSTEM, open_work
from governance.rights.packages import making
from governance.rights.packages import operations as packages
from governance.rights.packages.operations import Package, PackageId, PackageKind, PackageState
from governance.rights.packages.tables import PackagePartRow
from governance.worker import rights_tasks
from governance.worker.surroundings import Surroundings
from tests.conftest import NOW
from tests.factories import packaging


@pytest.fixture
def around(around: Surroundings, tmp_path: Path) -> Surroundings:
    """The same, with a file for tombstones."""
    around.store.database.remember(**{INFO: Tombstones(tmp_path / "tombstones.jsonl")})
    return around


def begun(around: Surroundings) -> PackageId:
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        packaging.firm(work)
        person: SubjectId = packaging.buyer(work)
        return packages.begin(work, person=person, kind=PackageKind.ACCESS, language="en")


def stands(around: Surroundings, package: PackageId) -> Package:
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        return packages.find_package(work, package=package)


def parts(around: Surroundings) -> int:
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        return work.session.scalar(select(func.count()).select_from(PackagePartRow)) or 0


def test_a_job_that_breaks_off_leaves_nothing_and_one_that_runs_twice_makes_one_package(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = begun(around)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(making, "_tell", die)
        with pytest.raises(KeyboardInterrupt):
            rights_tasks.make_package(around, package=str(package))
    assert (stands(around, package).state, parts(around)) == (PackageState.MAKING, 0)
    rights_tasks.make_package(around, package=str(package))
    made = parts(around)
    rights_tasks.make_package(around, package=str(package))
    assert (stands(around, package).state, parts(around)) == (PackageState.READY, made)


def test_what_was_lost_is_put_into_the_queue_again_and_what_is_over_is_destroyed(around: Surroundings) -> None:
    package = begun(around)
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        work.session.execute(text("DELETE FROM procrastinate_jobs"))
    rights_tasks.tend_packages(replace(around, clock=FixedClock(NOW + timedelta(minutes=10))))
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        waiting = work.session.execute(text("SELECT task_name, args ->> 'package' FROM procrastinate_jobs")).all()
    assert [tuple(one) for one in waiting] == [(packages.MAKE, str(package))]
    rights_tasks.make_package(around, package=str(package))
    rights_tasks.tend_packages(around)
    assert stands(around, package).state is PackageState.READY
    rights_tasks.tend_packages(replace(around, clock=FixedClock(NOW + timedelta(days=14))))
    assert (stands(around, package).state, parts(around)) == (PackageState.DESTROYED, 0)


def test_a_package_that_nobody_can_make_says_why(around: Surroundings) -> None:
    with open_work(around.store.database, SYSTEM, clock=around.clock) as work:
        person = packaging.buyer(work)
        package = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="en")
    rights_tasks.make_package(around, package=str(package))
    found = stands(around, package)
    assert (found.state, found.failure) == (PackageState.FAILED, "no-controller")
