"""Gathering a package: first what an officer has to look at, then all of it in one transaction, in constant memory.

A package is whole or it is not there: whoever is killed on the way leaves nothing, and the queue begins anew.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from governance.accounts import operations as accounts
from governance.accounts.operations import AlertKind
from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import Fact, ObjectRef
from governance.customers import operations as customers
from governance.customers.codes import ContactKind
from governance.customers.holders import find_known
from governance.customers.whole import Row, records, rows_of
from governance.kernel.clock import Clock
from governance.kernel.collecting import uncollected
from governance.kernel.db import Database
from governance.kernel.errors import GovernanceError, UnavailableError
from governance.kernel.ids import SubjectId, SubjectRef, uuid7
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, Work, open_work
from governance.rights.packages.fetching import EXPIRES_AFTER
from governance.rights.packages.files import as_json, writers_of
from governance.rights.packages.gathering import NOTES, Instead, gather
from governance.rights.packages.others import Own, doubts, own
from governance.rights.packages.records import Decision, PackageId, PackageKind, PackageState
from governance.rights.packages.rows import locked_package
from governance.rights.packages.sealing import Sealing
from governance.rights.packages.sections import SECTIONS, sections_of
from governance.rights.packages.tables import PackageFlagRow, PackageRow

_NAMES: Final = ("family_name", "given_name", "patronymic", "organisation")

MERGE_WAITS: Final = "merge-unreviewed"
"""What holds a package up until a person has looked at a merge."""

log = get_logger(__name__)


def make(database: Database, *, package: PackageId, clock: Clock | None = None) -> None:
    """Gather a package; one that is not being made is left as it is.

    What refuses to be done is marked as failed; what may go well later is raised, and tried again by the queue.

    Raises:
        NoSuchPackageError: where there is none.
    """
    try:
        with open_work(database, SYSTEM, clock=clock) as work:
            make_now(work, package=package)
    except UnavailableError:
        raise
    except GovernanceError as error:
        with open_work(database, SYSTEM, clock=clock) as work:
            _fail(work, package, error.slug)


def make_now(work: Work, *, package: PackageId) -> None:
    """Gather a package in this transaction, or have an officer look at what may be about others.

    Raises:
        NoSuchPackageError: where there is none.
        NoControllerError: where nobody has said yet whose store this is.

    As long as nobody has looked at a merge of the person, nothing is gathered.
    """
    row = locked_package(work, package)
    if row.state != PackageState.MAKING.value:
        return
    person, kind = SubjectId(row.person_id), PackageKind(row.kind)
    subject = _ref(work, person)
    if subject is None:
        _fail(work, package, "not-found")
        return
    flags = work.session.scalars(select(PackageFlagRow).where(PackageFlagRow.package_id == row.id)).all()
    if not flags and kind is PackageKind.ACCESS and (found := _flag(work, row, person)):
        row.state = PackageState.REVIEW.value
        work.session.flush()
        _tell(work, Action.PACKAGE_FLAGGED, row, subject, {"flags": found})
        return
    if customers.unreviewed(work, [person]):
        _wait(work, row, person)
        return
    instead = {(one.row_id, one.field): one.instead for one in flags if one.decision == Decision.REDACT.value}
    with uncollected():
        _write(work, row, kind, instead)
    row.state, row.ready_at, row.expires_at = PackageState.READY.value, work.now, work.now + EXPIRES_AFTER
    row.failure = None
    work.session.flush()
    _tell(work, Action.PACKAGE_READY, row, subject, {"rows": row.rows, "parts": row.parts, "until": row.expires_at})


def _wait(work: Work, row: PackageRow, person: SubjectId) -> None:
    """Leave a package as it is until a person has looked at a merge: data of somebody else might be in it.

    Officers are told once; whoever tends packages asks again.
    """
    if row.failure == MERGE_WAITS:
        return
    row.failure = MERGE_WAITS
    work.session.flush()
    log.info("packages.wait_for_merge", package=str(row.id))
    facts: dict[str, Fact] = {"package": row.id, "person": person}
    accounts.raise_alert(work, kind=AlertKind.MERGE_HOLDS_PACKAGE, facts=facts)


def _write(work: Work, row: PackageRow, kind: PackageKind, instead: Instead) -> None:
    found = gather(work, person=SubjectId(row.person_id), kind=kind, language=row.language, instead=instead)
    sealing = Sealing(work, row.id, row.owner_id, [])
    writers = writers_of(found, sealing, SECTIONS[kind])
    rows = 0
    for section in sections_of(found):
        for writer in writers:
            writer.begin(section)
        for block in section.blocks:
            rows += len(block)
            told = [[as_json(value) for value in row] for row in block]
            for writer in writers:
                writer.rows(section, block, told)
        for writer in writers:
            writer.end(section)
    for writer in writers:
        writer.finish()
    row.files, row.parts, row.rows, row.size = sealing.names, sealing.parts, rows, sealing.size


def _flag(work: Work, row: PackageRow, person: SubjectId) -> int:
    """Find notes that may be about others; answers how many."""
    mine = _own(work, person)
    flagged = 0
    for one in records(work, person=person):
        flagged += _look(work, row, "person", [(one.id, {**one.values})], mine)
    for table in ("purchase", "interaction"):
        for block in rows_of(work, person=person, table=table, columns=NOTES[table]):
            flagged += _look(work, row, table, block, mine)
    return flagged


def _look(work: Work, row: PackageRow, table: str, block: Sequence[tuple[UUID, Row]], mine: Own) -> int:
    flagged = 0
    for row_id, values in block:
        for field in NOTES[table]:
            text = values.get(field)
            if isinstance(text, str) and (why := doubts(text, mine)):
                work.session.add(
                    PackageFlagRow(
                        id=uuid7(),
                        owner_id=row.owner_id,
                        package_id=row.id,
                        table=table,
                        field=field,
                        row_id=row_id,
                        doubts=[one.value for one in why],
                    )
                )
                flagged += 1
    work.session.flush()
    return flagged


def _own(work: Work, person: SubjectId) -> Own:
    contacts = [row for block in rows_of(work, person=person, table="contact") for _, row in block]
    values = [(row["kind"], row["value"]) for row in contacts]
    names = (one.values.get(name) for one in records(work, person=person) for name in _NAMES)
    return own(
        emails=[str(value) for kind, value in values if kind == ContactKind.EMAIL.value],
        phones=[str(value) for kind, value in values if kind == ContactKind.PHONE.value],
        names=[one for one in names if isinstance(one, str)],
    )


def _ref(work: Work, person: SubjectId) -> SubjectRef | None:
    known = find_known(work, [person]).get(person)
    return None if known is None else known.ref


def _fail(work: Work, package: PackageId, slug: str) -> None:
    row = locked_package(work, package)
    row.state, row.failure = PackageState.FAILED.value, slug
    work.session.flush()
    log.warning("packages.failed", package=str(row.id), slug=slug)
    audit.append(
        work,
        Action.PACKAGE_FAILED,
        object=ObjectRef("package", row.id),
        facts={"failure": slug},
        outcome=Outcome.FAILED,
    )


def _tell(work: Work, action: Action, row: PackageRow, subject: SubjectRef, facts: Mapping[str, Fact]) -> None:
    audit.append(work, action, subject=subject, object=ObjectRef("package", row.id), facts=facts)
