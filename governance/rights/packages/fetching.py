"""Handing a package out, as often as is wanted within its time; then its keys are destroyed, and the log proves it."""

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import and_, delete, or_, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.custody.shredding import Reason, shred
from governance.customers.holders import find_known
from governance.customers.reach import allow
from governance.customers.visiting import Visitor
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import OwnerId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.sink import Sink
from governance.kernel.work import Actor, Work, open_work
from governance.policies.access import allows
from governance.policies.permissions import Permission
from governance.policies.visiting import StepUp
from governance.rights.packages.beginning import UNSURE
from governance.rights.packages.errors import NoSuchPackageError, PackageNotReadyError, StepUpNeededError
from governance.rights.packages.records import PackageId, PackageState
from governance.rights.packages.rows import locked_package
from governance.rights.packages.tables import PackageFlagRow, PackagePartRow, PackageRow
from governance.vault.epochs import any_of

EXPIRES_AFTER: Final = timedelta(days=14)
LATE: Final = timedelta(minutes=10)
"""What was ordered longer ago and is not made, and in no queue, is put there again."""
FAILED_KEPT: Final = timedelta(days=1)
MEDIA_TYPE: Final = "application/zip"
AT_ONCE: Final = 50
_MISSING: Final = "You have no such package."


@frozen
class Fetched:
    """A package that is about to be handed out.

    Attributes:
        name: of the archive.
        files: names of the files in it.
    """

    id: PackageId
    name: str
    files: tuple[str, ...]


def fetch(work: Work, *, package: PackageId) -> Fetched:
    """Hand a package out to staff, who give it to the person; `pieces` streams it once this is committed.

    Raises:
        ForbiddenError: without `packages:fetch`.
        NoSuchPackageError: where there is none.
        PackageNotReadyError: where it is being made, waits for an officer, or its time is over.
    """
    allow(work, Permission.PACKAGES_FETCH)
    return _fetch(work, locked_package(work, package))


def fetch_own(work: Work, *, visitor: Visitor, package: PackageId) -> Fetched:
    """Hand a package out to the person themselves, who has proven a second contact where they have one.

    Raises:
        ForbiddenError: where it is not sure who this is.
        StepUpNeededError: where a second contact has to be proven first.
        NoSuchPackageError: where it is none of theirs.
        PackageNotReadyError: as `fetch` has it.
    """
    if visitor.step_up is StepUp.NEEDED:
        raise StepUpNeededError("Prove another contact of yours first: POST /v1/portal/session/step-ups")
    if visitor.step_up is StepUp.TOO_YOUNG:
        raise ForbiddenError("Your other contact was entered a few days ago; come back in a week, or write to us.")
    if not allows(visitor.actor, Permission.PORTAL_DOWNLOAD).allowed or visitor.person is None:
        raise ForbiddenError(UNSURE)
    row = locked_package(work, package)
    known = find_known(work, [SubjectId(row.person_id)]).get(SubjectId(row.person_id))
    if known is None or known.id != visitor.person:
        raise NoSuchPackageError(_MISSING)
    return _fetch(work, row)


def _fetch(work: Work, row: PackageRow) -> Fetched:
    if row.state in (PackageState.MAKING.value, PackageState.REVIEW.value):
        raise PackageNotReadyError("The package is being prepared; come back later.")
    if row.state != PackageState.READY.value or row.expires_at is None or row.expires_at <= work.now:
        raise PackageNotReadyError("A package is there for two weeks; ask for a new one.")
    row.downloaded_at, row.downloads = work.now, row.downloads + 1
    work.session.flush()
    facts: dict[str, Fact] = {"kind": row.kind, "downloads": row.downloads}
    _tell(work, Action.PACKAGE_FETCHED, row, facts)
    return Fetched(PackageId(row.id), f"{row.kind}-{row.id}.zip", tuple(row.files))


