"""Merkle trees as RFC 6962 hashes them, cut into tiles as C2SP tlog-tiles lays them out.

Nothing here knows of a database, of a key or of what an entry says: hashes, proofs and their checks, trees that grow
without being held in memory, and the names and bytes of the files in which a tree is published.
Sources: RFC 6962 section 2.1 (hashes and proofs), RFC 9162 sections 2.1.3.2 and 2.1.4.2 (checking them),
c2sp.org/tlog-tiles (tiles and entry bundles).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_BYTES
MAX_ENTRY_BYTES = 0xFFFF  # the length prefix in an entry bundle is a uint16
EMPTY_ROOT = sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""Answers the hash of the complete subtree of 2**height leaves that is the index-th of its height: (height, index)."""

TileReader = Callable[[int, int, int], bytes]
"""Answers the hashes of one tile, concatenated: (level, index, width in hashes)."""


class ProofError(ValueError):
    """A proof, a tile or a bundle is not what it must be; the message says which part."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: 256 neighbouring subtree hashes of height 8 * level, concatenated."""

    level: int
    index: int
    hashes: bytes


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf, 0x00 being its domain (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node, 0x01 being its domain (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def subtree_root(hashes: bytes) -> bytes:
    """The root over concatenated hashes whose number is a power of two."""
    while len(hashes) > HASH_BYTES:
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, len(hashes), 64)])
    return hashes


class Edge:
    """The right edge of a growing tree: for each tile level, the hashes that do not fill a tile yet.

    Together with the full tiles that `append` hands out it is the whole tree; alone it is enough to go on and to
    tell the root. It takes at most 255 hashes per level, however large the tree.
    """

    __slots__ = ("_peaks", "_rows", "size")

    def __init__(self, size: int = 0, rows: Sequence[bytes] = ()) -> None:
        """Take the rows of a tree of *size* leaves, level 0 first; each must be as wide as *size* says."""
        self.size = size
        self._rows = list(rows) + [b""] * (len(partial_widths(size)) - len(rows))
        if [len(row) for row in self._rows] != [width * HASH_BYTES for width in partial_widths(size)]:
            raise ProofError("the edge does not fit the size of its tree")
        self._peaks: dict[int, list[bytes]] = {}

    @classmethod
    def from_bytes(cls, size: int, concatenated: bytes) -> Edge:
        """Read what `to_bytes` wrote; the widths of the rows follow from *size*."""
        rows, start = [], 0
        for width in partial_widths(size):
            rows.append(concatenated[start : start + width * HASH_BYTES])
            start += width * HASH_BYTES
        if start != len(concatenated):
            raise ProofError("the edge does not fit the size of its tree")
        return cls(size, rows)

    @classmethod
    def from_tiles(cls, size: int, tile: TileReader) -> Edge:
        """The edge that a published tree had when it held *size* leaves."""
        rows = []
        for level, width in enumerate(partial_widths(size)):
            index = size >> TILE_HEIGHT * (level + 1)
            rows.append(tile(level, index, width)[: width * HASH_BYTES] if width else b"")
        return cls(size, rows)

    def to_bytes(self) -> bytes:
        """All rows, level 0 first, without separators."""
        return b"".join(self._rows)

    def row(self, level: int) -> bytes:
        """The hashes of the partial tile at *level*; empty where that level has none."""
        return self._rows[level] if level < len(self._rows) else b""

    def append(self, leaf_hashes: bytes) -> list[Tile]:
        """Add concatenated leaf hashes and return the tiles that became full, lower levels first."""
        if len(leaf_hashes) % HASH_BYTES:
            raise ProofError("leaf hashes are not a multiple of 32 bytes")
        before, tiles, level, incoming = self.size, [], 0, leaf_hashes
        self.size += len(leaf_hashes) // HASH_BYTES
        while incoming:
            if level == len(self._rows):
                self._rows.append(b"")
            row = self._rows[level] + incoming
            first = before >> TILE_HEIGHT * (level + 1)
            cut = len(row) - len(row) % TILE_BYTES
            filled = [
                Tile(level, first + number, row[start : start + TILE_BYTES])
                for number, start in enumerate(range(0, cut, TILE_BYTES))
            ]
            self._rows[level] = row[cut:]
            self._peaks.pop(level, None)
            tiles.extend(filled)
            incoming = b"".join([subtree_root(tile.hashes) for tile in filled])
            level += 1
        return tiles

    def root(self) -> bytes:
        """The root of the tree so far (RFC 6962 section 2.1; of an empty tree the hash of nothing)."""
        root = b""
        for level in range(len(self._rows)):
            for peak in self._peaks_of(level):
                root = node_hash(peak, root) if root else peak
        return root or EMPTY_ROOT

    def _peaks_of(self, level: int) -> list[bytes]:
        """Roots of the complete subtrees that a row is made of, the smallest first: that is the rightmost."""
        if level not in self._peaks:
            row, peaks, width = self._rows[level], [], HASH_BYTES
            end = len(row)
            while end:
                if end & width:
                    peaks.append(subtree_root(row[end - width : end]))
                    end -= width
                width <<= 1
            self._peaks[level] = peaks
        return self._peaks[level]


