"""Batches of an import with the sealed chunks that they work through; pairs of people who are probably one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base, Id, pk
from governance.policies.classification import Compartment
from governance.vault.blind import BlindIndex
from governance.vault.kinds import BYTES, JSON, TEXT
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)
CONTENT_INDEX = BlindIndex("import_batch.content")


class ImportBatchRow(SealedRow, Base):
    """One file on its way into the store; everything of it is sealed under a key owner of its own."""

    __tablename__ = "import_batch"
    __table_args__ = (
        CheckConstraint("state IN ('staged', 'running', 'finished', 'undoing', 'undone')", name="state_known"),
        Index("ix_import_batch_open", "id", postgresql_where=text("state IN ('staged', 'running', 'undoing')")),
        Index("ix_import_batch_refused_until", "refused_until", postgresql_where=text("refused_until IS NOT NULL")),
    )

    state: Mapped[str] = mapped_column(CODE)
    kind: Mapped[str] = mapped_column(CODE)
    source: Mapped[str] = mapped_column(CODE)
    ground: Mapped[str] = mapped_column(CODE)
    actor_kind: Mapped[str] = mapped_column(CODE)
    actor_id: Mapped[UUID | None]
    rows_read: Mapped[int] = mapped_column(Integer)
    rows_good: Mapped[int] = mapped_column(Integer)
    rows_refused: Mapped[int] = mapped_column(Integer)
    rows_skipped: Mapped[int] = mapped_column(Integer)
    undone_removed: Mapped[int] = mapped_column(Integer)
    undone_restored: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    refused_until: Mapped[datetime | None]
    taken_back_to: Mapped[UUID | None]

    content = SealedField(TEXT, Compartment.OPERATION, index=CONTENT_INDEX)
    about = SealedField(JSON, Compartment.OPERATION)


class ImportChunkRow(SealedRow, Base):
    """Some rows of a batch. They are applied, or undone, in one transaction, which also changes the state here."""

    __tablename__ = "import_chunk"
    __table_args__ = (
        UniqueConstraint("batch_id", "number"),
        CheckConstraint("state IN ('pending', 'done', 'undone')", name="state_known"),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("import_batch.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(CODE)
    rows: Mapped[int] = mapped_column(Integer)
    created: Mapped[int] = mapped_column(Integer)
    enriched: Mapped[int] = mapped_column(Integer)
    unchanged: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    possible_doubles: Mapped[int] = mapped_column(Integer)
    applied_at: Mapped[datetime | None]

    payload = SealedField(BYTES, Compartment.OPERATION)
    refusals = SealedField(BYTES, Compartment.OPERATION)
    late_refusals = SealedField(BYTES, Compartment.OPERATION)
    remarks = SealedField(BYTES, Compartment.OPERATION)


class ImportKeptRow(Base):
    """A person whom an undoing left as they are, because somebody worked on them after the import."""

    __tablename__ = "import_kept"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("import_batch.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)


class DuplicatePairRow(Base):
    """Two people who are probably one, and what was decided about them. Ids, a score and codes; no value of anybody."""

    __tablename__ = "duplicate_pair"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="in_order"),
        CheckConstraint("score BETWEEN 0 AND 100", name="score_is_percent"),
        CheckConstraint("cardinality(reasons) >= 1", name="some_reason"),
        CheckConstraint("state IN ('open', 'apart')", name="state_known"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_where_it_says_so"),
        Index("ix_duplicate_pair_open", text("score DESC"), "id", postgresql_where=text("state = 'open'")),
    )

    id: Id = pk()
    first_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    second_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    score: Mapped[int] = mapped_column(SmallInteger)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(CODE))
    state: Mapped[str] = mapped_column(CODE)
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_kind: Mapped[str | None] = mapped_column(CODE)
    decided_by: Mapped[UUID | None]


class SnapshotRow(Base):
    """How the customer base stood on a day (UTC): counts alone."""

    __tablename__ = "base_snapshot"
    __table_args__ = (
        CheckConstraint("people >= 0 AND unverified BETWEEN 0 AND people AND unreviewed >= 0", name="counts"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    people: Mapped[int]
    unverified: Mapped[int]
    unreviewed: Mapped[int]


class FreshnessRow(Base):
    """How many people may be written to for a purpose by a channel, may be asked, or must be left alone, and why."""

    __tablename__ = "base_freshness"
    __table_args__ = (
        CheckConstraint("people >= 1", name="somebody"),
        CheckConstraint("outcome IN ('mailable', 'may_be_asked', 'ask_elsewhere', 'silent')", name="outcome_known"),
    )

    day: Mapped[date] = mapped_column(ForeignKey("base_snapshot.day", ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(50), primary_key=True)
    channel: Mapped[str] = mapped_column(String(50), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(50), primary_key=True)
    reason: Mapped[str] = mapped_column(String(50), primary_key=True)
    people: Mapped[int]


class QualityRow(Base):
    """Of how many people a field is filled, with something valid, with something verified."""

    __tablename__ = "base_quality"
    __table_args__ = (CheckConstraint("valid BETWEEN 0 AND filled AND verified BETWEEN 0 AND filled", name="counts"),)

    day: Mapped[date] = mapped_column(ForeignKey("base_snapshot.day", ondelete="CASCADE"), primary_key=True)
    field: Mapped[str] = mapped_column(String(50), primary_key=True)
    filled: Mapped[int]
    valid: Mapped[int]
    verified: Mapped[int | None]
