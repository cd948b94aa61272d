"""Readers whose names a person is told, where an officer decided so: by default a role is told (C-579/21 Pankki S)."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from governance.accounts.staff import names_of
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.reach import find_person
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import OwnerId, StaffId, SubjectId, SubjectRef
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.rights.tables import NamedReaderRow


def name_reader(work: Work, *, person: SubjectId, staff: StaffId, reason: str) -> None:
    """Let a person be told, in packages made from now on, the name of somebody who read their data.

    Args:
        work: the transaction.
        person: who is told.
        staff: whose name.
        reason: why the person needs it, for example to pursue a right; sealed, in the log.

    Raises:
        ForbiddenError: without `requests:decide`.
        NotFoundError: where there is no such person within reach, or no such staff member.
        InvalidError: where no reason is given.
    """
    told, row = _reason(reason), find_person(work, person, Permission.REQUESTS_DECIDE)
    if staff not in names_of(work, [staff]):
        raise NotFoundError("There is no such staff member.")
    made = insert(NamedReaderRow).values(person_id=row.id, staff_id=staff, named_at=work.now, named_by=work.actor.id)
    work.session.execute(made.on_conflict_do_nothing())
    audit.append(
        work,
        Action.READER_NAMED,
        subject=SubjectRef(row.subject_ref),
        object=ObjectRef("staff", staff),
        personal={"reason": told},
        owner=OwnerId(row.owner_id),
    )


def unname_reader(work: Work, *, person: SubjectId, staff: StaffId) -> None:
    """Let a role be told again in packages made from now on.

    Raises:
        ForbiddenError: without `requests:decide`.
        NotFoundError: where there is no such person within reach, or the name is not told.
    """
    row = find_person(work, person, Permission.REQUESTS_DECIDE)
    named = work.session.get(NamedReaderRow, (row.id, staff))
    if named is None:
        raise NotFoundError("The name of this staff member is not told.")
    work.session.delete(named)
    work.session.flush()
    subject = SubjectRef(row.subject_ref)
    audit.append(work, Action.READER_UNNAMED, subject=subject, object=ObjectRef("staff", staff))


def named_to(work: Work, people: Iterable[SubjectId]) -> Mapping[UUID, str]:
    """Names that may be told of readers of a person, by the ids of their records."""
    query = select(NamedReaderRow.staff_id).where(NamedReaderRow.person_id.in_(list(people)))
    found = work.session.scalars(query).all()
    return names_of(work, found) if found else {}


def _reason(said: str) -> str:
    errors = Complaints()
    with errors.at("reason"):
        said = words(said, longest=LONG_TEXT, lines=True)
    errors.end("A reason has to be given.")
    return said
