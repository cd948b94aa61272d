"""Comparing the checkpoints that were told to the file anchor with those that the database still holds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from governance.audit.findings import Mark, Verification
from governance.audit.keys import TreeKey
from governance.audit.notes import Checkpoint, Note, NoteError
from governance.audit.tables import CheckpointRow
from governance.audit.trees import Tree
from governance.kernel.records import frozen

CHUNK = 1000
MAX_MARKS = 10_000
"""Checkpoints that only the anchor has, whose roots are compared with the leaves; more of them are only counted."""


@frozen
class Anchored:
    """A line of the anchor file."""

    line: int
    at: datetime
    note: bytes
    checkpoint: Checkpoint
    parsed: Note


class AnchorComparison:
    """Holds the anchor file against the table of checkpoints.

    Args:
        trees: all of the database.
        keys: of these, by number; those that are known.
        left_signed: by number of a tree that was left, the entries that were under a recorded checkpoint then. What
            was told of it beyond that was lost before the next tree was opened, and that opening tells so.
        newest: the checkpoint kept outside, which alone may still await its row.
    """

    def __init__(
        self,
        session: Session,
        trees: Sequence[Tree],
        keys: Mapping[int, TreeKey],
        left_signed: Mapping[int, int],
        newest: bytes | None,
    ) -> None:
        self._session = session
        self._trees = {tree.origin: tree for tree in trees}
        self._present = trees[-1]
        self._keys = keys
        self._left_signed = left_signed
        self._newest = newest
        self._lost: Counter[str] = Counter()
        self._missing: Counter[int] = Counter()
        self._marks: dict[int, list[Mark]] = {}

    def compare(self, path: Path, report: Verification) -> Mapping[int, Sequence[Mark]]:
        """Report what differs; answers the checkpoints to be met by the leaves, by number of their tree."""
        lines = _read(path, report)
        while chunk := list(islice(lines, CHUNK)):
            recorded = self._recorded(chunk)
            for one in chunk:
                tree = self._trees.get(one.checkpoint.origin)
                note = None if tree is None else recorded.get((tree.tree_id, one.checkpoint.size))
                if note != one.note:
                    self._judge(one, tree, note, report)
        for tree_id, count in self._missing.items():
            what = f"{count} checkpoints that were told to anchor.jsonl are missing from tree {tree_id} in the database"
            report.found(None, None, what, "They were deleted from the database past its triggers.")
        for origin, count in self._lost.items():
            report.notes.append(
                f"{count} checkpoints of {origin} in anchor.jsonl are of entries that the database had lost before the "
                "present tree was opened."
            )
        return self._marks

    def _recorded(self, chunk: Sequence[Anchored]) -> dict[tuple[int, int], bytes]:
        wanted = {
            (self._trees[one.checkpoint.origin].tree_id, one.checkpoint.size)
            for one in chunk
            if one.checkpoint.origin in self._trees
        }
        places = tuple_(CheckpointRow.tree_id, CheckpointRow.size)
        found = self._session.execute(
            select(CheckpointRow.tree_id, CheckpointRow.size, CheckpointRow.note).where(places.in_(wanted))
        )
        return {(tree_id, size): note for tree_id, size, note in found}

    def _judge(self, one: Anchored, tree: Tree | None, recorded: bytes | None, report: Verification) -> None:
        """What it means that the database does not hold what was told."""
        left = tree is None or one.checkpoint.size > self._left_signed.get(tree.tree_id, one.checkpoint.size)
        if left and one.at <= self._present.opened_at:
            self._lost[one.checkpoint.origin] += 1
            return
        if tree is None:
            what = f"line {one.line} of anchor.jsonl is of {one.checkpoint.origin}, which this database does not hold"
            report.found(None, None, what, "The log was replaced, or the database restored from an older copy.")
            return
        key = self._keys.get(tree.tree_id)
        try:
            if key is not None:
                one.parsed.require(key.verifier)
        except NoteError as error:
            what = f"line {one.line} of anchor.jsonl: {error}"
            report.found(None, None, what, "The file was changed, or the service signed with a key of somebody else's.")
            return
        if recorded is not None:
            what = f"the checkpoint of {one.checkpoint.size} entries is not the one that was told to anchor.jsonl"
            report.found(None, None, what, "It was put in its place in the database.")
        elif one.note == self._newest:
            return  # the signer records it next
        else:
            self._missing[tree.tree_id] += 1
        marks = self._marks.setdefault(tree.tree_id, [])
        if len(marks) < MAX_MARKS:
            name = f"the checkpoint of {one.checkpoint.size} entries in anchor.jsonl"
            marks.append(Mark(one.checkpoint.size, name, one.checkpoint.root, one.at))


def _read(path: Path, report: Verification) -> Iterator[Anchored]:
    """The lines of the anchor; one without its end was cut off by a crash, and is told again."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                told = json.loads(line)
                note = str(told["note"]).encode()
                parsed = Note.parse(note)
                at = datetime.fromisoformat(str(told["at"]))
                yield Anchored(number, at, note, Checkpoint.parse_text(parsed.text), parsed)
            except (ValueError, KeyError, TypeError):
                report.found(None, None, f"line {number} of anchor.jsonl cannot be read", "The file was damaged.")
