"""Opening a further tree, where the one before cannot go on.

That is so where the database was restored from an older copy, or where the key that signed is lost or replaced.
"""

from __future__ import annotations

import base64
from typing import Final, LiteralString

from governance.audit import merkle
from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.entries import Fact
from governance.audit.errors import AuditBrokenError
from governance.audit.keys import key_of, record_key
from governance.audit.notes import Checkpoint, Note, Verifier
from governance.audit.outside import Outside
from governance.audit.sequencer import lock_tree
from governance.audit.tables import HeadRow, TreeRow
from governance.audit.trees import newest_checkpoint
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


def open_tree(work: Work, *, verifier: Verifier, outside: Outside) -> EntryId:
    """Open a tree whose first entry embeds the last checkpoint that was kept outside, and states the tree that is left.

    Size and root of that tree bind its entries which no checkpoint covers; what was signed of it, and by which key,
    stays checkable (`succession`). Entries without a place yet follow in the new tree.

    Args:
        work: an operator's.
        verifier: the key that will sign, under a name from `new_origin`; the signer must have been told to admit it
            (`Signer.open_tree` does both).
        outside: with the last signed checkpoint and the verifier keys.

    Raises:
        ConflictError: where entries are being placed in the old tree at this moment.
    """
    old = lock_tree(work)
    if old is None:
        raise ConflictError("Entries are being placed in the old tree right now; try again.")
    tree_id, origin, predecessor = old.tree_id + 1, verifier.name, outside.last()
    signed_last = newest_checkpoint(work.session, old.tree_id)
    left_key = key_of(work.session, old, outside=outside, public_key=verifier.public_key)
    facts: dict[str, Fact] = {
        "origin": origin,
        "tree": tree_id,
        "vkey": verifier.vkey(),
        "old_origin": old.origin,
        "old_size": old.size,
        "old_root": old.root.hex(),
        "old_signed": 0 if signed_last is None else signed_last.checkpoint.size,
        "old_vkey": None if left_key is None or signed_last is None else left_key.verifier.vkey(),
    }
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
    record_key(work.session, tree_id, verifier, at=work.now)
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
