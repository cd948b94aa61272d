"""An officer's look at notes that may be about somebody else too, before the person gets them (GDPR Art. 15(4))."""

from sqlalchemy import func, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.holders import find_known
from governance.customers.reach import allow
from governance.customers.texts import LONG_TEXT
from governance.customers.whole import note_of
from governance.kernel import jobs
from governance.kernel.errors import ConflictError, InvalidError, NotFoundError
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.rights.packages.beginning import MAKE
from governance.rights.packages.records import Decision, Doubt, Flag, FlagId, Package, PackageId, PackageState
from governance.rights.packages.rows import find, locked_package
from governance.rights.packages.tables import PackageFlagRow, PackageRow

MOST_SHOWN = 200


def flags_of(work: Work, *, package: PackageId, after: FlagId | None = None, limit: int = MOST_SHOWN) -> list[Flag]:
    """Notes of a package that wait for an officer or did, in the clear; told in the log.

    Raises:
        ForbiddenError: without `packages:review`.
        NoSuchPackageError: where there is no such package.
    """
    allow(work, Permission.PACKAGES_REVIEW)
    row = locked_package(work, package)
    query = select(PackageFlagRow).where(PackageFlagRow.package_id == row.id).order_by(PackageFlagRow.id).limit(limit)
    if after is not None:
        query = query.where(PackageFlagRow.id > after)
    found = [_told(work, one) for one in work.session.scalars(query)]
    audit.append(
        work,
        Action.PACKAGE_FLAGS_READ,
        subject=_ref(work, row),
        object=ObjectRef("package", row.id),
        facts={"count": len(found)},
    )
    return found


def decide(work: Work, *, package: PackageId, flag: FlagId, decision: Decision, instead: str | None = None) -> Package:
    """Release a note as it is, or have other words told in its place; with the last one the package is made.

    Args:
        work: the transaction.
        package: which package.
        flag: which note.
        decision: what of it.
        instead: for REDACT, the note without what is about others; where it is left out, the note is withheld.

    Raises:
        ForbiddenError: without `packages:review`.
        NoSuchPackageError, NotFoundError: where there is no such package, or no such note in it.
        ConflictError: where the package does not wait for an officer any more.
        InvalidError: where words are given for a note that is released, or too many.
    """
    allow(work, Permission.PACKAGES_REVIEW)
    row = locked_package(work, package)
    if row.state != PackageState.REVIEW.value:
        raise ConflictError("The package does not wait for an officer any more.")
    if instead is not None and (decision is Decision.RELEASE or not 1 <= len(instead) <= LONG_TEXT):
        raise InvalidError("This cannot be told.", errors={"instead": ["Words in the place of a redacted note only."]})
    found = work.session.get(PackageFlagRow, flag)
    if found is None or found.package_id != row.id:
        raise NotFoundError("There is no such note in this package.")
    found.decision, found.decided_at, found.decided_by = decision.value, work.now, work.actor.id
    found.instead = instead
    work.session.flush()
    audit.append(
        work,
        Action.PACKAGE_FLAG_DECIDED,
        subject=_ref(work, row),
        object=ObjectRef("package", row.id),
        facts={"flag": found.id, "decision": decision.value, "instead": instead is not None},
    )
    waiting = select(func.count()).where(PackageFlagRow.package_id == row.id, PackageFlagRow.decision.is_(None))
    if not work.session.scalar(waiting):
        row.state = PackageState.MAKING.value
        work.session.flush()
        jobs.defer(work, MAKE, package=row.id)
    return find(work, package=package)


def _told(work: Work, row: PackageFlagRow) -> Flag:
    return Flag(
        id=FlagId(row.id),
        table=row.table,
        field=row.field,
        text=note_of(work, table=row.table, row=row.row_id, field=row.field),
        doubts=tuple(Doubt(one) for one in row.doubts),
        decision=None if row.decision is None else Decision(row.decision),
        instead=row.instead,
    )


def _ref(work: Work, row: PackageRow) -> SubjectRef | None:
    known = find_known(work, [SubjectId(row.person_id)]).get(SubjectId(row.person_id))
    return None if known is None else known.ref
