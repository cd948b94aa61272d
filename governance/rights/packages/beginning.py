"""Ordering a package: put on record, and into the queue, in the transaction that decided over it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.holders import Known, find_known
from governance.customers.reach import UNKNOWN, find_person
from governance.customers.visiting import Visitor
from governance.kernel import jobs
from governance.kernel.errors import ForbiddenError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.rights.packages.records import Package, PackageId, PackageKind, PackageState
from governance.rights.packages.rows import find, packages_of
from governance.rights.packages.tables import PackageRow
from governance.rights.packages.words import language_of
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

MAKE: Final = "packages.make"
"""The job that gathers a package."""
AGAIN_AFTER: Final = timedelta(days=1)
UNSURE: Final = "It is not sure yet who you are; tell a second fact, or write to us."


def begin(
    work: Work, *, person: SubjectId, kind: PackageKind, language: str | None, request: UUID | None = None
) -> PackageId:
    """Order a package; one that is being made already is given again. The caller has decided that the person gets it.

    Args:
        work: the transaction.
        person: whose data; of somebody who was merged, the survivor's.
        kind: access or portability.
        language: ISO 639, of the readable page; English where it is none of ours.
        request: the request that it answers.

    Raises:
        NotFoundError: where there is no such person.
    """
    known = find_known(work, [person]).get(person)
    if known is None:
        raise NotFoundError(UNKNOWN)
    spoken = language_of(language)
    query = select(PackageRow.id).where(
        PackageRow.person_id == known.id,
        PackageRow.kind == kind.value,
        PackageRow.language == spoken,
        PackageRow.state.in_([PackageState.MAKING.value, PackageState.REVIEW.value]),
    )
    if request is not None:
        query = query.where(PackageRow.request_id == request)
    standing = work.session.scalars(query.order_by(PackageRow.id.desc()).limit(1)).first()
    return PackageId(standing) if standing is not None else _begin(work, known, kind, spoken, request)


def order(work: Work, *, person: SubjectId, kind: PackageKind, language: str | None) -> Package:
    """Order a package of a person's data without a request: for staff and systems.

    Raises:
        ForbiddenError: without `packages:make`.
        NotFoundError: where there is no such person, or the act does not reach them: no difference is told.
    """
    row = find_person(work, person, Permission.PACKAGES_MAKE)
    return find(work, package=begin(work, person=SubjectId(row.id), kind=kind, language=language))


def _begin(work: Work, person: Known, kind: PackageKind, language: str, request: UUID | None) -> PackageId:
    package, owner = PackageId(uuid7()), uuid7()
    vault_of(work.session).owners.create(work.session, OwnerKind.PACKAGE, [owner])
    work.session.add(
        PackageRow(
            id=package,
            owner_id=owner,
            person_id=person.id,
            request_id=request,
            kind=kind.value,
            state=PackageState.MAKING.value,
            language=language,
            files=[],
            parts=0,
            rows=0,
            size=0,
            created_at=work.now,
            downloads=0,
        )
    )
    work.session.flush()
    facts: dict[str, Fact] = {"kind": kind.value, "language": language, "request": request}
    audit.append(work, Action.PACKAGE_BEGUN, subject=person.ref, object=ObjectRef("package", package), facts=facts)
    jobs.defer(work, MAKE, package=package)
    return package


def order_own(work: Work, *, visitor: Visitor, kind: PackageKind, language: str | None) -> Package:
    """Order a package of one's own data; one that was made within the last day is given again.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    if visitor.person is None or not allows(visitor.actor, Permission.PORTAL_READ).allowed:
        raise ForbiddenError(UNSURE)
    for one in packages_of(work, person=visitor.person):
        fresh = one.state is PackageState.READY and one.created_at > work.now - AGAIN_AFTER
        if fresh and one.kind is kind and one.language == language_of(language):
            return one
    return find(work, package=begin(work, person=visitor.person, kind=kind, language=language))


def own_packages(work: Work, *, visitor: Visitor) -> list[Package]:
    """One's own packages, newest first.

    Raises:
        ForbiddenError: where it is not sure who this is.
    """
    if visitor.person is None:
        raise ForbiddenError(UNSURE)
    return packages_of(work, person=visitor.person)
