"""Exporting a tree as C2SP tlog-tiles, for auditors: `verify` checks it offline, and so do tools of others.

    checkpoint                  the newest signed checkpoint, written last
    checkpoints/<size>          the last one of each day before
    vkey                        the verifier key of this tree
    vkeys                       those of all trees, oldest first; each names the tree that it is of
    tile/<level>/<index>        hashes            tile/entries/<index>   the entries themselves
    kept.jsonl                  entries whose neighbours were dropped by age, one {"seq", "entry"} per line

Files appear whole or not at all and never change, so that an interrupted export goes on where it was, and a later one
into the same folder adds what is new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from governance.audit import merkle
from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.errors import NotYetProvableError, SigningKeyError
from governance.audit.keys import key_of, known_vkeys
from governance.audit.leaves import Leaf, read_leaves
from governance.audit.outside import Outside
from governance.audit.trees import SignedCheckpoint, Tree, all_trees, daily_checkpoints, newest_checkpoint, tile_reader
from governance.kernel.durable import replace_file
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.records import frozen
from governance.kernel.work import Work

GROUP = merkle.TILE_WIDTH

_PRUNED = """
SELECT max(l.seq) FROM audit_dropped d
JOIN audit_entry e ON e.class = d.class AND to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM') = d.month
JOIN audit_leaf l ON l.eid = e.eid WHERE l.tree_id = :tree AND l.seq < :size
"""


@frozen
class Exported:
    """What an export holds.

    Attributes:
        origin, size: of its checkpoint.
        pruned: leading entries whose bundles are left out, since some of them were dropped by age (a multiple of 256).
        kept: of these, entries that are in `kept.jsonl`.
        damaged: numbers of the first entries whose bytes are missing without any dropping told of.
    """

    origin: str
    size: int
    pruned: int
    kept: int
    damaged: tuple[int, ...]


def export(
    work: Work,
    *,
    directory: Path,
    outside: Outside,
    public_key: bytes | None,
    tree_id: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write a tree up to its newest checkpoint into *directory*, and tell of it in the trail.

    Args:
        work: whoever exports.
        directory: new, or an earlier export of the same tree.
        outside: with the verifier keys.
        public_key: of the signing key on this host; None where there is none.
        tree_id: which tree; by default the one that grows. Of one that was left, what no checkpoint covers is not in
            the export; the first entry of the next tree states its size and root.
        progress: told how many entries of how many are done.

    Raises:
        NotFoundError: where there is no such tree.
        NotYetProvableError: where nothing was signed yet.
        SigningKeyError: where the public key of the tree is known nowhere.
        ConflictError: where *directory* holds the export of another tree.
        AuditBrokenError: where tiles are missing.
    """
    trees = all_trees(work.session)
    tree = next((one for one in trees if one.tree_id == (tree_id or trees[-1].tree_id)), None)
    if tree is None:
        raise NotFoundError(f"There is no tree {tree_id}; they are numbered from 1 to {trees[-1].tree_id}.")
    signed = newest_checkpoint(work.session, tree.tree_id)
    if signed is None:
        raise NotYetProvableError("No checkpoint was signed yet; one is signed every few seconds. Try again.")
    key = key_of(work.session, tree, outside=outside, public_key=public_key)
    if key is None:
        raise SigningKeyError(
            f"The public key of tree {tree.tree_id} is known neither outside the database nor in it; put the vkey that "
            "an auditor kept into audit/vkeys of the data folder, on a line of its own."
        )
    vkey = key.verifier.vkey()
    known = directory / "vkey"
    if known.exists() and known.read_text("utf-8").strip() != vkey:
        raise ConflictError("The folder holds the export of another log or key; choose a new one.")
    _write(directory, "vkey", f"{vkey}\n".encode())
    _write(directory, "vkeys", "".join(f"{one}\n" for one in known_vkeys(work.session, outside)).encode())
    _write_tiles(work.session, directory, tree, signed.checkpoint.size)
    exported = _write_entries(work.session, directory, tree, signed, progress)
    for earlier in daily_checkpoints(work.session, tree.tree_id, upto=signed.checkpoint.size - 1):
        _write(directory, f"checkpoints/{earlier.checkpoint.size}", earlier.note)
    _write(directory, "checkpoint", signed.note)
    facts = {"tree": tree.tree_id, "size": exported.size, "pruned": exported.pruned, "damaged": len(exported.damaged)}
    append(work, Action.AUDIT_EXPORTED, facts=facts)
    return exported


