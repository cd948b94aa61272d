"""What one actor did, and who read of one person: read back from the log for whoever has to account for it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from sqlalchemy import Uuid, func, literal, select, tuple_

from governance.audit.actions import Action, ActionClass
from governance.audit.cursors import read_cursor, write_cursor
from governance.audit.entries import Entry, decode
from governance.audit.tables import BodyRow
from governance.kernel.db import UtcDateTime, driver_connection, id_list
from governance.kernel.ids import SubjectRef
from governance.kernel.work import Work

BLOCK = 500

_NEWEST: Final[LiteralString] = """
SELECT body.bytes FROM unnest(%(subjects)s::uuid[]) AS asked (ref) CROSS JOIN LATERAL (
    SELECT bytes, at, eid FROM audit_body WHERE subject_ref = asked.ref AND class = 'read'
        AND (%(at)s::timestamptz IS NULL OR (at, eid) < (%(at)s, %(eid)s))
    ORDER BY at DESC, eid DESC LIMIT %(limit)s
) AS body ORDER BY body.at DESC, body.eid DESC LIMIT %(limit)s
"""


def acts_of(work: Work, *, actor: UUID, since: datetime, actions: Sequence[Action], limit: int) -> list[Entry]:
    """Entries about *actions* of an actor from *since* on, newest first. Whoever calls tells of the reading."""
    found = (
        BodyRow.actor_id == actor,
        BodyRow.at >= since,
        BodyRow.action.in_([one.value for one in actions]),
        BodyRow.action_class.in_({one.action_class.value for one in actions}),
    )
    query = select(BodyRow.leaf).where(*found).order_by(BodyRow.at.desc(), BodyRow.eid.desc()).limit(limit)
    return [decode(bytes(leaf)) for leaf in work.session.scalars(query)]


def readings_of(work: Work, *, actor: UUID, since: datetime) -> Mapping[str, int]:
    """How often an actor did each act of reading from *since* on, by code of the act."""
    found = (BodyRow.actor_id == actor, BodyRow.at >= since, BodyRow.action_class == ActionClass.READ.value)
    query = select(BodyRow.action, func.count()).where(*found).group_by(BodyRow.action).order_by(BodyRow.action)
    return {str(action): int(times) for action, times in work.session.execute(query)}


def counts_of(work: Work, *, action: Action, since: datetime) -> Mapping[tuple[str, UUID | None], int]:
    """How often each actor, by kind and id, did one act from *since* on; found by the index of the act."""
    found = (BodyRow.action == action.value, BodyRow.at >= since, BodyRow.action_class == action.action_class.value)
    query = select(BodyRow.actor_kind, BodyRow.actor_id, func.count()).where(*found)
    rows = work.session.execute(query.group_by(BodyRow.actor_kind, BodyRow.actor_id))
    return {(kind, actor): int(times) for kind, actor, times in rows}


def readings_about(work: Work, *, subjects: Sequence[SubjectRef]) -> Iterator[list[Entry]]:
    """Acts of reading that name a person, by each of their references the oldest first, block by block.

    Whoever calls tells of the reading. Bodies that were dropped by age are not among them.
    """
    for subject in subjects:  # one by one, since of several an index would not tell the order
        yield from _readings_of_one(work, subject)


def newest_readings(
    work: Work, *, subjects: Sequence[SubjectRef], cursor: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    """Acts of reading that name a person by one of their references, the newest first, and where the list goes on.

    Whoever calls tells of the reading.

    Raises:
        InvalidError: where *cursor* is none of ours.
    """
    at, eid = (None, None) if cursor is None else read_cursor(cursor)
    asked = {"subjects": id_list(subjects), "at": at, "eid": eid, "limit": limit + 1}
    rows = driver_connection(work.session).execute(_NEWEST, asked).fetchall()
    entries = [decode(bytes(leaf)) for (leaf,) in rows[:limit]]
    return entries, write_cursor(entries[-1]) if len(rows) > limit else None


def _readings_of_one(work: Work, subject: SubjectRef) -> Iterator[list[Entry]]:
    mine = (BodyRow.subject_ref == subject, BodyRow.action_class == ActionClass.READ.value)
    after: tuple[datetime, UUID] | None = None
    while True:
        query = select(BodyRow.leaf, BodyRow.at, BodyRow.eid).where(*mine)
        if after is not None:
            place = tuple_(literal(after[0], UtcDateTime()), literal(after[1], Uuid()))
            query = query.where(tuple_(BodyRow.at, BodyRow.eid) > place)
        rows = work.session.execute(query.order_by(BodyRow.at, BodyRow.eid).limit(BLOCK)).all()
        if rows:
            yield [decode(bytes(row.leaf)) for row in rows]
        if len(rows) < BLOCK:
            return
        after = (rows[-1].at, rows[-1].eid)
