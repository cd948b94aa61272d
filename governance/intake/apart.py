"""Decisions that two are two, handed on where one of them is merged, and taken back where the merge is undone."""

from collections.abc import Mapping
from typing import Final, LiteralString
from uuid import UUID

from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

_CARRY: Final[LiteralString] = """
INSERT INTO duplicate_pair AS pair (id, first_id, second_id, score, reasons, state, found_at, seen_at,
    decided_at, decided_by_kind, decided_by)
SELECT uuidv7(), least(third, %(into)s::uuid), greatest(third, %(into)s::uuid), score, reasons, state, found_at,
    seen_at, decided_at, decided_by_kind, decided_by
FROM (
    SELECT *, CASE WHEN first_id = %(other)s THEN second_id ELSE first_id END AS third
    FROM duplicate_pair WHERE state = 'apart' AND (first_id = %(other)s OR second_id = %(other)s)
) AS denied WHERE third <> %(into)s
ON CONFLICT (first_id, second_id) DO UPDATE SET state = excluded.state, decided_at = excluded.decided_at,
    decided_by_kind = excluded.decided_by_kind, decided_by = excluded.decided_by
WHERE pair.state = 'open'
RETURNING new.id, old.id IS NOT NULL
"""
_REOPEN: Final[LiteralString] = """
UPDATE duplicate_pair SET state = 'open', decided_at = NULL, decided_by_kind = NULL, decided_by = NULL
WHERE id = ANY(%s)
"""
_SCORE: Final[LiteralString] = """
SELECT score FROM duplicate_pair WHERE (first_id, second_id) = (least(%s::uuid, %s::uuid), greatest(%s::uuid, %s::uuid))
"""


def score_of(work: Work, one: SubjectId, other: SubjectId) -> int | None:
    """Probability in percent that the two are one, where they stand on the list of duplicates."""
    found = driver_connection(work.session).execute(_SCORE, (one, other, one, other)).fetchone()
    return None if found is None else int(found[0])


def carry_over(work: Work, *, into: SubjectId, other: SubjectId) -> dict[UUID, bool]:
    """Hold of *into* whatever was decided of *other*: answers pairs made or closed, and whether they waited before."""
    work.session.flush()
    rows = driver_connection(work.session).execute(_CARRY, {"into": into, "other": other}).fetchall()
    return dict(rows)


def give_back_pairs(work: Work, pairs: Mapping[UUID, bool]) -> None:
    """Undo `carry_over`."""
    connection = driver_connection(work.session)
    connection.execute(
        "DELETE FROM duplicate_pair WHERE id = ANY(%s)", ([one for one, old in pairs.items() if not old],)
    )
    connection.execute(_REOPEN, ([one for one, old in pairs.items() if old],))
