"""Who reaches whom: the permission for an act, the rows it reaches, and the person found within that reach."""

from collections.abc import Iterable

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, func, literal, select, true
from sqlalchemy.orm import aliased

from governance.customers.records import Owned
from governance.customers.tables import PersonRow
from governance.kernel.errors import ForbiddenError, NotFoundError
from governance.kernel.ids import OwnerId, SubjectId, SubjectRef
from governance.kernel.work import Work, tell_instant
from governance.policies.access import Row, allows
from governance.policies.permissions import Permission
from governance.policies.roles import RowScope

_asked = aliased(PersonRow)

UNKNOWN = "There is no such person, or they are not among those you look after."


def allow(work: Work, permission: Permission) -> RowScope:
    """Which rows the act reaches.

    Raises:
        ForbiddenError: where the actor may not do it at all.
    """
    decision = allows(work.actor, permission)
    if not decision.allowed:
        raise ForbiddenError(f"This needs the permission {permission.value}, which you do not have.")
    return decision.rows


def within(work: Work, permission: Permission) -> ColumnElement[bool]:
    """Clause that keeps a list of people to those whom the act reaches.

    Raises:
        ForbiddenError: where the actor may not do it at all.
    """
    if allow(work, permission) is RowScope.ALL:
        return true()
    return PersonRow.responsible_id == work.actor.id


def find_person(
    work: Work, subject: SubjectId, permission: Permission, *, locked: bool = False, held: bool = False
) -> PersonRow:
    """The person of this id, or the one whom that person was merged into.

    Args:
        work: the transaction.
        subject: whom.
        permission: for what.
        locked: nobody else changes the person until the transaction ends.
        held: nobody merges the person away until the transaction ends, so that what is added to them by it is not left
            behind; others may add as well.

    Raises:
        ForbiddenError: where the actor may not do this at all.
        NotFoundError: where there is no such person, or the act does not reach them: no difference is told.
    """
    allow(work, permission)
    survivor = select(_asked.merged_into).where(_asked.id == subject).scalar_subquery()
    query = select(PersonRow).where(PersonRow.id == func.coalesce(survivor, subject))
    if locked or held:
        query = query.with_for_update(of=PersonRow, read=not locked, key_share=not locked)
        query = query.execution_options(populate_existing=True)
        work.session.flush()
    found = work.session.scalars(query).one_or_none()
    if found is not None and found.merged_into is not None:
        # Whoever waited for the lock of somebody who was merged meanwhile goes on to the survivor.
        return find_person(work, SubjectId(found.merged_into), permission, locked=locked, held=held)
    if found is None or not reaches(work, permission, found):
        raise NotFoundError(UNKNOWN)
    if locked:
        tell_instant(work)
    return found


def owners_of(work: Work, people: Iterable[SubjectId]) -> dict[SubjectId, Owned]:
    """Key owner and name in the log of each of *people*, of the survivor where they were merged.

    Whoever calls has decided that it may be; people who do not exist are left out.
    """
    query = (
        select(_asked.id, PersonRow.owner_id, PersonRow.subject_ref)
        .join(PersonRow, PersonRow.id == func.coalesce(_asked.merged_into, _asked.id))
        .where(_asked.id == any_(literal(list(people), ARRAY(Uuid))))
    )
    return {
        SubjectId(person): Owned(OwnerId(owner), SubjectRef(ref)) for person, owner, ref in work.session.execute(query)
    }


def reaches(work: Work, permission: Permission, person: PersonRow) -> bool:
    """Whether the act reaches this person."""
    return allows(work.actor, permission, row=Row(person.responsible_id)).allowed
