"""What is kept of runs: one part for each policy, one receipt for each batch, and what could not be done."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base, Id, pk

CODE = String(32)
_PART = ["retention_part.run_id", "retention_part.number"]


class RunRow(Base):
    """A run: all policies in force, by what they say at one instant."""

    __tablename__ = "retention_run"
    __table_args__ = (
        CheckConstraint("origin IN ('timetable', 'hand', 'restore', 'release')", name="origin_known"),
        CheckConstraint("state IN ('fused', 'running', 'stopped', 'done')", name="state_known"),
        CheckConstraint("store_people >= 0 AND due_people >= 0", name="counts"),
        Index("ix_retention_run_open", "id", postgresql_where=text("state = 'running'")),
    )

    id: Id = pk()
    origin: Mapped[str] = mapped_column(CODE)
    state: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime]
    started_at: Mapped[datetime]
    started_by_kind: Mapped[str] = mapped_column(CODE)
    started_by: Mapped[UUID | None]
    store_people: Mapped[int] = mapped_column(BigInteger)
    due_people: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[datetime | None]


class PartRow(Base):
    """What a run does by one version of a policy."""

    __tablename__ = "retention_part"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done')", name="state_known"),
        CheckConstraint("people >= 0 AND rows >= 0 AND batches >= 0 AND failed >= 0", name="counts"),
    )

    run_id: Mapped[UUID] = mapped_column(ForeignKey("retention_run.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    policy_id: Mapped[UUID] = mapped_column(ForeignKey("retention_policy.id"), index=True)
    state: Mapped[str] = mapped_column(CODE)
    due_people: Mapped[int] = mapped_column(BigInteger)
    due_rows: Mapped[int] = mapped_column(BigInteger)
    at_most: Mapped[int | None] = mapped_column(BigInteger)
    people: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)
    batches: Mapped[int]
    failed: Mapped[int] = mapped_column(BigInteger)
    left_over: Mapped[int] = mapped_column(BigInteger)


class BatchRow(Base):
    """The receipt of a batch: its id is that of its audit entry, which holds the same digest."""

    __tablename__ = "retention_batch"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "number"], _PART, ondelete="CASCADE"),
        Index("ix_retention_batch_run_id_number", "run_id", "number"),
        CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),
        CheckConstraint("people >= 0 AND rows >= 0", name="counts"),
    )

    entry: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]
    people: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class CertificateRow(Base):
    """What the certificate of a run says, and the entry that holds its digest."""

    __tablename__ = "retention_certificate"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("retention_run.id", ondelete="CASCADE"), primary_key=True)
    made_at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    entry: Mapped[UUID]


class WarningRow(Base):
    """That a person was told that they are to be erased by a policy; void once they gave a sign of life.

    Attributes:
        digest: SHA-256 of the token in the link; None where the person could not be reached.
        kept_at: when they asked to stay.
    """

    __tablename__ = "retention_warning"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),)

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    policy_key: Mapped[str] = mapped_column(String(50), primary_key=True)
    warned_at: Mapped[datetime]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    kept_at: Mapped[datetime | None]


class FailureRow(Base):
    """A row that a run could not take away, and why; it is tried again by the next one."""

    __tablename__ = "retention_failure"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "number"], _PART, ondelete="CASCADE"),
        CheckConstraint("attempts >= 1", name="tried"),
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    object_id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64))
    attempts: Mapped[int]
    at: Mapped[datetime]


class MonthRow(Base):
    """What a policy in force takes away in a month to come, or at once where it is overdue; counted by night."""

    __tablename__ = "retention_month"
    __table_args__ = (CheckConstraint("people >= 0 AND rows >= 0", name="counts"),)

    policy_key: Mapped[str] = mapped_column(String(50), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    overdue: Mapped[bool] = mapped_column(primary_key=True)
    people: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime]
