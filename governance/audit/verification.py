"""Verifying the log where it stands: every entry, leaf, tile, root and signature, in chunks and constant memory.

The steps, in the order of the findings:

1. The database still refuses changes (`enforcement`).
2. The checkpoint kept outside the database is one of this log.
3. Each further tree begins with the entry that tells of its opening, and the tree it left is as it was (`succession`).
4. The database holds the checkpoints that were told to the file anchor (`anchored`).
5. Leaves are numbered without gaps, each belongs to an entry, and the bytes of the entry hash to it.
6. What is searched by is what the bytes say, and no entry claims an instant before a checkpoint that it came after.
7. Personal details that an entry speaks of are there, or told to have been erased (`remembering`).
8. Tiles, head and every checkpoint are what the leaves make.
9. Each checkpoint is signed by the key of its tree (`keys`).
10. Every entry has its place or awaits it; no body stands without an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from governance.audit import merkle
from governance.audit.actions import Action
from governance.audit.anchored import AnchorComparison
from governance.audit.appending import append
from governance.audit.enforcement import verify_enforcement
from governance.audit.findings import MAX_FINDINGS, Mark, Verification
from governance.audit.keys import Source, TreeKey, key_of, recorded_key
from governance.audit.leaves import REMOVED, Leaf, read_leaves
from governance.audit.notes import Checkpoint, Note, NoteError, open_checkpoint
from governance.audit.outside import Outside
from governance.audit.remembering import DetailComparison
from governance.audit.succession import check_successions
from governance.audit.tables import CheckpointRow, HeadRow, QuarantineRow
from governance.audit.trees import Tree, all_trees, checkpoints, newest_checkpoint
from governance.kernel.work import Work

MAX_SIZE = 2**63 - 1
LATE = timedelta(hours=1)
"""No transaction is open longer; an entry that is placed later than this after its instant is reported."""

_HASHES = "Hashes of the tree were edited in the database."

_TILES = """
SELECT level, index, hashes FROM audit_tile
WHERE tree_id = :tree AND level = ANY(:levels) AND index = ANY(:indexes)
"""
_GROWN = """
SELECT h.size, (SELECT count(*) FROM audit_tile t WHERE t.tree_id = h.tree_id) AS tiles,
    (SELECT coalesce(max(l.seq) + 1, 0) FROM audit_leaf l WHERE l.tree_id = h.tree_id) AS leaves,
    (SELECT coalesce(min(l.seq), 0) FROM audit_leaf l WHERE l.tree_id = h.tree_id) AS first
FROM audit_head h WHERE h.tree_id = :tree
"""
_MISPLACED = """
SELECT e.eid FROM audit_entry e
WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.eid = e.eid)
    AND NOT EXISTS (SELECT FROM audit_pending p WHERE p.eid = e.eid AND p.at = e.at AND p.leaf_hash = e.leaf_hash)
LIMIT :limit
"""
_UNKNOWN_PENDING = """
SELECT p.eid FROM audit_pending p LEFT JOIN audit_entry e ON e.eid = p.eid
LEFT JOIN audit_body b ON b.class = e.class AND b.at = e.at AND b.eid = e.eid
WHERE e.eid IS NULL OR b.eid IS NULL OR sha256('\\x00'::bytea || b.bytes) <> p.leaf_hash LIMIT :limit
"""
_UNKNOWN_BODY = """
SELECT b.eid FROM audit_body b WHERE NOT EXISTS (
    SELECT FROM audit_entry e WHERE e.eid = b.eid AND e.class = b.class AND e.at = b.at
) LIMIT :limit
"""


class _Marks:
    """The checkpoints of a tree whose signatures stand, read as the tree is walked through."""

    def __init__(
        self, session: Session, tree: Tree, key: TreeKey | None, outside: Sequence[Mark], report: Verification
    ) -> None:
        self._session, self._tree, self._report = session, tree, report
        self._key, self._outside = key, outside

    def within(self, after: int, upto: int) -> list[Mark]:
        """Marks of more than *after* and at most *upto* leaves, smallest first."""
        marks = [one for one in self._outside if after < one.size <= upto]
        for signed in checkpoints(self._session, self._tree.tree_id, after=after, upto=upto):
            self._report.checkpoints += 1
            name = f"the checkpoint of {signed.checkpoint.size} entries"
            try:
                if self._key is not None:
                    open_checkpoint(signed.note, self._key.verifier)
            except NoteError as error:
                self._report.found(None, None, f"{name}: {error}", "It was forged or damaged.")
            else:
                marks.append(Mark(signed.checkpoint.size, name, signed.checkpoint.root, signed.at))
        return sorted(marks, key=lambda mark: mark.size)


def verify_live(
    work: Work,
    *,
    outside: Outside,
    public_key: bytes | None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Recompute the whole log, and tell of it in the trail.

    Args:
        work: whoever verifies.
        outside: what is kept of the log outside the database.
        public_key: of the signing key on this host; None where there is none.
        progress: told how many entries of how many are done.
    """
    report, session = Verification(), work.session
    for weakness in verify_enforcement(session.connection()):
        report.found(None, None, weakness, "The database no longer protects the log by itself.")
    trees, newest = all_trees(session), outside.last()
    marks = _marks_outside(session, trees, outside, report)
    left_signed = check_successions(session, trees, report)
    keys = _keys(session, trees, outside, public_key, report)
    anchored = AnchorComparison(session, trees, keys, left_signed, newest).compare(outside.anchor_path, report)
    total = sum(tree.size for tree in trees)
    for tree in trees:
        outer = [*marks.get(tree.tree_id, ()), *anchored.get(tree.tree_id, ())]
        signed = _Marks(session, tree, keys.get(tree.tree_id), outer, report)
        _check_tree(session, tree, signed, report, lambda done: progress and progress(done, total))
    _check_strays(session, report)
    _count_unsigned(session, trees[-1], report)
    counts = {"entries": report.entries, "differences": len(report.differences), "dropped": report.dropped}
    append(work, Action.AUDIT_VERIFIED, facts=counts)
    return report


