"""How one tree follows another: the first entry of each says which tree it left behind, how large, and under which key.

That entry is under the checkpoints of the new tree, and so binds what no checkpoint of the old tree covers.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from itertools import pairwise

from sqlalchemy.orm import Session

from governance.audit.actions import Action
from governance.audit.entries import Entry, decode
from governance.audit.errors import AuditBrokenError
from governance.audit.findings import Verification
from governance.audit.leaves import read_leaves
from governance.audit.notes import NoteError, Verifier
from governance.audit.trees import Tree


def check_successions(session: Session, trees: Sequence[Tree], report: Verification) -> dict[int, int]:
    """Check the first entry of each tree but the first against the tree before it.

    Returns:
        By number of the tree that was left, how many of its entries were under a recorded checkpoint at that time.
    """
    signed: dict[int, int] = {}
    for left, tree in pairwise(trees):
        opening = _opening(session, tree)
        if opening is None:
            what = f"tree {tree.tree_id} does not begin with the entry that tells of its opening"
            report.found(0, None, what, "It was put there by hand, or its first entry was changed.")
            continue
        for what in _differences(opening, left, tree):
            meaning = f"Tree {left.tree_id} was changed after it was left, or tree {tree.tree_id} was opened by hand."
            report.found(None, opening.eid, what, meaning)
        signed[left.tree_id] = _number(opening.facts, "old_signed")
        _tell(opening, left, tree, report)
    return signed


def _opening(session: Session, tree: Tree) -> Entry | None:
    first = next((row for rows in read_leaves(session, tree.tree_id, 0, 1) for row in rows), None)
    if first is None or first.leaf is None:
        return None
    try:
        told = decode(first.leaf)
    except AuditBrokenError:
        return None
    return told if told.action == Action.AUDIT_TREE_OPENED else None


def _differences(opening: Entry, left: Tree, tree: Tree) -> list[str]:
    facts, found = opening.facts, []
    if (facts.get("tree"), facts.get("origin"), opening.at) != (tree.tree_id, tree.origin, tree.opened_at):
        found.append(f"the first entry of tree {tree.tree_id} tells of the opening of another tree")
    if (facts.get("old_origin"), facts.get("old_size")) != (left.origin, left.size):
        found.append(
            f"tree {tree.tree_id} was opened when tree {left.tree_id} had {facts.get('old_size')} entries; it has "
            f"{left.size}"
        )
    elif facts.get("old_root") != left.root.hex():
        found.append(f"tree {left.tree_id} has another root than when tree {tree.tree_id} was opened")
    if _embedded(facts) != tree.predecessor:
        found.append(f"tree {tree.tree_id} names another last checkpoint than its first entry")
    return found


def _tell(opening: Entry, left: Tree, tree: Tree, report: Verification) -> None:
    """What an auditor should know of a new tree: whether its key is new, and whether entries were lost before it."""
    before, after = _public(opening.facts.get("old_vkey")), _public(opening.facts.get("vkey"))
    if before is not None and before != after:
        report.notes.append(
            f"Tree {tree.tree_id} is signed by another key than tree {left.tree_id} was, which an operator introduced "
            f"on {opening.at:%Y-%m-%d %H:%M} UTC: {opening.facts.get('vkey')}"
        )
    signed = _mapping(opening.facts.get("checkpoint"))
    whole_tree = signed.get("origin") not in (None, left.origin)
    lost = _number(signed, "size") - (0 if whole_tree else left.size)
    if lost > 0:
        report.notes.append(
            f"When tree {tree.tree_id} was opened, on {opening.at:%Y-%m-%d %H:%M} UTC, the database lacked {lost} "
            f"entries of {signed.get('origin')} that had been signed: it had been restored from an older copy."
        )


def _public(vkey: object) -> bytes | None:
    try:
        return Verifier.parse(str(vkey)).public_key
    except NoteError:
        return None


def _embedded(facts: Mapping[str, object]) -> bytes | None:
    note = _mapping(facts.get("checkpoint")).get("note")
    return base64.b64decode(note) if isinstance(note, str) else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _number(facts: Mapping[str, object], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0
