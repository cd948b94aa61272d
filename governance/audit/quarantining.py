"""Moving aside what somebody wrote into the log by hand, so that genuine entries get their places again.

Nothing that was ever under a root is touched, and nothing is lost: the rows stay in `audit_quarantine`, an entry of the
log tells of them, and an entry whose rows were among them is pending again as it was written.
"""

from __future__ import annotations

from sqlalchemy import text

from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.errors import AuditRollbackError
from governance.audit.notes import Checkpoint, Note, NoteError
from governance.audit.outside import Outside
from governance.audit.sequencer import lock_tree
from governance.kernel.errors import ConflictError
from governance.kernel.ids import EntryId
from governance.kernel.records import frozen
from governance.kernel.work import Work

_COUNTED = """
SELECT count(*) FILTER (WHERE kind = 'leaf') AS leaves, count(*) FILTER (WHERE kind = 'pending') AS pending,
    count(DISTINCT c.eid) FILTER (WHERE e.eid IS NOT NULL) AS entries
FROM audit_contradictions() c LEFT JOIN audit_entry e ON e.eid = c.eid
"""


@frozen
class Quarantined:
    """What was moved aside.

    Attributes:
        told_in: the entry that tells of it.
        leaves: places beyond the end of a tree.
        pending: rows that no entry stands behind, or whose entry has its place already.
        entries: genuine entries that such rows named; each of them has its place or awaits it.
    """

    told_in: EntryId
    leaves: int
    pending: int
    entries: int


def quarantine(work: Work, *, outside: Outside) -> Quarantined:
    """Move aside all rows that contradict the log, with the entry that tells of it.

    Args:
        work: an operator's.
        outside: with the last checkpoint, so that the tail of a tree that was cut back is not taken for forged.

    Raises:
        ConflictError: where nothing contradicts the log, or entries are being placed at this moment.
        AuditRollbackError: where the tree is smaller than what was signed.
    """
    tree = lock_tree(work)
    if tree is None:
        raise ConflictError("Entries are being placed right now; try again.")
    signed = _signed(outside)
    if signed is not None and signed.origin == tree.origin and signed.size > tree.size:
        raise AuditRollbackError(
            f"The audit tree has {tree.size} entries, but {signed.size} were signed: its end was cut off. Rows beyond "
            "it may be genuine. Restore a backup, or open a new tree: governance audit open-tree"
        )
    found = work.session.execute(text(_COUNTED)).one()
    if not found.leaves + found.pending:
        raise ConflictError("No row contradicts the log; nothing is to be moved aside.")
    facts = {"leaves": found.leaves, "pending": found.pending, "entries": found.entries}
    eid = append(work, Action.AUDIT_ROWS_QUARANTINED, facts=facts)
    moved = work.session.scalar(text("SELECT audit_move_aside(:entry)"), {"entry": eid})
    if moved != found.leaves + found.pending:
        raise ConflictError("Further rows were written at this moment; try again.")
    return Quarantined(eid, found.leaves, found.pending, found.entries)


def _signed(outside: Outside) -> Checkpoint | None:
    note = outside.last()
    try:
        return None if note is None else Checkpoint.parse_text(Note.parse(note).text)
    except NoteError:
        raise AuditRollbackError(
            "The checkpoint kept outside the database is damaged; put it back from anchor.jsonl first."
        ) from None
