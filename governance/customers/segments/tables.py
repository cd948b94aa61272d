"""What is kept of segments: rules by version, and what evaluations of them found.

Titles and rules are sealed: whoever writes one may write anything. What was found is ids, sealed under a key owner of
its own, so that it can be shredded.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base, Id, pk
from governance.policies.classification import Compartment
from governance.vault.kinds import BYTES, JSON, TEXT
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)
PURPOSE = String(50)


class SegmentRow(Base):
    """A segment; its rule is that of the newest version."""

    __tablename__ = "segment"
    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    id: Id = pk()
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("key_owner.id"))
    key: Mapped[str] = mapped_column(PURPOSE)
    version: Mapped[int]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class SegmentVersionRow(SealedRow, Base):
    """A version of a segment. Never changed or deleted."""

    __tablename__ = "segment_version"
    __table_args__ = (
        UniqueConstraint("segment_id", "version"),
        CheckConstraint("special_ground ~ '^[a-j]$'", name="special_ground_is_a_letter"),
    )

    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segment.id"))
    version: Mapped[int]
    special_ground: Mapped[str | None] = mapped_column(String(1))
    defined_at: Mapped[datetime]
    defined_by_kind: Mapped[str] = mapped_column(CODE)
    defined_by: Mapped[UUID | None]

    titles = SealedField(JSON, Compartment.OPERATION)
    rule = SealedField(JSON, Compartment.OPERATION)
    special_note = SealedField(TEXT, Compartment.OPERATION)


class SegmentRunRow(Base):
    """An evaluation of a segment, or, where it names a purpose, the send check of what another one found."""

    __tablename__ = "segment_run"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done', 'stopped', 'expired')", name="state_known"),
        CheckConstraint("(purpose IS NULL) = (source_id IS NULL)", name="source_where_it_has_a_purpose"),
        CheckConstraint("(purpose IS NULL) = (channel IS NULL)", name="channel_where_it_has_a_purpose"),
        CheckConstraint("done >= 0 AND left_out >= 0 AND matched >= 0", name="counts"),
        Index("ix_segment_run_segment_id", "segment_id", "id"),
        Index("ix_segment_run_running", "id", postgresql_where=text("state = 'running'")),
        Index("ix_segment_run_expires_at", "expires_at", postgresql_where=text("state <> 'expired'")),
    )

    id: Id = pk()
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("key_owner.id"))
    segment_id: Mapped[UUID] = mapped_column(ForeignKey("segment.id"))
    version: Mapped[int]
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("segment_run.id"))
    purpose: Mapped[str | None] = mapped_column(PURPOSE)
    channel: Mapped[str | None] = mapped_column(CODE)
    state: Mapped[str] = mapped_column(CODE)
    started_at: Mapped[datetime]
    started_by_kind: Mapped[str] = mapped_column(CODE)
    started_by: Mapped[UUID | None]
    reached: Mapped[UUID | None]
    parts: Mapped[int]
    people: Mapped[int] = mapped_column(BigInteger)
    done: Mapped[int] = mapped_column(BigInteger)
    left_out: Mapped[int] = mapped_column(BigInteger)
    matched: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class SegmentPartRow(SealedRow, Base):
    """Some of the people that a run found: their ids, sixteen bytes each, one after another."""

    __tablename__ = "segment_part"
    __table_args__ = (UniqueConstraint("run_id", "number"), CheckConstraint("count >= 1", name="somebody"))

    run_id: Mapped[UUID] = mapped_column(ForeignKey("segment_run.id"))
    number: Mapped[int]
    count: Mapped[int]

    people = SealedField(BYTES, Compartment.OPERATION)
