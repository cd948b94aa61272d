"""Verifying the log where it stands: every entry, leaf, tile, root and signature, in chunks and constant memory.

The steps, in the order of the findings:

1. The database still refuses changes (`enforcement`).
2. Leaves are numbered without gaps, each belongs to an entry, and the bytes of the entry hash to it.
3. What is searched by is what the bytes say, and no entry claims an instant before a checkpoint that it came after.
4. Tiles, head and every checkpoint are what the leaves make.
5. Each checkpoint is signed by the key kept outside the database.
6. Every entry has its place or awaits it; no body stands without an entry.
7. The checkpoint kept outside the database is one of this log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from governance.audit import merkle
from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.enforcement import verify_enforcement
from governance.audit.leaves import REMOVED, Leaf, read_leaves
from governance.audit.notes import Checkpoint, Note, NoteError, Verifier, open_checkpoint
from governance.audit.trees import Tree, all_trees, checkpoints, newest_checkpoint
from governance.kernel.work import Work

MAX_FINDINGS = 20
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
    (SELECT coalesce(max(l.seq) + 1, 0) FROM audit_leaf l WHERE l.tree_id = h.tree_id) AS leaves
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


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in the log that is not as it must be.

    Attributes:
        seq, eid: which entry, where one can be told.
        what: what differs.
        meaning: what must have happened.
    """

    seq: int | None
    eid: UUID | None
    what: str
    meaning: str


@dataclass(slots=True)
class Verification:
    """Outcome of a verification.

    Attributes:
        entries: leaves that were looked at.
        dropped: of these, entries whose bodies were dropped by age, as the log itself tells.
        pending: entries that await their place.
        checkpoints: signed checkpoints that were checked.
        differences: the first that were found; none means that the log is whole.
    """

    entries: int = 0
    dropped: int = 0
    pending: int = 0
    checkpoints: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.differences

    def found(self, seq: int | None, eid: UUID | None, what: str, meaning: str) -> None:
        """Add a difference, up to the limit."""
        if len(self.differences) < MAX_FINDINGS:
            self.differences.append(Difference(seq, eid, what, meaning))


@dataclass(frozen=True, slots=True)
class _Mark:
    """A root that the tree must have at some size, as a checkpoint states it."""

    size: int
    name: str
    root: bytes
    at: datetime | None


class _Marks:
    """The checkpoints of a tree whose signatures stand, read as the tree is walked through."""

    def __init__(
        self, session: Session, tree: Tree, verifier: Verifier | None, outside: _Mark | None, report: Verification
    ) -> None:
        self._session, self._tree = session, tree
        self._verifier, self._outside, self._report = verifier, outside, report

    def within(self, after: int, upto: int) -> list[_Mark]:
        """Marks of more than *after* and at most *upto* leaves, smallest first."""
        marks = [self._outside] if self._outside is not None and after < self._outside.size <= upto else []
        for signed in checkpoints(self._session, self._tree.tree_id, after=after, upto=upto):
            self._report.checkpoints += 1
            name = f"the checkpoint of {signed.checkpoint.size} entries"
            try:
                if self._verifier is not None:
                    open_checkpoint(signed.note, self._verifier)
            except NoteError as error:
                self._report.found(None, None, f"{name}: {error}", "It was forged or damaged.")
            else:
                marks.append(_Mark(signed.checkpoint.size, name, signed.checkpoint.root, signed.at))
        return sorted(marks, key=lambda mark: mark.size)


def verify_live(
    work: Work,
    *,
    public_key: bytes | None,
    outside: bytes | None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Recompute the whole log, and tell of it in the trail.

    Args:
        work: whoever verifies.
        public_key: of the signing key, from outside the database; None leaves signatures unchecked.
        outside: the last checkpoint kept outside the database; None where there is none yet.
        progress: told how many entries of how many are done.
    """
    report = Verification()
    for weakness in verify_enforcement(work.session.connection()):
        report.found(None, None, weakness, "The database no longer protects the log by itself.")
    trees = all_trees(work.session)
    kept = _read_outside(work.session, trees, outside, report)
    total = sum(tree.size for tree in trees)
    for tree in trees:
        verifier = None if public_key is None else Verifier(tree.origin, public_key)
        outer = _Mark(kept.size, "the checkpoint kept outside", kept.root, None) if kept else None
        marks = _Marks(work.session, tree, verifier, outer if kept and kept.origin == tree.origin else None, report)
        _check_tree(work.session, tree, marks, report, lambda done: progress and progress(done, total))
    _check_strays(work.session, report)
    counts = {"entries": report.entries, "differences": len(report.differences), "dropped": report.dropped}
    append(work, Action.AUDIT_VERIFIED, facts=counts)
    return report


def _check_tree(
    session: Session, tree: Tree, marks: _Marks, report: Verification, progress: Callable[[int], object]
) -> None:
    edge = merkle.Edge()
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
        progress(report.entries)
    if (edge.size, edge.root(), edge.to_bytes()) != (tree.size, tree.root, tree.edge):
        report.found(edge.size, None, f"the head of tree {tree.tree_id} is not what the leaves make", _HASHES)
    for mark in marks.within(tree.size, MAX_SIZE)[:1]:
        what = f"{mark.name} states {mark.size} entries, but tree {tree.tree_id} has {tree.size}"
        report.found(tree.size, None, what, "The tail was cut off, or the database is an older copy.")
    grown = session.execute(text(_GROWN), {"tree": tree.tree_id}).one()
    if grown.leaves != grown.size or grown.tiles != sum(merkle.full_tiles(grown.size)):
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


def _read_outside(
    session: Session, trees: Sequence[Tree], outside: bytes | None, report: Verification
) -> Checkpoint | None:
    if outside is None:
        if any(newest_checkpoint(session, tree.tree_id) for tree in trees):
            what = "no checkpoint is kept outside the database, though some were signed"
            report.found(None, None, what, "The folder outside was lost, or emptied to hide a change.")
        return None
    try:
        kept = Checkpoint.parse_text(Note.parse(outside).text)
    except NoteError as error:
        report.found(None, None, f"the checkpoint kept outside: {error}", "It was damaged.")
        return None
    if kept.origin not in {tree.origin for tree in trees}:
        what = f"the checkpoint kept outside is of {kept.origin}, which this database does not hold"
        report.found(None, None, what, "The log was replaced, or the database restored from an older copy.")
    return kept
