"""From the random references of the audit log back to people, while the mapping is there: erasure deletes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from governance.customers.tables import PersonRow
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.work import Work


def people_of(work: Work, refs: Iterable[SubjectRef]) -> Mapping[SubjectRef, SubjectId]:
    """The people that references stand for; those of people who were erased are left out."""
    asked = literal(sorted(set(refs)), ARRAY(Uuid))
    query = select(PersonRow.subject_ref, PersonRow.id).where(PersonRow.subject_ref == any_(asked))
    return {SubjectRef(ref): SubjectId(person) for ref, person in work.session.execute(query)}
