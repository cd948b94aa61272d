"""A leaf with all that the database holds about its entry, and what can be wrong between the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from governance.audit import merkle
from governance.audit.entries import decode
from governance.audit.errors import AuditBrokenError
from governance.kernel.records import frozen

CHUNK = 4096

EDITED = "The entry was edited in the database after it was written."
REMOVED = "The entry was removed from the database past its triggers."

_LEAVES = """
SELECT l.seq, l.eid, l.leaf_hash, e.leaf_hash AS entry_hash, e.class, e.at, b.bytes, d.month IS NOT NULL AS dropped,
    b.action, b.actor_kind, b.actor_id, b.subject_ref, b.object_kind, b.object_id, b.outcome
FROM audit_leaf l
LEFT JOIN audit_entry e ON e.eid = l.eid
LEFT JOIN audit_body b ON b.class = e.class AND b.at = e.at AND b.eid = e.eid
LEFT JOIN audit_dropped d ON d.class = e.class AND d.month = to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM')
WHERE l.tree_id = :tree AND l.seq >= :first AND l.seq < :end ORDER BY l.seq
"""


@frozen
class Leaf:
    """A leaf and its entry.

    Attributes:
        seq, eid, leaf_hash: of the leaf.
        entry_hash, action_class, at: of the entry; None where it is missing.
        leaf: its bytes; None where they are missing.
        dropped: whether the log tells that the bodies of this class and month were dropped.
        searched_by: what the entry is found by.
    """

    seq: int
    eid: UUID
    leaf_hash: bytes
    entry_hash: bytes | None
    action_class: str | None
    at: datetime | None
    leaf: bytes | None
    dropped: bool
    searched_by: tuple[object, ...]

    def differences(self) -> Iterator[tuple[str, str]]:
        """What differs between leaf, entry, bytes and columns, each with what must have happened."""
        if self.entry_hash is None:
            yield "the entry of this leaf is missing", REMOVED
            return
        if self.entry_hash != self.leaf_hash:
            yield "entry and leaf have different hashes", EDITED
        if self.leaf is None:
            if not self.dropped:
                yield "the bytes of the entry are missing, and no dropping is told of", REMOVED
        elif merkle.leaf_hash(self.leaf) != self.leaf_hash:
            yield "the bytes of the entry do not hash to its leaf", EDITED
        else:
            yield from self._differences_of_columns(self.leaf)

    def _differences_of_columns(self, leaf: bytes) -> Iterator[tuple[str, str]]:
        try:
            told = decode(leaf)
        except AuditBrokenError as error:
            yield error.detail, "It is of a later release, or was forged before it was placed."
            return
        about = (told.object.kind, told.object.id) if told.object else (None, None)
        said = (told.action, told.actor_kind, told.actor_id, told.subject, *about, told.outcome)
        if said != self.searched_by or (told.eid, told.at, told.action_class) != (self.eid, self.at, self.action_class):
            yield "what it is searched by is not what it says", "Columns were edited to hide it."


def read_leaves(session: Session, tree_id: int, first: int, end: int) -> Iterator[Sequence[Leaf]]:
    """Leaves of a tree from *first* to before *end*, a chunk at a time; one that is missing is not among them."""
    for start in range(first, end, CHUNK):
        rows = session.execute(text(_LEAVES), {"tree": tree_id, "first": start, "end": min(start + CHUNK, end)})
        yield [
            Leaf(seq, eid, leaf_hash, entry_hash, action_class, at, leaf, dropped, tuple(searched_by))
            for seq, eid, leaf_hash, entry_hash, action_class, at, leaf, dropped, *searched_by in rows
        ]
