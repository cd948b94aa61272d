"""Merges that nobody has looked at yet: until then, data of the two leave in no package, export or list."""

from collections.abc import Iterable

from sqlalchemy import ARRAY, Uuid, any_, func, literal, select
from sqlalchemy.orm import aliased

from governance.customers.tables import MergeRow, PersonRow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work


def unreviewed(work: Work, people: Iterable[SubjectId]) -> frozenset[SubjectId]:
    """Those of *people* whose record holds data of a merge that was neither reviewed nor undone, by the id asked for.

    Whoever calls has decided that it may be. Ids of the survivor and of those who were merged answer alike.
    """
    asked, other = aliased(PersonRow), aliased(PersonRow)
    query = (
        select(asked.id)
        .join(other, other.merged_into == func.coalesce(asked.merged_into, asked.id))
        .join(MergeRow, MergeRow.other_id == other.id)
        .where(MergeRow.undone_at.is_(None), MergeRow.reviewed_at.is_(None))
        .where(asked.id == any_(literal(list(people), ARRAY(Uuid))))
        .distinct()
    )
    return frozenset(map(SubjectId, work.session.scalars(query)))
