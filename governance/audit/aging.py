"""What leaves the log: bodies of whole months by age, personal details by erasure. Hashes stay, proofs stay valid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from governance.audit.actions import Action, ActionClass
from governance.audit.appending import append
from governance.audit.errors import RetentionError
from governance.kernel.ids import OwnerId
from governance.kernel.work import Work

MONTHS_AHEAD = 3
_INVALID_PARAMETER, _OBJECT_IN_USE = "22023", "55006"


def ensure_partitions(work: Work, *, months_ahead: int = MONTHS_AHEAD) -> int:
    """Make the partitions of the months to come; answers how many were made. To be called at start and daily.

    Nothing is lost where this was not called in time: entries then go to a default partition.
    """
    made = work.session.scalar(text("SELECT audit_ensure_partitions(:months)"), {"months": months_ahead})
    return int(made or 0)


def drop_bodies(work: Work, *, action_class: ActionClass, before: date) -> int:
    """Drop the bodies of a class that are older than the month *before*, with the entry that tells of it.

    The database insists on the entry, on whole months, and on an age that no setting lowers: a year for reads and
    system acts, three years for decisions, ten for keys.

    Returns:
        Number of partitions dropped.

    Raises:
        RetentionError: where *before* is no first of a month or too young.
    """
    facts = {"class": action_class.value, "before": before}
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

    Shredding the owners' keys makes them unreadable at once; this removes the rows as well.

    Returns:
        Number of details deleted.
    """
    gone = int(work.session.scalar(text("SELECT audit_forget(:owners)"), {"owners": list(owners)}) or 0)
    append(work, Action.AUDIT_DETAILS_FORGOTTEN, facts={"owners": len(owners), "details": gone})
    return gone
