"""Restrictions that officers end: the person is told before, where a request of theirs placed it (GDPR Art. 18(3))."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from governance.customers import operations as customers
from governance.customers.codes import RestrictionReason
from governance.customers.operations import RestrictionView
from governance.customers.reach import find_person
from governance.customers.standing import standing_restrictions
from governance.kernel.errors import ConflictError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.rights.acting import as_service
from governance.rights.carrying import PLACED_FOR, announce_lifting, is_decided_elsewhere
from governance.rights.codes import About
from governance.rights.tables import RequestRow

_KINDS: Final = {reason: kind for kind, reason in PLACED_FOR.items()}


def end_restriction(work: Work, *, subject: SubjectId, restriction: UUID) -> RestrictionView:
    """Lift a restriction; one that a request placed is lifted three days after the person was told.

    Raises:
        ForbiddenError, NotFoundError: as `customers.lift_restriction` does.
        ConflictError: where it was lifted before, or stands for a request that is not decided yet.
    """
    person = SubjectId(find_person(work, subject, Permission.CUSTOMERS_RESTRICT, locked=True).id)
    standing = standing_restrictions(work, person)
    reason = next((reason for reason, found in standing.items() if found == restriction), None)
    row = None if reason is None else _placed_by(work, person, RestrictionReason(reason))
    if row is None:
        return customers.lift_restriction(work, subject=subject, restriction=restriction)
    if row.closed_at is None or is_decided_elsewhere(work, row):
        raise ConflictError("A request that stands is the reason; with its decision the person is told, and it ends.")
    if row.lift_on is None:
        announce_lifting(work, row)
    marks = customers.marks(as_service(work), subject=person)
    return next(one for one in marks.restrictions if one.id == restriction)


def _placed_by(work: Work, person: SubjectId, reason: RestrictionReason) -> RequestRow | None:
    """The newest request of the person that restrictions of such a reason are placed for."""
    kind: RequestKind | None = _KINDS.get(reason)
    if kind is None:
        return None
    mine = (
        RequestRow.person_id == person,
        RequestRow.kind == kind.value,
        RequestRow.proof.is_not(None),
        RequestRow.about.is_distinct_from(About.LIFT.value),
        RequestRow.about.is_distinct_from(About.ADVERTISING.value),
    )
    query = select(RequestRow).where(*mine).order_by(RequestRow.id.desc()).limit(1)
    return work.session.scalars(query.with_for_update()).first()
