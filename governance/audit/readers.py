"""Who read the log: searches, entries looked at and opened, proofs, verifications, exports; newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select, tuple_, union_all

from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.cursors import read_cursor, write_cursor
from governance.audit.entries import Entry, decode
from governance.audit.tables import BodyRow
from governance.kernel.records import frozen
from governance.kernel.work import Work

READINGS: Final = (
    Action.AUDIT_SEARCHED,
    Action.AUDIT_ENTRY_READ,
    Action.AUDIT_DETAILS_READ,
    Action.AUDIT_ENTRY_PROVED,
    Action.AUDIT_VERIFIED,
    Action.AUDIT_EXPORTED,
)
"""All that the log tells of those who read it."""


@frozen
class LogReadings:
    """Who read the log, newest first; `cursor` continues it, None at the end."""

    entries: tuple[Entry, ...]
    cursor: str | None


def who_read(
    work: Work,
    *,
    action: Action | None = None,
    actor: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> LogReadings:
    """Who read the log, and tell of this reading in it.

    Args:
        work: the transaction.
        action: one of `READINGS`; all of them where nothing is said.
        actor: staff id, client id, or a customer's subject reference.
        since: this instant or later.
        until: strictly before this instant.
        cursor: where the page before ended.
        limit: entries of a page.

    Raises:
        InvalidError: where *cursor* is none of ours.
    """
    asked = {"actor": actor, "action": action, "since": since, "until": until}
    # Each act by its own index: a log of millions is not walked for the few entries that tell of its readers.
    parts = [_newest(one, asked, cursor, limit + 1) for one in READINGS if action in (None, one)]
    every = union_all(*(select(part.subquery()) for part in parts)).subquery()
    query = select(every.c.leaf).order_by(every.c.at.desc(), every.c.eid.desc()).limit(limit + 1)
    found = [decode(leaf) for (leaf,) in work.session.execute(query)]
    entries = tuple(found[:limit])
    given: Sequence[str] = ["readings", *(name for name, value in asked.items() if value is not None)]
    append(work, Action.AUDIT_SEARCHED, facts={"by": list(given), "found": len(entries)})
    return LogReadings(entries, write_cursor(entries[-1]) if len(found) > limit else None)


def _newest(
    action: Action, asked: Mapping[str, object], cursor: str | None, limit: int
) -> Select[bytes, datetime, UUID]:
    query = select(BodyRow.leaf, BodyRow.at, BodyRow.eid).where(
        BodyRow.action_class == action.action_class.value, BodyRow.action == action.value
    )
    if asked["actor"] is not None:
        query = query.where(BodyRow.actor_id == asked["actor"])
    if asked["since"] is not None:
        query = query.where(BodyRow.at >= asked["since"])
    if asked["until"] is not None:
        query = query.where(BodyRow.at < asked["until"])
    if cursor is not None:
        query = query.where(tuple_(BodyRow.at, BodyRow.eid) < tuple_(*read_cursor(cursor)))
    return query.order_by(BodyRow.at.desc(), BodyRow.eid.desc()).limit(limit)
