"""Packages on their way out: fetched within their time, then gone with their keys, and the log tells of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from governance import executors
from governance.audit.actions import Action
from governance.erasure import operations as erasure
from governance.erasure.operations import Origin, OriginKind
from governance.kernel.errors import ForbiddenError
from governance.kernel.work import Work
from governance.rights.packages import fetching, making
from governance.rights.packages import operations as packages
from governance.rights.packages.errors import PackageNotReadyError
from governance.rights.packages.operations import PackageId, PackageKind, PackageState
from governance.rights.packages.tables import PackagePartRow
from governance.vault.items import OpenItem
from governance.vault.runtime import vault_of
from tests.factories import packaging
from tests.factories.actors import by, staff
from tests.factories.trail import entries


@pytest.fixture
def package(work: Work) -> PackageId:
    packaging.firm(work)
    made = packages.begin(work, person=packaging.buyer(work), kind=PackageKind.ACCESS, language="en")
    making.make_now(work, package=made)
    return made


def test_a_package_can_be_fetched_again_until_two_weeks_are_over(work: Work, package: PackageId) -> None:
    packages.fetch(work, package=package)
    last = replace(work, now=work.now + timedelta(days=14) - timedelta(microseconds=1))
    packages.fetch(last, package=package)
    assert packages.find_package(work, package=package).downloads == 2
    with pytest.raises(PackageNotReadyError):
        packages.fetch(replace(work, now=work.now + timedelta(days=14)), package=package)


def test_when_its_time_is_over_the_parts_and_the_keys_are_destroyed_and_the_log_tells(
    work: Work, package: PackageId
) -> None:
    assert packages.due_for_destruction(work) == []
    later = replace(work, now=work.now + timedelta(days=14))
    kept = work.session.scalars(select(PackagePartRow).limit(1)).one()
    place = PackagePartRow.sealed_fields["payload"].place
    sealed = OpenItem(place, kept.id, kept.owner_id, kept.payload_sealed)  # type: ignore[attr-defined]  # made by SealedField
    assert vault_of(work.session).open_many(work.session, [sealed]) != [None]
    assert packages.due_for_destruction(later) == [package]
    assert packages.destroy(later, package=package)
    assert not packages.destroy(later, package=package)

    assert fetching.part(work, package=package, file=0, number=1) is None
    assert packages.find_package(work, package=package).state is PackageState.DESTROYED
    assert vault_of(work.session).open_many(work.session, [sealed]) == [None]
    told = [entry.action for entry in entries(work) if entry.object is not None and entry.object.id == package]
    assert Action.PACKAGE_DESTROYED.value in told
    assert any(entry.action == Action.OWNER_SHREDDED.value for entry in entries(work))


def test_who_may_not_fetch_packages_gets_none(work: Work, package: PackageId) -> None:
    with pytest.raises(ForbiddenError):
        packages.fetch(by(work, staff("support")), package=package)


def test_a_package_that_is_being_made_is_given_again_instead_of_a_second_one(work: Work) -> None:
    packaging.firm(work)
    person = packaging.buyer(work)
    first = packages.begin(work, person=person, kind=PackageKind.ACCESS, language="uk")
    assert packages.begin(work, person=person, kind=PackageKind.ACCESS, language="uk-UA") == first
    assert packages.begin(work, person=person, kind=PackageKind.PORTABILITY, language="uk") != first


def test_no_package_outlives_an_erasure(work: Work, package: PackageId) -> None:
    work.session.info["erasure_shedders"] = executors.SHEDDERS
    person = packages.find_package(work, package=package).person
    ordered = packages.begin(work, person=person, kind=PackageKind.PORTABILITY, language="en")
    other = packages.begin(work, person=packaging.buyer(work), kind=PackageKind.ACCESS, language="en")
    begun = erasure.begin(work, person=person, origin=Origin(OriginKind.OFFICER))
    while erasure.run_next(work, erasure=begun):
        pass

    states = [packages.find_package(work, package=one).state for one in (package, ordered, other)]
    assert states == [PackageState.DESTROYED, PackageState.DESTROYED, PackageState.MAKING]
    gone = {entry.object.id for entry in entries(work, Action.PACKAGE_DESTROYED) if entry.object}
    assert gone == {package, ordered}
    making.make_now(work, package=ordered)  # the job that was on its way
    assert packages.find_package(work, package=ordered).state is PackageState.DESTROYED
    with pytest.raises(PackageNotReadyError):
        packages.fetch(work, package=package)
    work.session.info.pop("erasure_shedders")