def _keys(
    session: Session, trees: Sequence[Tree], outside: Outside, public_key: bytes | None, report: Verification
) -> Mapping[int, TreeKey]:
    """The key of each tree, with a note where it is not known from outside the database."""
    keys: dict[int, TreeKey] = {}
    for tree in trees:
        key, recorded = key_of(session, tree, outside=outside, public_key=public_key), recorded_key(session, tree)
        if key is not None:
            keys[tree.tree_id] = key
            if recorded is not None and recorded != key.verifier:
                what = f"the database names another verifier key for tree {tree.tree_id} than is kept outside"
                report.found(None, None, what, "It was put there to let forged checkpoints pass.")
        if newest_checkpoint(session, tree.tree_id) is None:
            continue
        if key is None:
            report.notes.append(
                f"The signatures on the checkpoints of tree {tree.tree_id} ({tree.origin}) were not checked: its "
                "public key is known neither outside the database nor in it. Their roots were compared with the leaves."
            )
        elif key.source is Source.DATABASE:
            report.notes.append(
                f"The checkpoints of tree {tree.tree_id} were verified with a public key that is known from the "
                "database alone, whose administrator could have put it there. Compare it with the vkey that auditors "
                f"kept: {key.verifier.vkey()}"
            )
        elif key.source is Source.OUTSIDE and public_key not in (None, key.verifier.public_key):
            report.notes.append(
                f"The checkpoints of tree {tree.tree_id} were verified with the public key in audit/vkeys of the data "
                "folder; its private key is not in use any more."
            )
    return keys


def _check_tree(
    session: Session, tree: Tree, marks: _Marks, report: Verification, progress: Callable[[int], object]
) -> None:
    edge, details = merkle.Edge(), DetailComparison(session)
    earliest: datetime | None = None  # an entry placed from here on is not older than this
    for rows in read_leaves(session, tree.tree_id, 0, tree.size):
        begin, end = 0, edge.size + len(rows)
        for mark in marks.within(edge.size, end):
            begin = _grow(session, tree, edge, rows, begin, mark.size, earliest, report)
            earliest = mark.at or earliest
            if edge.root() != mark.root:
                what = f"the first {mark.size} entries do not make the root of {mark.name}"
                report.found(None, None, what, "Entries before that number were changed with their hashes.")
        _grow(session, tree, edge, rows, begin, end, earliest, report)
        details.compare(rows, report)
        progress(report.entries)
    if (edge.size, edge.root(), edge.to_bytes()) != (tree.size, tree.root, tree.edge):
        report.found(edge.size, None, f"the head of tree {tree.tree_id} is not what the leaves make", _HASHES)
    beyond = marks.within(tree.size, MAX_SIZE)
    # The log goes on while it is walked through. Marks are read before the head, which is never behind them.
    stands = session.scalar(select(HeadRow.size).where(HeadRow.tree_id == tree.tree_id)) or 0
    for mark in [one for one in beyond if one.size > stands][:1]:
        what = f"{mark.name} states {mark.size} entries, but tree {tree.tree_id} has {stands}"
        report.found(stands, None, what, "The tail was cut off, or the database is an older copy.")
    grown = session.execute(text(_GROWN), {"tree": tree.tree_id}).one()
    if grown.leaves != grown.size or grown.first or grown.tiles != sum(merkle.full_tiles(grown.size)):
        what = f"tree {tree.tree_id} has other leaves or tiles than its head says"
        report.found(tree.size, None, what, "They were added or removed by hand.")


