"""Checkpoints as they were signed, the newest first: how large the log was, its root, when, and where it was told."""

import json
import os
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select

from governance.audit.notes import Checkpoint, Note, NoteError
from governance.audit.outside import Outside
from governance.audit.stamps import stamp_name
from governance.audit.tables import CheckpointRow
from governance.audit.trail import consistency_proof
from governance.audit.trees import SignedCheckpoint, all_trees, checkpoints, current_tree
from governance.kernel.errors import InvalidError, NotFoundError
from governance.kernel.records import frozen
from governance.kernel.work import Work

TAIL_BYTES: Final = 4 * 1_048_576
"""How much of the anchor file is looked at, from its end."""
FILE: Final = "file"
STAMP: Final = "time-stamps"
WEBHOOK: Final = "webhook"


@frozen
class ListedCheckpoint:
    """A checkpoint and where it was told.

    Attributes:
        anchors: codes of the anchors that are known to have been told this very one; one that a newer checkpoint has
            overtaken is bound by that.
    """

    tree_id: int
    size: int
    root: bytes
    at: datetime
    note: bytes
    anchors: frozenset[str]


@frozen
class Continuation:
    """That a later checkpoint continues an earlier one, to be verified by whoever trusts the key alone."""

    first: bytes
    second: bytes
    first_size: int
    second_size: int
    path: Sequence[bytes]


def signed_checkpoints(
    work: Work, *, outside: Outside, before: int | None = None, limit: int = 50
) -> list[ListedCheckpoint]:
    """Checkpoints of the tree that grows, the newest first.

    Args:
        work: the transaction.
        outside: the folder in which the anchors write down what they were told.
        before: only those of fewer entries than this.
        limit: how many at most.
    """
    tree = current_tree(work.session)
    query = select(CheckpointRow).where(CheckpointRow.tree_id == tree.tree_id)
    if before is not None:
        query = query.where(CheckpointRow.size < before)
    rows = work.session.scalars(query.order_by(CheckpointRow.size.desc()).limit(limit)).all()
    told = _told(outside, [bytes(row.note) for row in rows])
    return [
        ListedCheckpoint(
            tree_id=row.tree_id,
            size=row.size,
            root=_parse(bytes(row.note)).root,
            at=row.at,
            note=bytes(row.note),
            anchors=frozenset(name for name, notes in told.items() if bytes(row.note) in notes),
        )
        for row in rows
    ]


def continuation(work: Work, *, kept: bytes) -> Continuation:
    """What proves that the newest checkpoint continues one that somebody kept.

    Raises:
        InvalidError: where that is no checkpoint.
        NotFoundError: where no tree has that origin, or it has no checkpoint of that size yet.
        ConflictError: where the log had another root at that size: one of the two was forged.
    """
    try:
        first = _parse(kept)
    except (NoteError, ValueError):
        raise InvalidError("This is no signed checkpoint.", errors={"checkpoint": ["Paste all of it."]}) from None
    signed, path = consistency_proof(work, first=first)
    return Continuation(kept, signed.note, first.size, signed.checkpoint.size, path)


def checkpoint_of(work: Work, *, size: int) -> SignedCheckpoint:
    """The checkpoint of the tree that grows that was signed at this size.

    Raises:
        NotFoundError: where none was.
    """
    found = checkpoints(work.session, all_trees(work.session)[-1].tree_id, after=size - 1, upto=size)
    if not found:
        raise NotFoundError("No checkpoint was signed at this size.")
    return found[0]


def _parse(note: bytes) -> Checkpoint:
    return Checkpoint.parse_text(Note.parse(note).text)


def _told(outside: Outside, notes: Collection[bytes]) -> dict[str, Collection[bytes]]:
    stamps = outside.folder / "stamps"
    stamped = {one for one in notes if (stamps / f"{stamp_name(one, _parse(one).size)}.tsr").is_file()}
    last = outside.told(WEBHOOK)
    sent = set() if last is None else {str(json.loads(last)["note"]).encode()}
    return {FILE: _in_file(outside.anchor_path, notes), STAMP: stamped, WEBHOOK: sent}


def _in_file(path: Path, notes: Collection[bytes]) -> set[bytes]:
    """Which of *notes* stand in the end of the anchor file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            lines = file.read(TAIL_BYTES).splitlines()
    except FileNotFoundError:
        return set()
    wanted = {json.dumps(one.decode(), ensure_ascii=False).encode(): one for one in notes}
    found = set()
    for line in lines:
        _, _, note = line.partition(b'"note": ')
        if note[:-1] in wanted:
            found.add(wanted[note[:-1]])
    return found
