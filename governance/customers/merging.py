"""Two records of one person become one: what moves, and what the survivor takes over. `unmerging` undoes it.

The merged person keeps row and key owner, and all that their row says; contacts, purchases, interactions, activity,
extra values, holds, restrictions and links move to the survivor, row by row, and nothing is sealed anew. Each row that
moved is noted, so that it can go back. Whoever calls has decided that it may be.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, LiteralString, NamedTuple, NewType
from uuid import UUID

from sqlalchemy import or_, select

from governance.customers.reach import UNKNOWN, allow, reaches
from governance.customers.records import Json
from governance.customers.tables import MergeRow, MoveRow, PersonRow
from governance.kernel.db import driver_connection
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work, tell_instant
from governance.policies.permissions import Permission

MergeId = NewType("MergeId", UUID)
_FILLED: Final = ("language", "country", "customer_since", "responsible_id", "age_at_least")
"""Readable columns that the survivor takes from the other where it has none itself."""
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
        before={name: [as_noted(getattr(survivor, name)), as_noted(value)] for name, value in changed.items()},
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


def as_noted(value: object) -> Json:
    """A value of a column as a merge notes it: dates and instants by ISO 8601, ids as text."""
    if value is None or isinstance(value, int):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
