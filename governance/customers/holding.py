"""Legal holds upon many people at once, by a list or a case; when they are to be looked at again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, tuple_

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.customers.expiring import of_rows
from governance.customers.marks import HOLDABLE
from governance.customers.pages import After, behind
from governance.customers.reach import allow, within
from governance.customers.tables import HoldRow, PersonRow
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import OwnerId, StaffId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work, tell_instant
from governance.policies.permissions import Permission

MOST_PEOPLE: Final = 10_000
"""In one act."""


@frozen
class StandingHold:
    """A hold that stands, without its words.

    Attributes:
        review_at: when it is to be looked at again.
    """

    id: UUID
    person: SubjectId
    compartments: tuple[str, ...]
    placed_at: datetime
    placed_by: StaffId | None
    review_at: datetime


@frozen
class StandingHolds:
    """A page of holds that stand.

    Attributes:
        next_after: where the next page begins; None on the last one.
    """

    items: tuple[StandingHold, ...]
    next_after: After | None


def place_holds(
    work: Work,
    *,
    people: Sequence[SubjectId],
    compartments: Sequence[str],
    reason: str,
    review_at: datetime,
    case_ref: str | None = None,
) -> int:
    """Keep compartments of many people, as `marks.place_hold` does for one; each gets a hold and an entry of their own.

    Returns:
        How many holds were placed; people who were merged share that of the survivor.

    Raises:
        ForbiddenError: where the actor may not place holds.
        NotFoundError: where somebody is no person, or the act does not reach them; nothing is placed then.
        InvalidError: where something cannot be kept; `errors` says by field what is wrong.
    """
    allow(work, Permission.CUSTOMERS_HOLD)
    errors = Complaints()
    with errors.at("reason"):
        reason = words(reason, longest=LONG_TEXT, lines=True)
    with errors.at("case_ref"):
        case_ref = None if case_ref is None else words(case_ref)
    if not compartments or not set(compartments) <= {one.value for one in HOLDABLE}:
        errors.add("compartments", "Name some of " + ", ".join(one.value for one in HOLDABLE) + ".")
    if review_at <= work.now:
        errors.add("review_at", "A hold is looked at again at some time to come.")
    if not 1 <= len(people) <= MOST_PEOPLE:
        errors.add("people", f"Name 1 to {MOST_PEOPLE} people.")
    errors.end("The holds cannot be placed as they are.")
    found = _survivors(work, people)
    rows = [
        HoldRow(
            owner_id=person.owner_id,
            person_id=person.id,
            compartments=sorted(set(compartments)),
            placed_at=work.now,
            placed_by=work.actor.id if work.actor.kind is ActorKind.STAFF else None,
            review_at=review_at,
            reason=reason,
            case_ref=case_ref,
        )
        for person in found
    ]
    work.session.add_all(rows)
    work.session.flush()
    refs = {person.id: person.subject_ref for person in found}
    audit.append_many(
        work,
        [
            NewEntry(
                Action.HOLD_PLACED,
                SubjectRef(refs[row.person_id]),
                ObjectRef("hold", row.id),
                {"compartments": list(row.compartments), "review_at": row.review_at},
                {"reason": reason},
                OwnerId(row.owner_id),
            )
            for row in rows
        ],
    )
    return len(rows)


def holds_of_case(work: Work, *, case_ref: str) -> list[StandingHold]:
    """The holds of a case that stand; the name of the case is compared as it was written.

    Raises:
        ForbiddenError: where the actor may not see customers.
    """
    query = select(HoldRow).where(HoldRow.case_ref == case_ref, HoldRow.released_at.is_(None))
    return _within(work, work.session.scalars(query.order_by(HoldRow.id)).all())


def holds_to_review(work: Work, *, limit: int = 1000) -> list[StandingHold]:
    """Holds whose time to be looked at has come, the longest overdue first.

    Raises:
        ForbiddenError: where the actor may not see customers.
    """
    query = select(HoldRow).where(HoldRow.review_at <= work.now, HoldRow.released_at.is_(None))
    return _within(work, work.session.scalars(query.order_by(HoldRow.review_at, HoldRow.id).limit(limit)).all())


def holds_standing(work: Work, *, after: After | None = None, limit: int = 50) -> StandingHolds:
    """A page of the holds that stand, those first that are to be looked at soonest.

    Args:
        work: the transaction.
        after: the place behind the page before, by the day on which a hold is looked at again.
        limit: holds on the page.

    Raises:
        ForbiddenError: where the actor may not see customers.
    """
    query = select(HoldRow).join(PersonRow, PersonRow.id == HoldRow.person_id)
    query = query.where(HoldRow.released_at.is_(None), within(work, Permission.CUSTOMERS_READ))
    if after is not None:
        query = query.where(tuple_(HoldRow.review_at, HoldRow.id) > behind(after))
    rows = work.session.scalars(query.order_by(HoldRow.review_at, HoldRow.id).limit(limit + 1)).all()
    shown = rows[:limit]
    following = After(shown[-1].review_at, shown[-1].id) if len(rows) > limit else None
    return StandingHolds(tuple(_told(row) for row in shown), following)


def count_to_review(work: Work) -> int:
    """How many holds are to be looked at again by now."""
    query = select(func.count()).where(HoldRow.review_at <= work.now, HoldRow.released_at.is_(None))
    return work.session.scalar(query) or 0


def _survivors(work: Work, people: Sequence[SubjectId]) -> Sequence[PersonRow]:
    """People, or those whom they were merged into, locked."""
    asked = dict(iter(work.session.execute(_MERGED.where(PersonRow.id == of_rows(people)))))
    if len(asked) != len(set(people)):
        raise NotFoundError("Not all of these are people whom you look after; nothing was placed.")
    survivors = sorted({into or one for one, into in asked.items()})
    query = select(PersonRow).where(PersonRow.id == of_rows(survivors), within(work, Permission.CUSTOMERS_HOLD))
    found = work.session.scalars(query.order_by(PersonRow.id).with_for_update()).all()
    if len(found) != len(survivors):
        raise NotFoundError("Not all of these are people whom you look after; nothing was placed.")
    tell_instant(work)
    return found


def _within(work: Work, rows: Sequence[HoldRow]) -> list[StandingHold]:
    mine = select(PersonRow.id).where(
        PersonRow.id == of_rows([row.person_id for row in rows]), within(work, Permission.CUSTOMERS_READ)
    )
    seen = set(work.session.scalars(mine))
    return [_told(row) for row in rows if row.person_id in seen]


def _told(row: HoldRow) -> StandingHold:
    return StandingHold(
        id=row.id,
        person=SubjectId(row.person_id),
        compartments=tuple(row.compartments),
        placed_at=row.placed_at,
        placed_by=None if row.placed_by is None else StaffId(row.placed_by),
        review_at=row.review_at,
    )


_MERGED = select(PersonRow.id, PersonRow.merged_into)
