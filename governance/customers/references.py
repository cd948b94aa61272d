"""People by reference alone: from the random names of the audit log, while erasure has not cut them; and one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, literal, or_, select

from governance.customers.reach import within
from governance.customers.tables import PersonRow
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.work import Work
from governance.policies.permissions import Permission


def people_of(work: Work, refs: Iterable[SubjectRef]) -> Mapping[SubjectRef, SubjectId]:
    """The people that references stand for; those of people who were erased are left out."""
    asked = literal(sorted(set(refs)), ARRAY(Uuid))
    query = select(PersonRow.subject_ref, PersonRow.id).where(PersonRow.subject_ref == any_(asked))
    return {SubjectRef(ref): SubjectId(person) for ref, person in work.session.execute(query)}


def next_people(work: Work, *, permission: Permission, after: SubjectId | None, limit: int) -> list[SubjectId]:
    """Ids of up to *limit* people after one, in the order of ids; those whom the act does not reach are left out.

    Raises:
        ForbiddenError: where the actor may not do it at all.
    """
    query = select(PersonRow.id).where(PersonRow.merged_into.is_(None), within(work, permission))
    if after is not None:
        query = query.where(PersonRow.id > after)
    return [SubjectId(one) for one in work.session.scalars(query.order_by(PersonRow.id).limit(limit))]


def records_of(person: SubjectId) -> Select[UUID]:
    """Ids of a person's record and of all that were merged into it, for a statement of another package."""
    return select(PersonRow.id).where(or_(PersonRow.id == person, PersonRow.merged_into == person))


def identities() -> Select[UUID, UUID, str | None]:
    """Id, random name in the log, and country of all people, for a statement of another package."""
    return select(PersonRow.id, PersonRow.subject_ref, PersonRow.country)
