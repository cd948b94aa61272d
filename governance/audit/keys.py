"""Which public key the checkpoints of a tree are verified with, and from where it is known.

A tree is signed by one key from its first checkpoint to its last. A new key begins with a new tree, which an operator
opens and whose first entry names both keys. So the list of verifier keys is also the list of what each of them signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from governance.audit.errors import SigningKeyChangedError
from governance.audit.notes import Checkpoint, Note, NoteError, Verifier
from governance.audit.outside import Outside
from governance.audit.tables import TreeRow, VkeyRow
from governance.audit.trees import Tree, current_tree
from governance.kernel.errors import Sentence
from governance.kernel.records import frozen


class Source(StrEnum):
    """From where a public key is known; the earlier ones are out of reach of who commands the database."""

    OUTSIDE = "outside"
    """The list of verifier keys in the folder outside the database."""
    SIGNING_KEY = "signing-key"
    """The signing key on this host."""
    DATABASE = "database"
    """The database alone."""


@frozen
class TreeKey:
    """A public key, and what it is trusted for."""

    verifier: Verifier
    source: Source


def key_of(session: Session, tree: Tree, *, outside: Outside, public_key: bytes | None) -> TreeKey | None:
    """The key of *tree* by the best source there is; None where it is known nowhere.

    Args:
        session: of the database.
        tree: whose checkpoints are to be verified.
        outside: with the list of verifier keys.
        public_key: of the signing key on this host; None where there is none.
    """
    listed = _named(outside.vkeys(), tree.origin)
    if listed is not None:
        return TreeKey(listed, Source.OUTSIDE)
    recorded = recorded_key(session, tree)
    own = None if public_key is None else Verifier(tree.origin, public_key)
    if recorded is not None:
        return TreeKey(recorded, Source.SIGNING_KEY if recorded == own else Source.DATABASE)
    # A tree that nothing says of whose it is belongs to the present key only if it still grows.
    grows = session.scalar(select(TreeRow.tree_id).where(TreeRow.tree_id > tree.tree_id).limit(1)) is None
    return TreeKey(own, Source.SIGNING_KEY) if own is not None and grows else None


def recorded_key(session: Session, tree: Tree) -> Verifier | None:
    """The key that the database names for *tree*, if it names one for it."""
    vkey = session.scalar(select(VkeyRow.vkey).where(VkeyRow.tree_id == tree.tree_id))
    return None if vkey is None else _named([vkey], tree.origin)


def record_key(session: Session, tree_id: int, verifier: Verifier, *, at: datetime) -> None:
    """Put the key of a tree on record in the database; one that is on record stays."""
    row = {"tree_id": tree_id, "vkey": verifier.vkey(), "at": at}
    session.execute(insert(VkeyRow).values(row).on_conflict_do_nothing())


def known_vkeys(session: Session, outside: Outside) -> list[str]:
    """All verifier keys in their handed-around form, oldest tree first; where both name one, that outside."""
    names = {one.name: one.vkey() for one in _read(outside.vkeys())}
    recorded = session.execute(select(VkeyRow.vkey).order_by(VkeyRow.tree_id)).scalars()
    found = {one.name: one.vkey() for one in _read(recorded)}
    return list({**found, **names}.values())


def require_key_of(session: Session, tree: Tree, *, outside: Outside, public_key: bytes) -> None:
    """Check that the signing key on this host is the one that *tree* is signed with.

    Raises:
        SigningKeyChangedError: where another key is known for it.
    """
    known = key_of(session, tree, outside=outside, public_key=public_key)
    if known is not None and known.verifier.public_key != public_key:
        raise SigningKeyChangedError(
            Sentence(
                "The signing key is not the one that signs this tree (%(key)s). Put that key back; where it is lost, "
                "or was replaced on purpose, open a new tree for the present one: governance audit open-tree",
                {"key": known.verifier.vkey()},
            )
        )


def check_signing_key(session: Session, *, outside: Outside, public_key: bytes) -> None:
    """Check that the signing key on this host is the one that signed the last checkpoint of the present tree.

    Raises:
        SigningKeyChangedError: where it is not.
    """
    tree = current_tree(session)
    require_key_of(session, tree, outside=outside, public_key=public_key)
    note = outside.last()
    if note is None:
        return
    try:
        last = Note.parse(note)
        if Checkpoint.parse_text(last.text).origin == tree.origin:
            last.require(Verifier(tree.origin, public_key))
    except NoteError as error:
        raise SigningKeyChangedError(
            Sentence("The last checkpoint kept outside the database cannot be used (%(error)s).", {"error": str(error)})
        ) from None


def _named(vkeys: Iterable[str], origin: str) -> Verifier | None:
    return next((one for one in _read(vkeys) if one.name == origin), None)


def _read(vkeys: Iterable[str]) -> Iterator[Verifier]:
    """Those that can be read; one that cannot proves nothing either way."""
    for vkey in vkeys:
        try:
            yield Verifier.parse(vkey)
        except NoteError:
            continue
