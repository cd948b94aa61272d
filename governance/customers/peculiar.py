"""What is unusual about a person, for whoever decides over them: in closed codes, without reading what is kept."""

from enum import StrEnum
from typing import Final

from sqlalchemy import exists, select

from governance.customers.standing import held, restricted
from governance.customers.tables import PersonLinkRow, PersonRow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

OF_AGE: Final = 18


class Peculiarity(StrEnum):
    """Something to be looked at before a decision."""

    MERGED = "merged"
    """Several records have become one, so their data are those of one person only if the merge was right."""
    MINOR = "minor"
    """Known to be under 18: a guardian speaks for a child (GDPR Art. 8, recital 38)."""
    REPRESENTED = "represented"
    """Somebody else is on record as guardian or representative."""
    DECEASED = "deceased"
    """The GDPR does not apply any more (recital 27); the law of the country may."""
    RESTRICTED = "restricted"
    HELD = "held"


def peculiarities(work: Work, person: SubjectId) -> tuple[Peculiarity, ...]:
    """What is unusual about a person, for callers that have decided that it may be known."""
    row = work.session.get(PersonRow, person)
    if row is None:
        return ()
    merged = exists().where(PersonRow.merged_into == person)
    linked = exists().where(PersonLinkRow.person_id == person, PersonLinkRow.until.is_(None))
    has_merged, is_represented = work.session.execute(select(merged, linked)).one()
    known = {
        Peculiarity.MERGED: has_merged,
        Peculiarity.MINOR: row.age_at_least is not None and row.age_at_least < OF_AGE,
        Peculiarity.REPRESENTED: is_represented,
        Peculiarity.DECEASED: row.deceased_at is not None,
        Peculiarity.RESTRICTED: bool(restricted(work, [person])),
        Peculiarity.HELD: bool(held(work, [person])),
    }
    return tuple(one for one in Peculiarity if known[one])


def spokespeople(work: Work, person: SubjectId) -> frozenset[SubjectId]:
    """Who is on record as guardian or representative of a person; the caller has decided that it may be known."""
    query = select(PersonLinkRow.other_id).where(PersonLinkRow.person_id == person, PersonLinkRow.until.is_(None))
    return frozenset(SubjectId(one) for one in work.session.scalars(query))
