"""Signing checkpoints: what stands in the database is compared with what was signed before, then signed and told.

There is one signer: a file lock on its host, an advisory lock in the database. It signs committed state only, and only
where that continues the last checkpoint kept outside the database; else it raises the alarm and signs nothing until an
operator opens a new tree, whose first entry embeds the old checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from governance.audit import merkle
from governance.audit.anchors import Anchor
from governance.audit.errors import AuditBrokenError, AuditRollbackError, SignerBusyError
from governance.audit.keys import record_key, require_key_of
from governance.audit.notes import Checkpoint, NoteError, open_checkpoint, sign_checkpoint, verifier_of
from governance.audit.opening import new_origin, open_tree
from governance.audit.outside import Outside
from governance.audit.tables import CheckpointRow
from governance.audit.trees import Tree, current_tree, leaf_hashes, tile_reader
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import Sentence
from governance.kernel.logs import get_logger
from governance.kernel.work import SYSTEM, Actor, open_work

ADVISORY_KEY = 0x61756469740001  # "audit", 1

log = get_logger(__name__)


class Signer:
    """Signs the checkpoints of one database.

    Args:
        database: where the log is.
        key: the signing key, which the database never sees.
        outside: the folder outside the database.
        anchors: where each checkpoint is told.
    """

    def __init__(
        self, database: Database, key: Ed25519PrivateKey, outside: Outside, anchors: Sequence[Anchor] = ()
    ) -> None:
        self._database = database
        self._key = key
        self._outside = outside
        self._anchors = tuple(anchors)

    def sign(self, *, clock: Clock | None = None) -> Checkpoint | None:
        """Sign the tree as it stands; None where it has not grown since the last checkpoint.

        Raises:
            AuditRollbackError: where the tree is no continuation of the last checkpoint, or was signed with another key
                (SigningKeyChangedError). The alarm stands from then on.
            AuditBrokenError: where the tree contradicts itself. The alarm stands from then on.
            SignerBusyError: where another process is signing.
            OSError: where a checkpoint could not be kept outside or told to an anchor; the next call tries again.
        """
        with self._alone():
            with open_work(self._database, SYSTEM, clock=clock) as work:
                try:
                    tree, due = self._due(work.session)
                except (AuditRollbackError, AuditBrokenError) as error:
                    self._outside.raise_alarm(error.slug, error.detail, at=work.now)
                    log.error("audit.alarm", reason=error.slug)  # noqa: TRY400 (the reason is enough; doctor shows all)
                    raise
            self._outside.clear_alarm()
            for note in due:  # no transaction is open while files are written
                self._publish(note, at=work.now)
                with open_work(self._database, SYSTEM, clock=clock) as work:
                    record_key(work.session, tree.tree_id, verifier_of(tree.origin, self._key), at=work.now)
                    _record(work.session, tree, note, at=work.now)
        return self._read(due[-1], tree) if due else None

    def open_tree(self, actor: Actor, *, clock: Clock | None = None) -> str:
        """Open a new tree after the last checkpoint, for an operator who knows why the old one cannot go on.

        It is signed by the key of this signer from its first checkpoint on, whatever key signed the old one.

        Returns:
            The origin of the new tree, which auditors must be told.
        """
        with self._alone():
            origin = new_origin()
            verifier = verifier_of(origin, self._key)
            self._outside.admit(origin)
            with open_work(self._database, actor, clock=clock) as work:
                open_tree(work, verifier=verifier, outside=self._outside)
            self._outside.keep_vkey(verifier.vkey())
        log.warning("audit.tree_opened", origin=origin)
        return origin

    def _due(self, session: Session) -> tuple[Tree, list[bytes]]:
        """Checkpoints to be told: one that a crash left unrecorded, and that of what has grown since."""
        tree = current_tree(session)
        public_key = self._key.public_key().public_bytes_raw()
        require_key_of(session, tree, outside=self._outside, public_key=public_key)
        known, kept = self._known(session, tree)
        due = [kept] if kept is not None and not _recorded(session, tree.tree_id, known.size) else []
        if tree.size == known.size and tree.root == known.root and not due:
            return tree, due
        check_continuation(session, tree, known)
        if tree.size > known.size:
            due.append(sign_checkpoint(Checkpoint(tree.origin, tree.size, tree.root), self._key))
        return tree, due

    def _known(self, session: Session, tree: Tree) -> tuple[Checkpoint, bytes | None]:
        """The checkpoint that *tree* must continue, and its note."""
        note = self._outside.last()
        empty = Checkpoint(tree.origin, 0, merkle.EMPTY_ROOT)
        if self._outside.admitted() == tree.origin and tree.predecessor == note:
            return empty, None
        if note is None:
            if session.scalar(select(exists().where(CheckpointRow.size > 0))):
                raise AuditRollbackError(
                    Sentence(
                        "Checkpoints were signed, but audit/checkpoint in the data folder, the last of them, is gone. "
                        "Put it back from anchor.jsonl, or open a new tree: governance audit open-tree"
                    )
                )
            return empty, None
        return self._read(note, tree), note

    def _read(self, note: bytes, tree: Tree) -> Checkpoint:
        try:
            return open_checkpoint(note, verifier_of(tree.origin, self._key))
        except NoteError:
            raise AuditRollbackError(
                Sentence(
                    "The checkpoint kept outside the database is of another tree or key than the database's. If that "
                    "is meant, open a new tree: governance audit open-tree"
                )
            ) from None

    def _publish(self, note: bytes, *, at: datetime) -> None:
        if note != self._outside.last():
            self._outside.keep(note)
        checkpoint = Checkpoint.parse_text(note.decode().partition("\n\n")[0] + "\n")
        self._outside.keep_vkey(verifier_of(checkpoint.origin, self._key).vkey())
        for anchor in self._anchors:
            anchor.publish(note, at=at)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._outside.lock(), self._database.session_lock(ADVISORY_KEY) as taken:
            if not taken:
                raise SignerBusyError("Another host is signing the audit log; one signer is configured, not two.")
            yield


def check_continuation(session: Session, tree: Tree, known: Checkpoint) -> None:
    """Check that *tree* begins with *known*, and that its leaves since then make its root.

    The leaves before are taken by their tiles, which *known* binds; `verify_live` looks at each of them.

    Raises:
        AuditRollbackError: where it does not begin with it.
        AuditBrokenError: where its parts do not fit each other.
    """
    if tree.size < known.size:
        raise AuditRollbackError(
            Sentence(
                "The audit log has %(size)s entries, but %(signed)s were signed: the database is older than the last "
                "checkpoint, or entries were cut off. Nothing is signed until an operator opens a new tree.",
                {"size": tree.size, "signed": known.size},
            )
        )
    edge = merkle.Edge.from_tiles(known.size, tile_reader(session, tree))
    if edge.root() != known.root:
        raise AuditRollbackError(
            Sentence(
                "The first %(signed)s entries of the audit log are not those that were signed: it was rewritten, or "
                "went on from an older copy. Nothing is signed until an operator opens a new tree.",
                {"signed": known.size},
            )
        )
    for chunk in leaf_hashes(session, tree.tree_id, known.size, tree.size):
        edge.append(chunk)
    if edge.root() != tree.root:
        raise AuditBrokenError(
            Sentence("The leaves of the audit tree do not make its root; run: governance audit verify")
        )


def _recorded(session: Session, tree_id: int, size: int) -> bool:
    known = exists().where(CheckpointRow.tree_id == tree_id, CheckpointRow.size == size)
    return bool(session.scalar(select(known)))


def _record(session: Session, tree: Tree, note: bytes, *, at: datetime) -> None:
    size = Checkpoint.parse_text(note.decode().partition("\n\n")[0] + "\n").size
    row = {"tree_id": tree.tree_id, "size": size, "note": note, "at": at}
    session.execute(insert(CheckpointRow).values(row).on_conflict_do_nothing())
