"""Whose data: a person with all their records and key owners."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, LiteralString
from uuid import UUID

from governance.kernel.arrays import uuids
from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId, SubjectRef, by_number
from governance.kernel.work import Work

_PEOPLE: Final[LiteralString] = """
SELECT coalesce(asked.merged_into, asked.id), person.id, person.owner_id, person.subject_ref
FROM person AS asked JOIN person
    ON person.id = coalesce(asked.merged_into, asked.id) OR person.merged_into = coalesce(asked.merged_into, asked.id)
WHERE asked.id = ANY(%(people)b) ORDER BY person.id
"""


@dataclass(slots=True)
class Target:
    """A person with all their records.

    Attributes:
        person: the survivor, where they were merged.
        records: ids of the survivor's row and of those merged into it.
        owners: key owners of those rows.
    """

    person: SubjectId
    ref: SubjectRef
    records: list[UUID] = field(default_factory=list)
    owners: list[UUID] = field(default_factory=list)


def targets_of(work: Work, people: Sequence[SubjectId], *, locked: bool = False) -> list[Target]:
    """Each of *people* who exists with all their records; the records locked until the transaction ends."""
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(_PEOPLE + (" FOR UPDATE OF person" if locked else ""), {"people": uuids(people)})
    found: dict[UUID, Target] = {}
    for survivor, record, owner, ref in cursor.fetchall():
        target = found.setdefault(survivor, Target(SubjectId(survivor), SubjectRef(ref)))
        if record not in target.records:
            target.records.append(record)
            target.owners.append(owner)
        if record == survivor:
            target.ref = SubjectRef(ref)
    return [found[person] for person in sorted(found, key=by_number)]
