"""Holds upon all whom a segment found, however many they are."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from governance.customers import operations as customers
from governance.customers.holding import MOST_PEOPLE
from governance.customers.segments.results import RunId
from governance.disclosures.audiences import selection_of
from governance.kernel.work import Work


def hold_segment(
    work: Work,
    *,
    evaluation: UUID,
    compartments: Sequence[str],
    reason: str,
    review_at: datetime,
    case_ref: str | None = None,
) -> int:
    """Keep compartments of all whom an evaluation of a segment found; answers how many holds were placed, all or none.

    Args:
        work: the transaction.
        evaluation: of the segment, done; whoever meets the rule later is not held.
        compartments: what is kept.
        reason: why; sealed.
        review_at: when somebody must look at it again.
        case_ref: name of the case; sealed.

    Raises:
        ForbiddenError: where the actor may not place holds, or may not use segments for all customers.
        NotFoundError: where there is no such evaluation, or somebody on it is no customer any more.
        ConflictError: where it is not done, or its time is over.
        InvalidError: where something cannot be kept; `errors` says by field what is wrong.
    """
    people = selection_of(work, run=RunId(evaluation)).people
    return sum(
        customers.place_holds(
            work,
            people=people[first : first + MOST_PEOPLE],
            compartments=compartments,
            reason=reason,
            review_at=review_at,
            case_ref=case_ref,
        )
        for first in range(0, max(1, len(people)), MOST_PEOPLE)
    )
