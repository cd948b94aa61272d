"""What the log keeps. All of it is insert-only but for `audit_head` (updated) and `audit_pending` (emptied)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base
from governance.policies.classification import Compartment
from governance.vault.kinds import BYTES
from governance.vault.orm import SealedField, SealedRow


def _proper_hash() -> CheckConstraint:
    return CheckConstraint("octet_length(leaf_hash) = 32", name="leaf_hash")


class EntryRow(Base):
    """That an entry was made, for ever: what remains of it once its body has aged."""

    __tablename__ = "audit_entry"
    __table_args__ = (_proper_hash(),)

    eid: Mapped[UUID] = mapped_column(primary_key=True)
    action_class: Mapped[str] = mapped_column("class", String(8))
    at: Mapped[datetime]
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class BodyRow(Base):
    """The bytes of an entry, and columns to search by that say nothing beyond the bytes."""

    __tablename__ = "audit_body"
    __table_args__ = (
        Index("ix_audit_body_action", "action", "at", "eid"),
        Index("ix_audit_body_actor", "actor_id", "at", "eid", postgresql_where=text("actor_id IS NOT NULL")),
        Index("ix_audit_body_subject", "subject_ref", "at", "eid", postgresql_where=text("subject_ref IS NOT NULL")),
        Index("ix_audit_body_object", "object_id", "at", "eid", postgresql_where=text("object_id IS NOT NULL")),
        {"postgresql_partition_by": "LIST (class)"},
    )

    action_class: Mapped[str] = mapped_column("class", String(8), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    eid: Mapped[UUID] = mapped_column(primary_key=True)
    leaf: Mapped[bytes] = mapped_column("bytes", LargeBinary)
    action: Mapped[str] = mapped_column(String(80))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None]
    subject_ref: Mapped[UUID | None]
    object_kind: Mapped[str | None] = mapped_column(String(40))
    object_id: Mapped[UUID | None]
    outcome: Mapped[str] = mapped_column(String(8))


class PendingRow(Base):
    """An entry that has no place in the tree yet."""

    __tablename__ = "audit_pending"
    __table_args__ = (_proper_hash(),)

    at: Mapped[datetime] = mapped_column(primary_key=True)
    eid: Mapped[UUID] = mapped_column(primary_key=True)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class TreeRow(Base):
    """A tree; a further one is opened by an operator only, where the one before could not go on."""

    __tablename__ = "audit_tree"

    tree_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(200), unique=True)
    opened_at: Mapped[datetime]
    predecessor: Mapped[bytes | None] = mapped_column(LargeBinary)


class VkeyRow(Base):
    """The verifier key of a tree, which is public; kept here too, so that a backup brings it back."""

    __tablename__ = "audit_vkey"

    tree_id: Mapped[int] = mapped_column(ForeignKey("audit_tree.tree_id"), primary_key=True)
    vkey: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]


class LeafRow(Base):
    """The place of an entry in a tree. No foreign keys: checking them row by row would halve the sequencer's pace."""

    __tablename__ = "audit_leaf"
    __table_args__ = (_proper_hash(),)

    tree_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    eid: Mapped[UUID] = mapped_column(unique=True)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class TileRow(Base):
    """A full tile of hashes."""

    __tablename__ = "audit_tile"

    tree_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class HeadRow(Base):
    """How far a tree has grown: the row that sequencers lock."""

    __tablename__ = "audit_head"

    tree_id: Mapped[int] = mapped_column(ForeignKey("audit_tree.tree_id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    edge: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """A signed checkpoint."""

    __tablename__ = "audit_checkpoint"

    tree_id: Mapped[int] = mapped_column(ForeignKey("audit_tree.tree_id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    note: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class DroppedRow(Base):
    """A month of a class whose bodies were dropped, and the entry that tells of it."""

    __tablename__ = "audit_dropped"

    action_class: Mapped[str] = mapped_column("class", String(8), primary_key=True)
    month: Mapped[str] = mapped_column(Text, primary_key=True)
    eid: Mapped[UUID]


class QuarantineRow(Base):
    """A leaf or pending row that contradicted the log and was moved aside, by the entry that tells of it."""

    __tablename__ = "audit_quarantine"

    told_in: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    tree_id: Mapped[int | None]
    seq: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime | None]
    eid: Mapped[UUID]
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class DetailRow(SealedRow, Base):
    """A personal detail of an entry: salt and value, sealed; leaves by erasure only."""

    __tablename__ = "audit_detail"

    eid: Mapped[UUID] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(40))
    content = SealedField(BYTES, Compartment.AUDIT)