def pieces(database: Database, fetched: Fetched, *, actor: Actor, clock: Clock | None = None) -> Iterator[bytes]:
    """The archive, piece by piece in constant memory; a transaction for each part.

    Raises:
        ShreddedError: where its keys were destroyed on the way.
    """

    def read(file: int, number: int) -> bytes | None:
        with open_work(database, actor, clock=clock) as work:
            return part(work, package=fetched.id, file=file, number=number)

    return archive(fetched, read)


def archive(fetched: Fetched, read: Callable[[int, int], bytes | None]) -> Iterator[bytes]:
    """An archive of the parts that *read* gives by file and number; None is the end of a file."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as zipped:  # type: ignore[call-overload]  # a stream will do
        for place, name in enumerate(fetched.files):
            with zipped.open(name, "w", force_zip64=True) as file:
                number = 0
                while (content := read(place, number + 1)) is not None:
                    number += 1
                    file.write(content)
                    if piece := sink.taken():
                        yield piece
    yield sink.taken()


def part(work: Work, *, package: PackageId, file: int, number: int) -> bytes | None:
    """A part of a file in the clear; None where it has no such part."""
    query = select(PackagePartRow).where(
        PackagePartRow.package_id == package, PackagePartRow.file == file, PackagePartRow.number == number
    )
    row = work.session.scalars(query).one_or_none()
    payload = None if row is None else row.payload
    return None if payload is None else zlib.decompress(payload)


def destroy(work: Work, *, package: PackageId) -> bool:
    """Destroy what is in a package, and the keys of it; answers whether there was anything.

    Raises:
        NoSuchPackageError: where there is none.
    """
    row = locked_package(work, package)
    if row.state == PackageState.DESTROYED.value:
        return False
    row.state, row.destroyed_at = PackageState.DESTROYED.value, work.now
    work.session.execute(delete(PackagePartRow).where(PackagePartRow.package_id == row.id))
    work.session.execute(delete(PackageFlagRow).where(PackageFlagRow.package_id == row.id))
    work.session.flush()
    shred(work, owners=[OwnerId(row.owner_id)], reason=Reason.OBJECT_EXPIRED)
    _tell(work, Action.PACKAGE_DESTROYED, row, {"owner": row.owner_id, "downloads": row.downloads})
    return True


def discard(work: Work, *, package: PackageId) -> bool:
    """Destroy a package before its time; answers whether there was anything.

    Raises:
        ForbiddenError: without `packages:review`.
        NoSuchPackageError: where there is none.
    """
    allow(work, Permission.PACKAGES_REVIEW)
    return destroy(work, package=package)


def destroy_all(work: Work, people: Sequence[SubjectId]) -> int:
    """Destroy the packages of people whose data go, whatever state they are in; answers how many."""
    query = select(PackageRow.id).where(
        PackageRow.person_id == any_of(people), PackageRow.state != PackageState.DESTROYED.value
    )
    return sum(destroy(work, package=PackageId(one)) for one in work.session.scalars(query).all())


def due_for_destruction(work: Work) -> list[PackageId]:
    """Packages whose time is over, and those that could not be made."""
    expired = and_(PackageRow.state == PackageState.READY.value, PackageRow.expires_at <= work.now)
    failed = and_(PackageRow.state == PackageState.FAILED.value, PackageRow.created_at <= work.now - FAILED_KEPT)
    query = select(PackageRow.id).where(or_(expired, failed)).order_by(PackageRow.id).limit(AT_ONCE)
    return [PackageId(one) for one in work.session.scalars(query)]


def unfinished(work: Work) -> list[PackageId]:
    """Packages that were to be made a while ago, and are not."""
    late = and_(PackageRow.state == PackageState.MAKING.value, PackageRow.created_at <= work.now - LATE)
    query = select(PackageRow.id).where(late).order_by(PackageRow.id).limit(AT_ONCE)
    return [PackageId(one) for one in work.session.scalars(query)]


def _tell(work: Work, action: Action, row: PackageRow, facts: dict[str, Fact]) -> None:
    known = find_known(work, [SubjectId(row.person_id)]).get(SubjectId(row.person_id))
    subject: SubjectRef | None = None if known is None else known.ref
    audit.append(work, action, subject=subject, object=ObjectRef("package", row.id), facts=facts)