def _grow(
    session: Session,
    tree: Tree,
    edge: merkle.Edge,
    rows: Sequence[Leaf],
    begin: int,
    mark: int,
    earliest: datetime | None,
    report: Verification,
) -> int:
    """Check and add rows up to the leaf numbered *mark*, compare the tiles that fill; answers how many are used up."""
    end = begin + mark - edge.size
    for expected, row in enumerate(rows[begin:end], start=edge.size):
        report.entries += 1
        if row.seq != expected:
            report.found(expected, None, "a leaf is missing", REMOVED)
            break
        for what, meaning in row.differences():
            report.found(row.seq, row.eid, what, meaning)
        report.dropped += row.leaf is None and row.dropped
        if earliest is not None and row.at is not None and row.at < earliest - LATE:
            what = f"its instant lies before the checkpoint of {earliest.isoformat()}, which did not hold it"
            report.found(row.seq, row.eid, what, "It was written later, with an old date.")
    tiles = edge.append(b"".join([row.leaf_hash for row in rows[begin:end]]))
    if tiles:
        columns = {"levels": sorted({one.level for one in tiles}), "indexes": sorted({one.index for one in tiles})}
        found = session.execute(text(_TILES), {"tree": tree.tree_id, **columns})
        stored = {(level, index): hashes for level, index, hashes in found}
        for tile in tiles:
            if stored.get((tile.level, tile.index)) != tile.hashes:
                first = tile.index << merkle.TILE_HEIGHT * (tile.level + 1)
                report.found(first, None, f"tile {tile.level}/{tile.index} is not what the leaves make", _HASHES)
    return end


def _check_strays(session: Session, report: Verification) -> None:
    report.pending = session.scalar(text("SELECT count(*) FROM audit_pending")) or 0
    for statement, what, meaning in (
        (_MISPLACED, "the entry has no place in a tree and does not await one", "It was removed from the tree."),
        (_UNKNOWN_PENDING, "a pending entry is not the one that was written", "It was edited or inserted by hand."),
        (_UNKNOWN_BODY, "a body stands without its entry", "It was inserted by hand, or its entry removed."),
    ):
        for (eid,) in session.execute(text(statement), {"limit": MAX_FINDINGS}):
            report.found(None, eid, what, meaning)


def _count_unsigned(session: Session, tree: Tree, report: Verification) -> None:
    signed = newest_checkpoint(session, tree.tree_id)
    report.unsigned = report.pending + tree.size - (0 if signed is None else min(signed.checkpoint.size, tree.size))
    moved = session.scalar(select(func.count()).select_from(QuarantineRow)) or 0
    if moved:
        report.notes.append(
            f"{moved} rows that contradicted the log were moved aside by an operator, before they were under any root: "
            f"governance audit search --action {Action.AUDIT_ROWS_QUARANTINED.value}"
        )


def _marks_outside(
    session: Session, trees: Sequence[Tree], outside: Outside, report: Verification
) -> Mapping[int, Sequence[Mark]]:
    """The checkpoint kept outside, by number of its tree; the last one of a tree that was left binds it no more."""
    newest = outside.last()
    if newest is None:
        if session.scalar(select(CheckpointRow.tree_id).limit(1)) is not None:
            what = "no checkpoint is kept outside the database, though some were signed"
            report.found(None, None, what, "The folder outside was lost, or emptied to hide a change.")
        return {}
    try:
        kept = Checkpoint.parse_text(Note.parse(newest).text)
    except NoteError as error:
        report.found(None, None, f"the checkpoint kept outside: {error}", "It was damaged.")
        return {}
    if outside.admitted() == trees[-1].origin and trees[-1].predecessor == newest:
        return {}  # nothing was signed yet of the present tree, whose first entry tells of this one
    tree = next((tree for tree in trees if tree.origin == kept.origin), None)
    if tree is None:
        what = f"the checkpoint kept outside is of {kept.origin}, which this database does not hold"
        report.found(None, None, what, "The log was replaced, or the database restored from an older copy.")
        return {}
    if tree is not trees[-1]:
        what = (
            f"the checkpoint kept outside is of tree {tree.tree_id}, and tree {trees[-1].tree_id} was not opened here"
        )
        report.found(None, None, what, "A tree was opened past the operator, or an old copy of the folder put back.")
    return {tree.tree_id: [Mark(kept.size, "the checkpoint kept outside", kept.root, None)]}
