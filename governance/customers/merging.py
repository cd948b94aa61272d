"""Two records of one person become one, and two again: what moves, and what the survivor takes over.

The merged person keeps row and key owner, and all that their row says; contacts, purchases, interactions, activity,
extra values, holds, restrictions and links move to the survivor, row by row, and nothing is sealed anew. Each row that
moved is noted, so that it can go back. Whoever calls has decided that it may be.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final, LiteralString, NamedTuple, NewType
from uuid import UUID

from sqlalchemy import or_, select

from governance.customers.loading import opened
from governance.customers.reach import UNKNOWN, allow, reaches
from governance.customers.records import Json
from governance.customers.tables import HoldRow, MergeRow, MoveRow, PersonRow, RestrictionRow
from governance.kernel.db import driver_connection
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work, tell_instant
from governance.policies.permissions import Permission

MergeId = NewType("MergeId", UUID)
UNDO_WITHIN: Final = timedelta(days=30)

_FILLED: Final = ("language", "country", "customer_since", "responsible_id", "age_at_least")
"""Readable columns that the survivor takes from the other where it has none itself."""
_PARSED: Final[Mapping[str, Callable[[str], object]]] = {
    "customer_since": date.fromisoformat,
    "deceased_at": datetime.fromisoformat,
    "inform_by": datetime.fromisoformat,
    "informed_at": datetime.fromisoformat,
    "responsible_id": UUID,
}
PERSON: Final = "person"
_MOVE: Final[Mapping[str, LiteralString]] = {
    "contact": """
UPDATE contact SET person_id = %(into)s, is_primary = is_primary AND NOT EXISTS (
    SELECT FROM contact AS theirs
    WHERE theirs.person_id = %(into)s AND theirs.kind = contact.kind AND theirs.is_primary
) WHERE person_id = %(other)s RETURNING new.id, old.is_primary AS mark
""",
    **{
        table: f"UPDATE {table} SET person_id = %(into)s WHERE person_id = %(other)s RETURNING id, false AS mark"  # noqa: S608 (names of our own)
        for table in ("purchase", "interaction", "activity", "person_hold")
    },
    "extra_value": """
UPDATE extra_value SET person_id = %(into)s WHERE person_id = %(other)s AND NOT EXISTS (
    SELECT FROM extra_value AS theirs WHERE theirs.person_id = %(into)s AND theirs.field_id = extra_value.field_id
) RETURNING id, false AS mark
""",
    "person_restriction": """
UPDATE person_restriction SET person_id = %(into)s
WHERE person_id = %(other)s AND (lifted_at IS NOT NULL OR NOT EXISTS (
    SELECT FROM person_restriction AS theirs
    WHERE theirs.person_id = %(into)s AND theirs.reason = person_restriction.reason AND theirs.lifted_at IS NULL
)) RETURNING id, false AS mark
""",
    "link_of": """
UPDATE person_link SET person_id = %(into)s
WHERE person_id = %(other)s AND other_id <> %(into)s AND (until IS NOT NULL OR NOT EXISTS (
    SELECT FROM person_link AS theirs WHERE theirs.person_id = %(into)s AND theirs.other_id = person_link.other_id
    AND theirs.kind = person_link.kind AND theirs.until IS NULL
)) RETURNING id, false AS mark
""",
    "link_to": """
UPDATE person_link SET other_id = %(into)s
WHERE other_id = %(other)s AND person_id <> %(into)s AND (until IS NOT NULL OR NOT EXISTS (
    SELECT FROM person_link AS theirs WHERE theirs.other_id = %(into)s AND theirs.person_id = person_link.person_id
    AND theirs.kind = person_link.kind AND theirs.until IS NULL
)) RETURNING id, false AS mark
""",
    PERSON: """
UPDATE person SET merged_into = %(into)s WHERE merged_into = %(other)s RETURNING id, false AS mark
""",
}
"""By kind of what moves. What the survivor has already of its own kind stays with the other, and is shown beside it."""
_NOTED: Final[LiteralString] = """
INSERT INTO person_merge_move (merge_id, kind, row_id, mark_before) SELECT %(merge)s, %(kind)s, id, mark FROM moved
ON CONFLICT DO NOTHING
"""
_BACK: Final[Mapping[str, LiteralString]] = {
    **{
        table: f"UPDATE {table} SET person_id = %(other)s WHERE person_id = %(into)s AND id = ANY(%(rows)s)"  # noqa: S608 (as above)
        for table in ("purchase", "interaction", "activity", "person_hold", "extra_value", "person_restriction")
    },
    "contact": """
