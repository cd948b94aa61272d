"""Packages as they stand: found, locked, listed."""

from uuid import UUID

from sqlalchemy import func, select

from governance.customers.reach import allow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.rights.packages.errors import NoSuchPackageError
from governance.rights.packages.records import Package, PackageId, PackageKind, PackageState
from governance.rights.packages.tables import PackageFlagRow, PackageRow

_MISSING = "There is no such package; see: governance packages list"


def locked_package(work: Work, package: PackageId) -> PackageRow:
    """The row of a package, locked until the transaction ends.

    Raises:
        NoSuchPackageError: where there is none.
    """
    query = select(PackageRow).where(PackageRow.id == package).with_for_update()
    row = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NoSuchPackageError(_MISSING)
    return row


def find(work: Work, *, package: PackageId) -> Package:
    """A package as it stands, for callers that have decided that it may be told.

    Raises:
        NoSuchPackageError: where there is none.
    """
    row = work.session.get(PackageRow, package)
    if row is None:
        raise NoSuchPackageError(_MISSING)
    return _told(work, [row])[0]


def find_package(work: Work, *, package: PackageId) -> Package:
    """A package as it stands.

    Raises:
        ForbiddenError: without `packages:read`.
        NoSuchPackageError: where there is none.
    """
    allow(work, Permission.PACKAGES_READ)
    return find(work, package=package)


def packages_of(work: Work, *, person: SubjectId) -> list[Package]:
    """The packages of a person, newest first, for callers that have decided that it may be told."""
    query = select(PackageRow).where(PackageRow.person_id == person).order_by(PackageRow.id.desc())
    return _told(work, list(work.session.scalars(query)))


def packages_for(work: Work, *, request: UUID) -> list[Package]:
    """The packages that answer a request, newest first, for the package that keeps requests."""
    query = select(PackageRow).where(PackageRow.request_id == request).order_by(PackageRow.id.desc())
    return _told(work, list(work.session.scalars(query)))


def is_ready(work: Work, package: UUID) -> bool:
    """Whether a package was made; once it was, it stays so when its time is over."""
    row = work.session.get(PackageRow, package)
    return row is not None and row.ready_at is not None


def list_packages(
    work: Work, *, state: PackageState | None = None, before: PackageId | None = None, limit: int = 50
) -> list[Package]:
    """Packages, newest first.

    Raises:
        ForbiddenError: without `packages:read`.
    """
    allow(work, Permission.PACKAGES_READ)
    query = select(PackageRow).order_by(PackageRow.id.desc()).limit(limit)
    if state is not None:
        query = query.where(PackageRow.state == state.value)
    if before is not None:
        query = query.where(PackageRow.id < before)
    return _told(work, list(work.session.scalars(query)))


def _told(work: Work, rows: list[PackageRow]) -> list[Package]:
    waiting = [row.id for row in rows if row.state == PackageState.REVIEW.value]
    counted = (
        select(PackageFlagRow.package_id, func.count())
        .where(PackageFlagRow.package_id.in_(waiting), PackageFlagRow.decision.is_(None))
        .group_by(PackageFlagRow.package_id)
    )
    flags = {package: int(count) for package, count in work.session.execute(counted)} if waiting else {}
    return [_shown(row, flags.get(row.id, 0)) for row in rows]


def _shown(row: PackageRow, flags: int) -> Package:
    return Package(
        id=PackageId(row.id),
        person=SubjectId(row.person_id),
        kind=PackageKind(row.kind),
        state=PackageState(row.state),
        language=row.language,
        request=row.request_id,
        rows=row.rows,
        size=row.size,
        open_flags=flags,
        failure=row.failure,
        created_at=row.created_at,
        ready_at=row.ready_at,
        expires_at=row.expires_at,
        downloaded_at=row.downloaded_at,
        downloads=row.downloads,
        destroyed_at=row.destroyed_at,
    )
