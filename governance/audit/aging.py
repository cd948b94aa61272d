"""What leaves the log: bodies of whole months by age, personal details by erasure. Hashes stay, proofs stay valid.

Of decisions those stay longer that belong to a matter which is open, or was closed too lately: a request, an erasure, a
run, a hold, a proposal, a package or an export, a consent. The database itself knows which (`audit_awaited`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from governance.audit.actions import Action, ActionClass
from governance.audit.appending import append, append_many
from governance.audit.entries import Fact, NewEntry
from governance.audit.errors import RetentionError
from governance.kernel.ids import OwnerId
from governance.kernel.work import Work

MONTHS_AHEAD = 3
TOLD_TOGETHER = 300
"""Entries named in one entry, which holds 16 KiB."""
_INVALID_PARAMETER, _OBJECT_IN_USE = "22023", "55006"


def ensure_partitions(work: Work, *, months_ahead: int = MONTHS_AHEAD) -> int:
    """Make the partitions of the months to come; answers how many were made. To be called at start and daily.

    Nothing is lost where this was not called in time: entries then go to a default partition.
    """
    made = work.session.scalar(text("SELECT audit_ensure_partitions(:months)"), {"months": months_ahead})
    return int(made or 0)


def count_bodies(work: Work, *, action_class: ActionClass, before: date) -> int:
    """How many bodies of a class are older than the month *before* and belong to nothing that was closed since."""
    counted = text(
        "SELECT count(*) FROM audit_body b WHERE class = :kind "
        "AND at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC' "
        "AND NOT EXISTS (SELECT FROM audit_awaited(:kind, :before) AS awaited WHERE awaited = b.eid)"
    )
    return int(work.session.scalar(counted, {"kind": action_class.value, "before": before}) or 0)


def count_awaited(work: Work, *, action_class: ActionClass, before: date) -> int:
    """How many bodies of a class that are older than the month *before* stay, since what they are about does."""
    counted = text("SELECT count(*) FROM audit_awaited(:kind, :before)")
    return int(work.session.scalar(counted, {"kind": action_class.value, "before": before}) or 0)


def drop_bodies(work: Work, *, action_class: ActionClass, before: date) -> int:
    """Drop the bodies of a class that are older than the month *before*, with the entry that tells of it.

    The database insists on the entry, on whole months, on an age that no setting lowers (a year for reads and system
    acts, three years for decisions, ten for keys), and keeps what belongs to a matter that was not closed before.

    Returns:
        Number of partitions that something was dropped of.

    Raises:
        RetentionError: where *before* is no first of a month or too young.
    """
    awaited = count_awaited(work, action_class=action_class, before=before)
    facts: dict[str, Fact] = {"class": action_class.value, "before": before, "awaited": awaited}
    eid = append(work, Action.AUDIT_BODIES_DROPPED, facts=facts)
    parameters = {"kind": action_class.value, "before": before, "entry": eid}
    try:
        with work.session.begin_nested():
            dropped = work.session.scalar(text("SELECT audit_drop_bodies(:kind, :before, :entry)"), parameters)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in (_INVALID_PARAMETER, _OBJECT_IN_USE):
            raise
        raise RetentionError(
            "Bodies are dropped by whole months, of an age of at least 12 months (read, system), 36 (decision) or 120 "
            "(key), and only once all entries of that time have their place in the tree."
        ) from None
    return int(dropped or 0)


def forget_details(work: Work, *, owners: Sequence[OwnerId]) -> int:
    """Delete the personal details that entries have under *owners*, and tell of it; for erasure.

    Shredding the owners' keys makes them unreadable at once; this removes the rows as well. What is told names the
    entries whose details went, so that a detail which is missing for any other reason is found out.

    Returns:
        Number of details deleted.
    """
    forgotten = text("SELECT audit_forget(:owners)")
    gone: list[UUID] = list(work.session.scalars(forgotten, {"owners": list(owners)}))
    entries = sorted(set(gone))
    parts = [entries[at : at + TOLD_TOGETHER] for at in range(0, len(entries), TOLD_TOGETHER)] or [[]]
    counts = {"owners": len(owners), "details": len(gone)}
    append_many(work, [NewEntry(Action.AUDIT_DETAILS_FORGOTTEN, facts={**counts, "entries": part}) for part in parts])
    return len(gone)