UPDATE contact SET person_id = %(other)s, is_primary = id = ANY(%(marked)s)
WHERE person_id = %(into)s AND id = ANY(%(rows)s)
""",
    "link_of": "UPDATE person_link SET person_id = %(other)s WHERE person_id = %(into)s AND id = ANY(%(rows)s)",
    "link_to": "UPDATE person_link SET other_id = %(other)s WHERE other_id = %(into)s AND id = ANY(%(rows)s)",
    PERSON: "UPDATE person SET merged_into = %(other)s WHERE merged_into = %(into)s AND id = ANY(%(rows)s)",
}
_ADDED: Final[LiteralString] = """
SELECT 'contacts', count(*) FROM contact WHERE person_id = %(into)s AND created_at > %(at)s AND id <> ALL(%(moved)s)
UNION ALL
SELECT 'purchases', count(*) FROM purchase WHERE person_id = %(into)s AND created_at > %(at)s AND id <> ALL(%(moved)s)
UNION ALL SELECT 'interactions', count(*) FROM interaction
    WHERE person_id = %(into)s AND created_at > %(at)s AND id <> ALL(%(moved)s)
UNION ALL
SELECT 'activity', count(*) FROM activity WHERE person_id = %(into)s AND created_at > %(at)s AND id <> ALL(%(moved)s)
UNION ALL SELECT 'extra', count(*) FROM extra_value
    WHERE person_id = %(into)s AND created_at > %(at)s AND id <> ALL(%(moved)s)