def partial_widths(size: int) -> list[int]:
    """The width of the partial tile of each level in a tree of *size* leaves, 0 where there is none."""
    widths = []
    while size:
        widths.append(size % TILE_WIDTH)
        size >>= TILE_HEIGHT
    return widths


def full_tiles(size: int) -> list[int]:
    """How many full tiles each level has in a tree of *size* leaves."""
    counts = []
    while size := size >> TILE_HEIGHT:
        counts.append(size)
    return counts


def tile_width(size: int, level: int, index: int) -> int:
    """How many hashes the tile holds in a tree of *size* leaves: 256 when full, 0 when it is not there."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


def nodes_from_tiles(size: int, tile: TileReader) -> NodeReader:
    """Read the nodes of a tree of *size* leaves out of its tiles, each tile once."""
    seen: dict[tuple[int, int], bytes] = {}

    def node(height: int, index: int) -> bytes:
        level, inner = divmod(height, TILE_HEIGHT)
        number, start = divmod(index << inner, TILE_WIDTH)
        if (level, number) not in seen:
            width = tile_width(size, level, number)
            seen[level, number] = tile(level, number, width)[: width * HASH_BYTES]
        hashes = seen[level, number][start * HASH_BYTES : (start + (1 << inner)) * HASH_BYTES]
        if len(hashes) != HASH_BYTES << inner:
            raise ProofError(f"tile {level}/{number} does not hold the hashes it must")
        return subtree_root(hashes)

    return node


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """The audit path of the leaf *index* in the tree of *size* leaves (RFC 6962 section 2.1.1)."""
    if not 0 <= index < size:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, node))
            end = middle
        else:
            path.append(_range_hash(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(first: int, second: int, node: NodeReader) -> list[bytes]:
    """The proof that the tree of *first* leaves is the beginning of that of *second* (RFC 6962 section 2.1.2)."""
    if not 0 <= first <= second:
        raise ProofError(f"a tree of {first} leaves is no beginning of one of {second}")
    path: list[bytes] = []
    if first in (0, second):
        return path
    start, end = 0, second
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range_hash(middle, end, node))
            end = middle
        else:
            path.append(_range_hash(start, middle, node))
            start = middle
    if start:  # a first tree that is one complete subtree is known to whoever checks
        path.append(_range_hash(start, end, node))
    return path[::-1]


def verify_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash *leaf* is at *index* in the tree of *size* leaves with *root* (RFC 9162 2.1.3.2).

    Raises ProofError where it is not.
    """
    _require_hashes(leaf, root, *path)
    if not 0 <= index < size:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    node, last, running = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofError("the path is too long")
        if node & 1 or node == last:
            running = node_hash(sibling, running)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the path is too short")
    if running != root:
        raise ProofError("the path does not lead to the root")


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree *second* begins with the tree *first* (sizes in leaves; RFC 9162 2.1.4.2).

    Raises ProofError where it does not.
    """
    _require_hashes(first_root, second_root, *path)
    if not 0 <= first <= second:
        raise ProofError(f"a tree of {first} leaves is no beginning of one of {second}")
    if first in (0, second):
        known = EMPTY_ROOT if first == 0 else second_root
        if path or first_root != known:
            raise ProofError("the roots differ where nothing was added" if not path else "the path is too long")
        return
    steps = iter(path if first & (first - 1) else [first_root, *path])
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = next(steps, b"")
    for sibling in steps:
        if last == 0:
            raise ProofError("the path is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last or old != first_root or new != second_root:
        raise ProofError("the second tree does not begin with the first")


def tile_path(level: int | None, index: int, width: int = TILE_WIDTH) -> str:
    """The published path of a tile, or of a bundle of entries where *level* is None (c2sp.org/tlog-tiles)."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    suffix = f".p/{width}" if width < TILE_WIDTH else ""
    return "/".join(["tile", "entries" if level is None else str(level), *groups]) + suffix


def write_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle: each behind its length as big-endian uint16 (c2sp.org/tlog-tiles)."""
    if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise ProofError(f"an entry is longer than {MAX_ENTRY_BYTES} bytes")
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def _split(size: int) -> int:
    """The largest power of two strictly below *size*."""
    return 1 << (size - 1).bit_length() - 1


def _range_hash(start: int, end: int, node: NodeReader) -> bytes:
    """The hash over the leaves from *start* to before *end*; *start* is aligned as a split of the RFC leaves it."""
    size = end - start
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return node(height, start >> height)
    middle = start + _split(size)
    return node_hash(_range_hash(start, middle, node), _range_hash(middle, end, node))


def _require_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise ProofError("a hash is not 32 bytes long")
