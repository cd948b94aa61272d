"""Who acts for whom: guardians and representatives."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.codes import LinkKind
from governance.customers.errors import DuplicateError
from governance.customers.reach import find_person
from governance.customers.tables import PersonLinkRow, PersonRow
from governance.kernel.errors import ConflictError, InvalidError, NotFoundError
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission


@frozen(kw_only=True)
class LinkView:
    """A link between two people.

    Attributes:
        person: for whom the other one acts.
        other: guardian or representative.
        until: since when it stands no more; None while it stands.
    """

    id: UUID
    person: SubjectId
    other: SubjectId
    kind: str
    since: datetime
    until: datetime | None


def link(work: Work, *, subject: SubjectId, other: SubjectId, kind: LinkKind) -> LinkView:
    """Name *other* as guardian or representative of *subject*.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, for both.
        InvalidError: where the two are one person.
        DuplicateError: where this link stands already.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_EDIT, locked=True)
    acting = find_person(work, other, Permission.CUSTOMERS_EDIT)
    if person.id == acting.id:
        raise InvalidError("Nobody acts for themselves.", errors={"other": ["Name another person."]})
    standing = select(PersonLinkRow.id).where(
        PersonLinkRow.person_id == person.id,
        PersonLinkRow.other_id == acting.id,
        PersonLinkRow.kind == kind.value,
        PersonLinkRow.until.is_(None),
    )
    if work.session.scalars(standing).first() is not None:
        raise DuplicateError("This link stands already.")
    row = PersonLinkRow(person_id=person.id, other_id=acting.id, kind=kind.value, since=work.now)
    work.session.add(row)
    work.session.flush()
    _tell(work, Action.PERSON_LINKED, person, row)
    return _view(row)


def unlink(work: Work, *, subject: SubjectId, link_id: UUID) -> LinkView:
    """End a link; that it stood is kept.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where there is no such link.
        ConflictError: where it was ended before.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_EDIT, locked=True)
    query = select(PersonLinkRow).where(PersonLinkRow.id == link_id, PersonLinkRow.person_id == person.id)
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NotFoundError("The person has no such link.")
    if row.until is not None:
        raise ConflictError("This link was ended before.")
    row.until = work.now
    work.session.flush()
    _tell(work, Action.PERSON_UNLINKED, person, row)
    return _view(row)


def links(work: Work, *, subject: SubjectId) -> tuple[LinkView, ...]:
    """Who acts for a person, and for whom the person acts, oldest first; told in the log as reading.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_READ)
    either = (PersonLinkRow.person_id == person.id) | (PersonLinkRow.other_id == person.id)
    found = tuple(
        _view(row) for row in work.session.scalars(select(PersonLinkRow).where(either).order_by(PersonLinkRow.id))
    )
    audit.append(work, Action.PERSON_READ, subject=SubjectRef(person.subject_ref), facts={"links": len(found)})
    return found


def _tell(work: Work, action: Action, person: PersonRow, row: PersonLinkRow) -> None:
    audit.append(
        work,
        action,
        subject=SubjectRef(person.subject_ref),
        object=ObjectRef("person-link", row.id),
        facts={"kind": row.kind},
    )


def _view(row: PersonLinkRow) -> LinkView:
    return LinkView(
        id=row.id,
        person=SubjectId(row.person_id),
        other=SubjectId(row.other_id),
        kind=row.kind,
        since=row.since,
        until=row.until,
    )
