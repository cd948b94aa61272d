"""Reading trees as they are stored: heads, tiles, leaves, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.audit import merkle
from governance.audit.errors import AuditBrokenError
from governance.audit.merkle import TileReader
from governance.audit.notes import Checkpoint, Note
from governance.audit.tables import CheckpointRow, HeadRow, LeafRow, TileRow, TreeRow
from governance.kernel.errors import Sentence
from governance.kernel.records import frozen

CHUNK = 8192
"""Leaves read at a time: a whole number of tiles, and 256 KiB of hashes."""


@frozen
class Tree:
    """A tree as far as it has grown.

    Attributes:
        tree_id: 1, 2, 3...; the youngest one grows.
        origin: its name in checkpoints.
        opened_at: when it was opened.
        predecessor: last signed checkpoint of the tree before it.
        size, root: leaves so far, and their root.
        edge: hashes that do not fill a tile yet.
    """

    tree_id: int
    origin: str
    opened_at: datetime
    predecessor: bytes | None
    size: int
    root: bytes
    edge: bytes

    def read_edge(self) -> merkle.Edge:
        """The right edge, checked against the root that is stored beside it.

        Raises:
            AuditBrokenError: where they do not fit each other.
        """
        try:
            edge = merkle.Edge.from_bytes(self.size, self.edge)
        except merkle.ProofError as error:
            raise AuditBrokenError(
                Sentence("The head of the audit tree is damaged (%(error)s).", {"error": str(error)})
            ) from None
        if edge.root() != self.root:
            raise AuditBrokenError(Sentence("The head of the audit tree has a root that its hashes do not make."))
        return edge


@frozen
class SignedCheckpoint:
    """A checkpoint as it was signed, and when."""

    checkpoint: Checkpoint
    note: bytes
    at: datetime


def current_tree(session: Session) -> Tree:
    """The tree that grows now."""
    return all_trees(session)[-1]


def all_trees(session: Session) -> list[Tree]:
    """All trees, oldest first."""
    found = session.execute(
        select(TreeRow, HeadRow).join(HeadRow, HeadRow.tree_id == TreeRow.tree_id).order_by(TreeRow.tree_id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return [
        Tree(
            tree_id=row.tree_id,
            origin=row.origin,
            opened_at=row.opened_at,
            predecessor=row.predecessor,
            size=head.size,
            root=head.root,
            edge=head.edge,
        )
        for row, head in found
    ]


def tile_reader(session: Session, tree: Tree) -> TileReader:
    """Reads tiles of *tree*, the partial ones at its right edge included.

    The reader raises AuditBrokenError where a tile is missing.
    """
    edge = tree.read_edge()

    def read(level: int, index: int, width: int) -> bytes:
        if merkle.tile_width(tree.size, level, index) < merkle.TILE_WIDTH:
            return edge.row(level)[: width * merkle.HASH_BYTES]
        hashes = session.scalar(
            select(TileRow.hashes).where(
                TileRow.tree_id == tree.tree_id, TileRow.level == level, TileRow.index == index
            )
        )
        if hashes is None:
            raise AuditBrokenError(
                Sentence(
                    "Tile %(tile)s of audit tree %(tree)s is missing.",
                    {"tile": f"{level}/{index}", "tree": tree.tree_id},
                )
            )
        return hashes

    return read


def leaf_hashes(session: Session, tree_id: int, first: int, end: int) -> Iterator[bytes]:
    """Leaf hashes numbered from *first* to before *end*, concatenated, a chunk at a time.

    Raises:
        AuditBrokenError: where one is missing.
    """
    while first < end:
        stop = min(first + CHUNK, end)
        found = session.execute(
            select(LeafRow.leaf_hash)
            .where(LeafRow.tree_id == tree_id, LeafRow.seq >= first, LeafRow.seq < stop)
            .order_by(LeafRow.seq)
        ).scalars()
        chunk = b"".join(found)
        if len(chunk) != (stop - first) * merkle.HASH_BYTES:
            raise AuditBrokenError(
                Sentence(
                    "Leaves of audit tree %(tree)s between %(first)s and %(stop)s are missing.",
                    {"tree": tree_id, "first": first, "stop": stop},
                )
            )
        yield chunk
        first = stop


def checkpoints(session: Session, tree_id: int, *, after: int, upto: int) -> list[SignedCheckpoint]:
    """Signed checkpoints of a tree larger than *after* and not larger than *upto* leaves, smallest first."""
    found = session.scalars(
        select(CheckpointRow)
        .where(CheckpointRow.tree_id == tree_id, CheckpointRow.size > after, CheckpointRow.size <= upto)
        .order_by(CheckpointRow.size)
    )
    return [_signed(row) for row in found]


def daily_checkpoints(session: Session, tree_id: int, *, upto: int) -> list[SignedCheckpoint]:
    """The last signed checkpoint of each day, of trees of at most *upto* leaves."""
    last = (
        select(func.max(CheckpointRow.size))
        .where(CheckpointRow.tree_id == tree_id, CheckpointRow.size <= upto)
        .group_by(func.date_trunc("day", CheckpointRow.at))
    )
    found = session.scalars(
        select(CheckpointRow)
        .where(CheckpointRow.tree_id == tree_id, CheckpointRow.size.in_(last))
        .order_by(CheckpointRow.size)
    )
    return [_signed(row) for row in found]


def newest_checkpoint(session: Session, tree_id: int) -> SignedCheckpoint | None:
    """The largest signed checkpoint of a tree, if any."""
    found = session.scalars(
        select(CheckpointRow).where(CheckpointRow.tree_id == tree_id).order_by(CheckpointRow.size.desc()).limit(1)
    ).one_or_none()
    return None if found is None else _signed(found)


def _signed(row: CheckpointRow) -> SignedCheckpoint:
    return SignedCheckpoint(Checkpoint.parse_text(Note.parse(row.note).text), row.note, row.at)
