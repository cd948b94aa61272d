"""A merge is undone: two records again, each with what it had; what was added meanwhile stays with the survivor.

Whoever calls has decided that it may be.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Final, LiteralString
from uuid import UUID

from sqlalchemy import select

from governance.customers.loading import opened
from governance.customers.merging import PERSON, Two, as_noted, moves_of
from governance.customers.records import Json
from governance.customers.tables import HoldRow, MergeRow, RestrictionRow
from governance.kernel.db import driver_connection
from governance.kernel.errors import ConflictError
from governance.kernel.work import Work

UNDO_WITHIN: Final = timedelta(days=30)
_PARSED: Final[Mapping[str, Callable[[str], object]]] = {
    "customer_since": date.fromisoformat,
    "deceased_at": datetime.fromisoformat,
    "inform_by": datetime.fromisoformat,
    "informed_at": datetime.fromisoformat,
    "responsible_id": UUID,
}
_BACK: Final[Mapping[str, LiteralString]] = {
    **{
        table: f"UPDATE {table} SET person_id = %(other)s WHERE person_id = %(into)s AND id = ANY(%(rows)s)"  # noqa: S608 (names of our own)
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
        if as_noted(getattr(survivor, name)) == after:
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


def _read(name: str, said: Json) -> object:
    parse = _PARSED.get(name)
    return parse(str(said)) if parse is not None and said is not None else said