def _write_tiles(session: Session, directory: Path, tree: Tree, size: int) -> None:
    read = tile_reader(session, tree)
    for level, full in enumerate(merkle.full_tiles(size)):
        for index in range(full):
            path = merkle.tile_path(level, index)
            if not _stands(directory / path, merkle.TILE_BYTES):
                _write(directory, path, read(level, index, merkle.TILE_WIDTH))
    edge = merkle.Edge.from_tiles(size, read)
    for level, width in enumerate(merkle.partial_widths(size)):
        if width:
            index = size >> merkle.TILE_HEIGHT * (level + 1)
            _write(directory, merkle.tile_path(level, index, width), edge.row(level))


def _write_entries(
    session: Session,
    directory: Path,
    tree: Tree,
    signed: SignedCheckpoint,
    progress: Callable[[int, int], None] | None,
) -> Exported:
    size = signed.checkpoint.size
    last_pruned = session.scalar(text(_PRUNED), {"tree": tree.tree_id, "size": size})
    pruned = 0 if last_pruned is None else min(size, (last_pruned // GROUP + 1) * GROUP)
    kept = 0
    damaged: list[int] = []
    draft = directory / ".kept.jsonl"
    with draft.open("w", encoding="utf-8") as lines:
        for first, group in _groups(session, directory, tree.tree_id, size, pruned):
            whole = [row.leaf for row in group if row.leaf is not None]
            width = merkle.tile_width(size, 0, first // GROUP)
            if first >= pruned and len(whole) == width:
                _write(directory, merkle.tile_path(None, first // GROUP, width), merkle.write_bundle(whole))
            else:
                lines.writelines(_line(row.seq, row.leaf) for row in group if row.leaf is not None)
                kept += len(whole)
                excused = {row.seq for row in group if row.leaf is not None or row.dropped}
                damaged += [seq for seq in range(first, first + width) if seq not in excused]
            if progress is not None:
                progress(first + width, size)
    if kept or (directory / "kept.jsonl").exists():
        draft.replace(directory / "kept.jsonl")
    draft.unlink(missing_ok=True)
    return Exported(tree.origin, size, pruned, kept, tuple(damaged[:GROUP]))


def _groups(
    session: Session, directory: Path, tree_id: int, size: int, pruned: int
) -> Iterator[tuple[int, Sequence[Leaf]]]:
    """The leaves of each bundle that is not written yet, with the number of its first."""
    first = pruned
    while first + GROUP <= size and _stands(directory / merkle.tile_path(None, first // GROUP)):
        first += GROUP
    for start, end in ((0, pruned), (first, size)):
        waiting: list[Leaf] = []
        at = start
        for rows in read_leaves(session, tree_id, start, end):
            waiting += rows
            while at + GROUP <= end and waiting and waiting[-1].seq >= at + GROUP - 1:
                group = [row for row in waiting if row.seq < at + GROUP]
                yield at, group
                waiting, at = waiting[len(group) :], at + GROUP
        while at < end:
            group = [row for row in waiting if row.seq < at + GROUP]
            yield at, group
            waiting, at = waiting[len(group) :], at + GROUP


def _line(seq: int, leaf: bytes) -> str:
    return json.dumps({"seq": seq, "entry": leaf.decode()}, ensure_ascii=False, separators=(",", ":")) + "\n"


def _stands(path: Path, length: int | None = None) -> bool:
    """Whether a file is there and, after a loss of power, not empty."""
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        return False
    return found > 0 if length is None else found == length


def _write(directory: Path, name: str, content: bytes) -> None:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content, mode=0o644)
