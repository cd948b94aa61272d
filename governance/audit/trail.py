"""Reading the trail: search, single entries and their proofs. Who reads is told in the trail itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from governance.audit import merkle
from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.cursors import read_cursor, write_cursor
from governance.audit.entries import Entry, ObjectRef, decode
from governance.audit.errors import AuditBrokenError, NotYetProvableError
from governance.audit.notes import Checkpoint
from governance.audit.tables import BodyRow, EntryRow, LeafRow
from governance.audit.trees import SignedCheckpoint, Tree, all_trees, newest_checkpoint, tile_reader
from governance.kernel.errors import ConflictError, InvalidError, NotFoundError
from governance.kernel.ids import EntryId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work

MAX_PAGE = 500


@frozen
class Filter:
    """What to search by; all that is given must hold.

    Attributes:
        actor: staff id, client id, or a customer's subject reference.
        actor_kind: code of the kind of actor.
        action, action_class: codes of `actions`.
        subject: random reference of the person concerned.
        object_kind, object_id: what was acted on.
        outcome: code of the outcome.
        since: this instant or later.
        until: strictly before this instant.
    """

    actor: UUID | None = None
    actor_kind: str | None = None
    action: str | None = None
    action_class: str | None = None
    subject: SubjectRef | None = None
    object_kind: str | None = None
    object_id: UUID | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def given(self) -> list[str]:
        """Names of the conditions in use."""
        return [one.name for one in fields(self) if getattr(self, one.name) is not None]


@frozen
class Placed:
    """An entry and its place.

    Attributes:
        leaf: the exact bytes that were hashed.
        tree_id, seq: None until the sequencer has placed it.
    """

    entry: Entry
    leaf: bytes
    tree_id: int | None
    seq: int | None


@frozen
class Page:
    """A page of entries, newest first; `cursor` continues it, None at the end."""

    entries: tuple[Placed, ...]
    cursor: str | None


@frozen
class Proof:
    """That one entry is in the log, checkable with `merkle.verify_inclusion` and the signed checkpoint.

    Attributes:
        leaf: bytes of the entry; None where the body was dropped by age.
        index, size, path: of the audit path (RFC 6962 section 2.1.1).
        root: of the tree of *size* leaves.
        checkpoint: the signed note that states size and root.
    """

    leaf: bytes | None
    leaf_hash: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    root: bytes
    checkpoint: bytes


def search(work: Work, *, by: Filter, cursor: str | None = None, limit: int = 50) -> Page:
    """Entries that match, newest first, and tell of the search in the trail.

    Raises:
        InvalidError: where *cursor* is none of ours or *limit* is out of bounds.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidError(f"A page holds 1 to {MAX_PAGE} entries.", errors={"limit": ["out of bounds"]})
    query = _matching(by).order_by(BodyRow.at.desc(), BodyRow.eid.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(tuple_(BodyRow.at, BodyRow.eid) < tuple_(*read_cursor(cursor)))
    found = list(work.session.execute(query))
    entries = tuple(Placed(decode(leaf), leaf, tree_id, seq) for leaf, tree_id, seq in found[:limit])
    append(work, Action.AUDIT_SEARCHED, subject=by.subject, facts={"by": by.given(), "found": len(entries)})
    more = len(found) > limit
    return Page(entries, write_cursor(entries[-1].entry) if more else None)


def entry(work: Work, *, eid: EntryId) -> Placed:
    """One entry, and tell of the reading in the trail.

    Raises:
        NotFoundError: where there is none, or its body was dropped by age.
    """
    kept = entry_row(work.session, eid)
    place = _place(work.session, eid)
    leaf = body_of(work.session, kept)
    if leaf is None:
        raise NotFoundError("The body of this entry was dropped by age; its hash is still in the tree.")
    read = decode(leaf)
    append(work, Action.AUDIT_ENTRY_READ, subject=read.subject, object=ObjectRef("audit-entry", eid))
    return Placed(read, leaf, None if place is None else place.tree_id, None if place is None else place.seq)


def inclusion_proof(work: Work, *, eid: EntryId) -> Proof:
    """Prove that an entry is under the newest checkpoint, and tell of it in the trail.

    Raises:
        NotFoundError: where there is no such entry.
        NotYetProvableError: where no checkpoint covers it yet.
        AuditBrokenError: where the tree does not hold what the checkpoint says.
    """
    proof = _prove(work, eid, {})
    append(work, Action.AUDIT_ENTRY_PROVED, object=ObjectRef("audit-entry", eid), facts={"seq": proof.index})
    return proof


def inclusion_proofs(work: Work, *, eids: Sequence[EntryId]) -> list[Proof]:
    """Prove that entries are all under one checkpoint, the newest, and tell of it in the trail once.

    Raises:
        NotFoundError, NotYetProvableError, AuditBrokenError: as `inclusion_proof`.
    """
    signed: dict[int, SignedCheckpoint | None] = {}
    proofs = [_prove(work, eid, signed) for eid in eids]
    append(work, Action.AUDIT_ENTRY_PROVED, facts={"entries": len(proofs)})
    return proofs


def _prove(work: Work, eid: EntryId, newest: dict[int, SignedCheckpoint | None]) -> Proof:
    """The proof for one entry; *newest* remembers the checkpoint of each tree, since a newer one may come meanwhile."""
    kept = entry_row(work.session, eid)
    place = _place(work.session, eid)
    if place is not None and place.tree_id not in newest:
        newest[place.tree_id] = newest_checkpoint(work.session, place.tree_id)
    signed = None if place is None else newest[place.tree_id]
    if place is None or signed is None or signed.checkpoint.size <= place.seq:
        raise NotYetProvableError("No checkpoint covers this entry yet; one is signed every few seconds. Try again.")
    size, root = signed.checkpoint.size, signed.checkpoint.root
    node = merkle.nodes_from_tiles(size, tile_reader(work.session, _tree(work.session, place.tree_id)))
    path = merkle.inclusion_proof(place.seq, size, node)
    leaf = body_of(work.session, kept)
    leaf_hash = place.leaf_hash if leaf is None else merkle.leaf_hash(leaf)
    try:
        merkle.verify_inclusion(index=place.seq, size=size, leaf=leaf_hash, path=path, root=root)
    except merkle.ProofError:
        raise AuditBrokenError("The entry is not the one under the checkpoint; run: governance audit verify") from None
    return Proof(leaf, leaf_hash, place.seq, size, tuple(path), root, signed.note)


def consistency_proof(work: Work, *, first: Checkpoint) -> tuple[SignedCheckpoint, list[bytes]]:
    """The newest checkpoint and the proof that it continues *first*, which an auditor kept.

    Raises:
        NotFoundError: where no tree has that origin, or it has no checkpoint of that size yet.
        ConflictError: where the log had another root at that size: one of the two was forged.
    """
    tree = next((tree for tree in all_trees(work.session) if tree.origin == first.origin), None)
    signed = None if tree is None else newest_checkpoint(work.session, tree.tree_id)
    if tree is None or signed is None or signed.checkpoint.size < first.size:
        raise NotFoundError("No checkpoint of that log is as large; what was kept is newer, or of another log.")
    node = merkle.nodes_from_tiles(signed.checkpoint.size, tile_reader(work.session, tree))
    path = merkle.consistency_proof(first.size, signed.checkpoint.size, node)
    try:
        merkle.verify_consistency(
            first=first.size,
            second=signed.checkpoint.size,
            first_root=first.root,
            second_root=signed.checkpoint.root,
            path=path,
        )
    except merkle.ProofError:
        raise ConflictError(
            "This log does not continue what was kept: at that size it has another root. Keep that checkpoint."
        ) from None
    return signed, path


def _matching(by: Filter) -> Select[bytes, int, int]:
    columns = {
        "actor": BodyRow.actor_id,
        "actor_kind": BodyRow.actor_kind,
        "action": BodyRow.action,
        "action_class": BodyRow.action_class,
        "subject": BodyRow.subject_ref,
        "object_kind": BodyRow.object_kind,
        "object_id": BodyRow.object_id,
        "outcome": BodyRow.outcome,
    }
    query = select(BodyRow.leaf, LeafRow.tree_id, LeafRow.seq).outerjoin(LeafRow, LeafRow.eid == BodyRow.eid)
    for name in by.given():
        if name in columns:
            query = query.where(columns[name] == getattr(by, name))
    if by.since is not None:
        query = query.where(BodyRow.at >= by.since)
    if by.until is not None:
        query = query.where(BodyRow.at < by.until)
    return query


def entry_row(session: Session, eid: EntryId) -> EntryRow:
    """What stays of an entry for ever.

    Raises:
        NotFoundError: where there is no such entry.
    """
    found = session.get(EntryRow, eid)
    if found is None:
        raise NotFoundError("There is no such entry in the audit trail.")
    return found


def body_of(session: Session, kept: EntryRow) -> bytes | None:
    """The bytes of an entry; None where they were dropped by age."""
    # Class and instant name the partition, so that one of many is looked into.
    name = (BodyRow.action_class == kept.action_class, BodyRow.at == kept.at, BodyRow.eid == kept.eid)
    return session.scalar(select(BodyRow.leaf).where(*name))


def _place(session: Session, eid: EntryId) -> LeafRow | None:
    return session.scalars(select(LeafRow).where(LeafRow.eid == eid)).one_or_none()


def _tree(session: Session, tree_id: int) -> Tree:
    return next(tree for tree in all_trees(session) if tree.tree_id == tree_id)