"""


class Two(NamedTuple):
    """The two of a merge, locked until the transaction ends."""

    survivor: PersonRow
    other: PersonRow


def lock_two(work: Work, *, into: SubjectId, other: SubjectId, permission: Permission) -> Two:
    """Lock both, and all who were merged into the other, in the order of their ids: so nobody waits for each other.

    Raises:
        ForbiddenError: where the actor may not do this at all.
        NotFoundError: where one does not exist, or is out of reach.
    """
    allow(work, permission)
    work.session.flush()
    rows = {
        row.id: row
        for row in work.session.scalars(
            select(PersonRow)
            .where(or_(PersonRow.id.in_((into, other)), PersonRow.merged_into == other))
            .order_by(PersonRow.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    survivor, merged = rows.get(into), rows.get(other)
    if survivor is None or merged is None or not all(reaches(work, permission, one) for one in (survivor, merged)):
        raise NotFoundError(UNKNOWN)
    tell_instant(work)
    return Two(survivor, merged)


def take_over(work: Work, two: Two, *, reason: str, score: int | None) -> MergeRow:
    """Let the survivor have all that is the other's; answers the merge, with what moved noted.

    Raises:
        ConflictError: where one of the two was merged before, or both are one.
    """
    survivor, other = two
    if survivor.id == other.id:
        raise ConflictError("A customer is not merged into itself; name two.")
    if other.merged_into is not None:
        raise ConflictError("This customer was merged into another before; undo that first.")
    if survivor.merged_into is not None:
        raise ConflictError("The one to stay was merged into another; merge into that one.")
    changed = _stricter(survivor, other)
    merge = MergeRow(
        id=uuid7(),
        owner_id=other.owner_id,
        into_id=survivor.id,
        other_id=other.id,
        at=work.now,
        by_kind=work.actor.kind.value,
        by_id=work.actor.id,
        score=score,
        reason=reason,
        before={name: [_said(getattr(survivor, name)), _said(value)] for name, value in changed.items()},
    )
    work.session.add(merge)
    for name, value in changed.items():
        setattr(survivor, name, value)
    survivor.version += 1
    survivor.updated_at = work.now
    other.merged_into = survivor.id
    work.session.flush()
    move_rows(work, merge, two, _MOVE)
    return merge


def move_rows(work: Work, merge: MergeRow, two: Two, kinds: Iterable[str]) -> None:
    """Let rows of some kinds go over to the survivor, and note that they did."""
    connection = driver_connection(work.session)
    told = {"into": two.survivor.id, "other": two.other.id, "merge": merge.id}
    for kind in kinds:
        connection.execute(f"WITH moved AS ({_MOVE[kind]}) {_NOTED}", told | {"kind": kind})
    work.session.expire_all()


def _stricter(survivor: PersonRow, other: PersonRow) -> dict[str, object]:
    """Readable columns of the survivor that change: empty ones are filled, and what stops the use of either wins."""
    changed: dict[str, object] = {
        name: value
        for name in _FILLED
        if getattr(survivor, name) is None and (value := getattr(other, name)) is not None
    }
    if other.deceased_at is not None and (survivor.deceased_at is None or other.deceased_at < survivor.deceased_at):
        changed["deceased_at"] = other.deceased_at
    if survivor.not_mailable is None and other.not_mailable is not None:
        changed["not_mailable"] = other.not_mailable
    owes = other.inform_by is not None and other.informed_at is None
    settled = survivor.inform_by is None or survivor.informed_at is not None
    if owes and (settled or survivor.inform_by > other.inform_by):  # type: ignore[operator]  # neither is None here
        changed["inform_by"] = other.inform_by
        if survivor.informed_at is not None:
            changed["informed_at"] = None
    return changed


def note_moves(work: Work, merge: MergeRow, kind: str, rows: Mapping[UUID, bool]) -> None:
    """Note rows of another package that a merge moved, made or closed."""
    work.session.add_all(
        MoveRow(merge_id=merge.id, kind=kind, row_id=row, mark_before=mark) for row, mark in rows.items()
    )
    work.session.flush()


def moves_of(work: Work, merge: UUID, kind: str) -> dict[UUID, bool]:
    """Rows of a kind that a merge moved, with their marks before."""
    query = select(MoveRow.row_id, MoveRow.mark_before).where(MoveRow.merge_id == merge, MoveRow.kind == kind)
    return dict(work.session.execute(query).all())


def moved_to(work: Work, survivor: UUID, kind: str) -> frozenset[UUID]:
    """Rows of a kind that came to *survivor* by merges that stand."""
    query = (
        select(MoveRow.row_id)
        .join(MergeRow, MergeRow.id == MoveRow.merge_id)
        .where(MergeRow.into_id == survivor, MergeRow.undone_at.is_(None), MoveRow.kind == kind)
    )
    return frozenset(work.session.scalars(query))


def give_back(work: Work, merge: MergeRow, two: Two) -> dict[str, int]:
    """Let the other have again what it had; answers how much that was added meanwhile stays with the survivor.

    Rows go back as they are by now. Holds and restrictions that came meanwhile may be meant for either, and so both
    have them from now on. Columns that somebody changed meanwhile stay as they are.

    Raises:
        ConflictError: where it was undone before, the time is over, or the survivor was itself merged since.
    """
    survivor, other = two
    if merge.undone_at is not None:
        raise ConflictError("This merge was undone before.")
    if work.now > merge.at + UNDO_WITHIN:
        raise ConflictError(f"A merge can be undone for {UNDO_WITHIN.days} days, which are over.")
    if survivor.merged_into is not None:
        raise ConflictError("The survivor was itself merged into another since; undo that merge first.")
    moved = {kind: moves_of(work, merge.id, kind) for kind in _BACK}
    _part_marks(work, two, merge, {row for rows in moved.values() for row in rows})
    for name, (before, after) in (opened(merge, "before") or {}).items():
        if _said(getattr(survivor, name)) == after:
            setattr(survivor, name, _read(name, before))
    other.merged_into = None
    # Nobody who read one of the two takes what they read for the other.
    survivor.version = other.version = max(survivor.version, other.version) + 1
    survivor.updated_at = work.now
    merge.undone_at, merge.undone_by = work.now, work.actor.id
    work.session.flush()
    connection = driver_connection(work.session)
    for kind, statement in _BACK.items():
        if rows := moved[kind]:
            marked = [row for row, mark in rows.items() if mark]
            told: dict[str, object] = {"into": survivor.id, "other": other.id, "rows": list(rows)}
            connection.execute(statement, told | {"marked": marked} if kind == "contact" else told)
    every = sorted({row for rows in moved.values() for row in rows})
    added = connection.execute(_ADDED, {"into": survivor.id, "at": merge.at, "moved": every}).fetchall()
    work.session.expire_all()
    return {kind: count for kind, count in added if count}


def _part_marks(work: Work, two: Two, merge: MergeRow, moved: Collection[UUID]) -> None:
    """Holds and restrictions placed on the one record while it was both: the other gets its own."""
    survivor, other = two
    holds = work.session.scalars(
        select(HoldRow).where(
            HoldRow.person_id == survivor.id, HoldRow.placed_at >= merge.at, HoldRow.released_at.is_(None)
        )
    ).all()
    for row in holds:
        if row.id in moved:
            continue
        work.session.add(
            HoldRow(
                owner_id=other.owner_id,
                person_id=other.id,
                compartments=list(row.compartments),
                placed_at=row.placed_at,
                placed_by=row.placed_by,
                review_at=row.review_at,
                reason=opened(row, "reason"),
                case_ref=opened(row, "case_ref"),
            )
        )
    placed = work.session.scalars(
        select(RestrictionRow).where(
            RestrictionRow.person_id == survivor.id,
            RestrictionRow.placed_at >= merge.at,
            RestrictionRow.lifted_at.is_(None),
        )
    ).all()
    standing = select(RestrictionRow.reason).where(
        RestrictionRow.person_id == other.id, RestrictionRow.lifted_at.is_(None)
    )
    known = set(work.session.scalars(standing))
    for mark in placed:
        if mark.id not in moved and mark.reason not in known:
            work.session.add(
                RestrictionRow(
                    person_id=other.id, reason=mark.reason, placed_at=mark.placed_at, placed_by=mark.placed_by
                )
            )


def _said(value: object) -> Json:
    if value is None or isinstance(value, int):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(name: str, said: Json) -> object:
    parse = _PARSED.get(name)
    return parse(str(said)) if parse is not None and said is not None else said
