"""Opening a further tree, where the one before cannot go on (the database was restored from an older copy)."""

from __future__ import annotations

import base64
from typing import Final, LiteralString

from governance.audit import merkle
from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.entries import Fact
from governance.audit.errors import AuditBrokenError
from governance.audit.notes import Checkpoint, Note
from governance.audit.sequencer import lock_tree
from governance.audit.tables import HeadRow, TreeRow
from governance.kernel.db import driver_connection
from governance.kernel.errors import ConflictError
from governance.kernel.ids import EntryId, uuid4
from governance.kernel.work import Work

_PLACE_FIRST: Final[LiteralString] = """
WITH gone AS (DELETE FROM audit_pending WHERE at = %s AND eid = %s RETURNING eid, leaf_hash)
INSERT INTO audit_leaf (tree_id, seq, eid, leaf_hash) SELECT %s, 0, eid, leaf_hash FROM gone RETURNING leaf_hash
"""


def new_origin() -> str:
    """A name for a new tree that no other tree in the world has."""
    return f"governance/{uuid4()}"


def open_tree(work: Work, *, origin: str, predecessor: bytes | None) -> EntryId:
    """Open a tree whose first entry embeds *predecessor*; entries without a place yet follow it in the new tree.

    Args:
        work: an operator's.
        origin: from `new_origin`; the signer must have been told to admit it (`Signer.open_tree` does both).
        predecessor: the last signed checkpoint, as it was kept outside the database.

    Raises:
        ConflictError: where entries are being placed in the old tree at this moment.
    """
    old = lock_tree(work)
    if old is None:
        raise ConflictError("Entries are being placed in the old tree right now; try again.")
    tree_id = old.tree_id + 1
    facts: dict[str, Fact] = {"origin": origin, "tree": tree_id, "old_origin": old.origin, "old_size": old.size}
    if predecessor is not None:
        signed = Checkpoint.parse_text(Note.parse(predecessor).text)
        facts["checkpoint"] = {
            "origin": signed.origin,
            "size": signed.size,
            "root": signed.root.hex(),
            "note": base64.b64encode(predecessor).decode(),
        }
    work.session.add(TreeRow(tree_id=tree_id, origin=origin, opened_at=work.now, predecessor=predecessor))
    work.session.flush()
    eid = append(work, Action.AUDIT_TREE_OPENED, facts=facts)
    connection = driver_connection(work.session)
    placed = connection.execute(_PLACE_FIRST, (work.now, eid, tree_id)).fetchone()
    if placed is None:
        raise AuditBrokenError("The first entry of a new tree could not be placed.")
    edge = merkle.Edge()
    edge.append(bytes(placed[0]))
    work.session.add(HeadRow(tree_id=tree_id, size=1, root=edge.root(), edge=edge.to_bytes()))
    work.session.flush()
    return eid
