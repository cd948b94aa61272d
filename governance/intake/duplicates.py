"""People who are probably one: the list to be looked through, and the decision that two are two, which holds for good.

Nothing is ever merged by itself. `duplicates_store` finds the pairs, `duplicates_scores` tells what speaks for them.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NewType
from uuid import UUID

from sqlalchemy import SmallInteger, Uuid, func, literal, select, tuple_
from sqlalchemy.sql import Select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.customers.holders import people_within
from governance.customers.reach import owners_of
from governance.intake.duplicates_scores import Reason
from governance.intake.tables import DuplicatePairRow
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.permissions import Permission

MOST_LISTED = 100
"""The entry in the log names all of them."""
OBJECT = "duplicate"

PairId = NewType("PairId", UUID)


class PairState(StrEnum):
    """What was decided about two people."""

    OPEN = "open"
    APART = "apart"
    """They are two; whatever is found later does not bring the pair back."""


class After(NamedTuple):
    """The place behind one pair in the list."""

    score: int
    id: UUID


@frozen
class Duplicate:
    """Two people who are probably one.

    Attributes:
        customers: the two, in the order of their ids.
        score: probability in percent.
        reasons: what speaks for it, and what against.
        found_at: when the pair was first found.
        decided_at, decided_by: when and by whom it was decided that they are two.
    """

    id: PairId
    customers: tuple[SubjectId, SubjectId]
    score: int
    reasons: tuple[Reason, ...]
    state: PairState
    found_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None


@frozen
class Duplicates:
    """A page of pairs, and the place behind it where there are more."""

    items: tuple[Duplicate, ...]
    more: After | None


def duplicates(
    work: Work, *, state: PairState = PairState.OPEN, after: After | None = None, limit: int = 50
) -> Duplicates:
    """Pairs of people who are both within reach, the surest first.

    Args:
        work: the transaction.
        state: those that wait for a decision, or those decided.
        after: the place behind the page before.
        limit: pairs on the page, at most 100.

    Raises:
        ForbiddenError: where the actor may not see them.
    """
    limit = max(1, min(limit, MOST_LISTED))
    query = _within(work, Permission.DUPLICATES_READ).where(DuplicatePairRow.state == state.value)
    if after is not None:
        # By descending score and ascending id.
        query = query.where(
            tuple_(-DuplicatePairRow.score, DuplicatePairRow.id)
            > tuple_(literal(-after.score, SmallInteger()), literal(after.id, Uuid()))
        )
    rows = work.session.scalars(
        query.order_by(DuplicatePairRow.score.desc(), DuplicatePairRow.id).limit(limit + 1)
    ).all()
    items = tuple(map(_shown, rows[:limit]))
    refs = owners_of(work, {person for one in items for person in one.customers})
    people = sorted(known.ref for known in refs.values())
    audit.append(work, Action.DUPLICATES_LISTED, facts={"count": len(items), "people": people})
    return Duplicates(items, After(items[-1].score, items[-1].id) if len(rows) > limit else None)


def count_duplicates(work: Work, *, most: int) -> int:
    """How many pairs within reach wait for a decision, counted up to *most*; names nobody, so it is not in the log.

    Raises:
        ForbiddenError: where the actor may not see them.
    """
    query = _within(work, Permission.DUPLICATES_READ).where(DuplicatePairRow.state == PairState.OPEN.value)
    counted = select(func.count()).select_from(query.limit(most).subquery())
    return int(work.session.scalar(counted) or 0)


def mark_apart(work: Work, *, pair: PairId) -> Duplicate:
    """Decide that two people are two. It holds for good; whoever repeats it changes nothing.

    Raises:
        ForbiddenError: where the actor may not decide.
        NotFoundError: where there is no such pair, or one of the two is out of reach.
    """
    query = _within(work, Permission.DUPLICATES_DECIDE).where(DuplicatePairRow.id == pair)
    row = work.session.scalars(query.with_for_update()).one_or_none()
    if row is None:
        raise NotFoundError("There is no such pair, or not both are among those you look after.")
    if row.state == PairState.APART:
        return _shown(row)
    row.state = PairState.APART
    row.decided_at = work.now
    row.decided_by_kind = work.actor.kind.value
    row.decided_by = work.actor.id
    work.session.flush()
    both = owners_of(work, (SubjectId(row.first_id), SubjectId(row.second_id)))
    about = ObjectRef(OBJECT, row.id)
    audit.append_many(
        work,
        [
            NewEntry(Action.DUPLICATE_DENIED, subject=one.ref, object=about, facts={"score": row.score})
            for one in both.values()
        ],
    )
    return _shown(row)


def _within(work: Work, permission: Permission) -> Select[DuplicatePairRow]:
    reached = people_within(work, permission)
    return select(DuplicatePairRow).where(
        DuplicatePairRow.first_id.in_(reached), DuplicatePairRow.second_id.in_(reached)
    )


def _shown(row: DuplicatePairRow) -> Duplicate:
    return Duplicate(
        id=PairId(row.id),
        customers=(SubjectId(row.first_id), SubjectId(row.second_id)),
        score=row.score,
        reasons=tuple(map(Reason, row.reasons)),
        state=PairState(row.state),
        found_at=row.found_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )
