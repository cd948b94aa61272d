"""Merges as they may be seen: listed, one of them taken up with its two people, and looked at."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry, ObjectRef
from governance.customers.merging import MergeId, Two, lock_two
from governance.customers.reach import within
from governance.customers.shown import Lens
from governance.customers.tables import MergeRow, PersonRow
from governance.customers.unmerging import UNDO_WITHIN
from governance.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission

MOST_LISTED = 100
OBJECT = "merge"


class MergeState(StrEnum):
    """How far a merge is."""

    UNREVIEWED = "unreviewed"
    REVIEWED = "reviewed"
    UNDONE = "undone"


@frozen(kw_only=True)
class MergeView:
    """A merge as it may be seen.

    Attributes:
        into, other: the one who stays, and the one who was merged.
        reason: masked where the actor may not see it in full.
        score: probability in percent, where the two were on the list of duplicates.
        undo_until: up to when it can be undone.
    """

    id: MergeId
    into: SubjectId
    other: SubjectId
    state: MergeState
    at: datetime
    by_kind: ActorKind
    by: UUID | None
    reason: str | None
    score: int | None
    undo_until: datetime
    reviewed_at: datetime | None
    reviewed_by: UUID | None
    undone_at: datetime | None
    undone_by: UUID | None


@frozen
class Merges:
    """A page of merges, and the id behind it where there are more."""

    items: tuple[MergeView, ...]
    next_before: MergeId | None


def list_merges(
    work: Work, *, state: MergeState | None = None, before: MergeId | None = None, limit: int = 50
) -> Merges:
    """Merges of people within reach, the newest first; told in the log.

    Raises:
        ForbiddenError: where the actor may not see them.
    """
    limit = max(1, min(limit, MOST_LISTED))
    query = select(MergeRow, PersonRow).join(PersonRow, PersonRow.id == MergeRow.into_id)
    query = query.where(within(work, Permission.DUPLICATES_READ), *_IN_STATE[state])
    if before is not None:
        query = query.where(MergeRow.id < before)
    rows = work.session.execute(query.order_by(MergeRow.id.desc()).limit(limit + 1)).all()
    items = tuple(merge_view(work, row, person) for row, person in rows[:limit])
    people = sorted({SubjectRef(person.subject_ref) for _, person in rows[:limit]})
    audit.append(work, Action.MERGES_LISTED, facts={"count": len(items), "people": people})
    return Merges(items, items[-1].id if len(rows) > limit else None)


def find_merge(work: Work, merge: MergeId, permission: Permission) -> tuple[MergeRow, Two]:
    """A merge with its two people, all of them locked until the transaction ends.

    Raises:
        ForbiddenError: where the actor may not do this at all.
        NotFoundError: where there is no such merge, or its people are out of reach.
    """
    survivor = aliased(PersonRow)
    query = select(MergeRow.into_id, MergeRow.other_id).join(survivor, survivor.id == MergeRow.into_id)
    found = work.session.execute(query.where(MergeRow.id == merge)).one_or_none()
    if found is None:
        raise NotFoundError("There is no such merge, or it is of people whom you do not look after.")
    two = lock_two(work, into=SubjectId(found[0]), other=SubjectId(found[1]), permission=permission)
    row = work.session.get_one(MergeRow, merge, populate_existing=True, with_for_update=True)
    return row, two


def review_merge(work: Work, *, merge: MergeId) -> MergeView:
    """Note that a person has looked at a merge and found it right; from now on data of the two may leave in files.

    Raises:
        ForbiddenError, NotFoundError: as `find_merge` does; and where a system asks, since it looks at nothing.
        ConflictError: where it was undone, or looked at before.
    """
    row, two = find_merge(work, merge, Permission.DUPLICATES_DECIDE)
    if work.actor.kind not in (ActorKind.STAFF, ActorKind.OPERATOR):
        raise ForbiddenError("A person looks at a merge: sign in as a member of staff.")
    if row.undone_at is not None:
        raise ConflictError("This merge was undone.")
    if row.reviewed_at is not None:
        raise ConflictError("This merge was looked at before.")
    row.reviewed_at, row.reviewed_by = work.now, work.actor.id
    work.session.flush()
    tell_merge(work, Action.MERGE_REVIEWED, row, two)
    return merge_view(work, row, two.survivor)


def tell_merge(work: Work, action: Action, row: MergeRow, two: Two) -> None:
    """Tell of a merge in the log, for either of the two."""
    about = ObjectRef(OBJECT, row.id)
    audit.append_many(work, [NewEntry(action, subject=SubjectRef(one.subject_ref), object=about) for one in two])


def merge_view(work: Work, row: MergeRow, survivor: PersonRow) -> MergeView:
    """A merge as the actor may see it."""
    return MergeView(
        id=MergeId(row.id),
        into=SubjectId(row.into_id),
        other=SubjectId(row.other_id),
        state=_state(row),
        at=row.at,
        by_kind=ActorKind(row.by_kind),
        by=row.by_id,
        reason=Lens(work, Permission.DUPLICATES_READ, survivor).show(row, "reason"),
        score=row.score,
        undo_until=row.at + UNDO_WITHIN,
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewed_by,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )


def _state(row: MergeRow) -> MergeState:
    if row.undone_at is not None:
        return MergeState.UNDONE
    return MergeState.UNREVIEWED if row.reviewed_at is None else MergeState.REVIEWED


_IN_STATE: dict[MergeState | None, tuple[ColumnElement[bool], ...]] = {
    None: (),
    MergeState.UNREVIEWED: (MergeRow.undone_at.is_(None), MergeRow.reviewed_at.is_(None)),
    MergeState.REVIEWED: (MergeRow.undone_at.is_(None), MergeRow.reviewed_at.is_not(None)),
    MergeState.UNDONE: (MergeRow.undone_at.is_not(None),),
}


def count_unreviewed(work: Work) -> int:
    """How many merges nobody has looked at."""
    query = select(func.count()).select_from(MergeRow).where(*_IN_STATE[MergeState.UNREVIEWED])
    return int(work.session.scalar(query) or 0)
