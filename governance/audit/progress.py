"""How far the log has come: what waits for its place, what is signed. For figures and for `doctor`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from governance.audit.tables import PendingRow
from governance.audit.trees import current_tree, newest_checkpoint
from governance.kernel.records import frozen
from governance.kernel.work import Work


@frozen
class Progress:
    """Where the log stands.

    Attributes:
        pending: entries without a place in the tree.
        oldest_pending_at: when the oldest of them was made.
        size: leaves of the tree that grows now.
        signed_size: leaves under its newest checkpoint.
        signed_at: when that was signed.
    """

    pending: int
    oldest_pending_at: datetime | None
    size: int
    signed_size: int
    signed_at: datetime | None


def progress(work: Work) -> Progress:
    """Where the log stands."""
    pending, oldest = work.session.execute(select(func.count(), func.min(PendingRow.at)).select_from(PendingRow)).one()
    tree = current_tree(work.session)
    signed = newest_checkpoint(work.session, tree.tree_id)
    return Progress(
        pending=pending,
        oldest_pending_at=oldest,
        size=tree.size,
        signed_size=0 if signed is None else signed.checkpoint.size,
        signed_at=None if signed is None else signed.at,
    )
