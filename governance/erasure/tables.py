"""What is kept of erasures: random references, codes, instants and counts; no value of anybody.

While something of a person is kept under a law, `records` names what they were known by, so that it can go on its day.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, SmallInteger, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base, Id, pk

CODE = String(32)


class ErasureRow(Base):
    """An erasure of people who have the same plan."""

    __tablename__ = "erasure"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'waiting', 'closed')", name="state_known"),
        CheckConstraint("origin IN ('request', 'policy_run', 'officer', 'operator')", name="origin_known"),
        CheckConstraint("people >= 1", name="somebody"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_where_it_says_so"),
        CheckConstraint("state = 'running' OR completed_at IS NOT NULL", name="completed_before_it_waits"),
        Index("ix_erasure_open", "id", postgresql_where=text("state <> 'closed'")),
        Index("ix_erasure_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index("ix_erasure_origin_id", "origin_id", postgresql_where=text("origin_id IS NOT NULL")),
    )

    id: Id = pk()
    origin: Mapped[str] = mapped_column(CODE)
    origin_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(CODE)
    people: Mapped[int]
    rule: Mapped[str | None] = mapped_column(String(80))
    country: Mapped[str | None] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime]
    begun_by_kind: Mapped[str] = mapped_column(CODE)
    begun_by: Mapped[UUID | None]
    entry: Mapped[UUID]
    completed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class TargetRow(Base):
    """A person who is erased: random name in the log, record ids while something is kept, key owners."""

    __tablename__ = "erasure_target"
    __table_args__ = (
        CheckConstraint("cardinality(owners) >= 1", name="some_owner"),
        Index("uq_erasure_target_person_id", "person_id", unique=True, postgresql_where=text("person_id IS NOT NULL")),
    )

    erasure_id: Mapped[UUID] = mapped_column(ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True)
    ref: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None]
    records: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    owners: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))


class StepRow(Base):
    """A step: done with a receipt, which is its entry in the log; or waiting for a day, or for holds."""

    __tablename__ = "erasure_step"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'held', 'kept', 'done')", name="state_known"),
        CheckConstraint("(state = 'done') = (entry IS NOT NULL)", name="done_with_a_receipt"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_at_an_instant"),
        CheckConstraint("state <> 'kept' OR until IS NOT NULL", name="kept_until_a_day"),
        CheckConstraint("state <> 'kept' OR first_until IS NOT NULL AND first_until <= until", name="kept_from_a_day"),
        CheckConstraint("state <> 'held' OR cardinality(holds) >= 1", name="held_by_something"),
        CheckConstraint("jsonb_typeof(counts) = 'object'", name="counts_is_object"),
        Index("ix_erasure_step_first_until", "first_until", postgresql_where=text("state = 'kept'")),
        Index("ix_erasure_step_held", "erasure_id", postgresql_where=text("state = 'held'")),
    )

    erasure_id: Mapped[UUID] = mapped_column(ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    step: Mapped[str] = mapped_column(CODE)
    state: Mapped[str] = mapped_column(CODE)
    until: Mapped[date | None]
    rule: Mapped[str] = mapped_column(String(80))
    citation: Mapped[str] = mapped_column(String(300))
    holds: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    attempts: Mapped[int]
    failure: Mapped[str | None] = mapped_column(String(64))
    next_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    entry: Mapped[UUID | None]
    counts: Mapped[Mapping[str, int]] = mapped_column(JSONB)
    first_until: Mapped[date | None]
    """Of a kept step, the day after which the first of its rows may go; `until` is that of the last."""
    in_force: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether the controller has put the rule into force that something is kept by."""


class PartRow(Base):
    """Rows of a kept compartment that went before the rest, since their own day had passed, and the receipt."""

    __tablename__ = "erasure_part"
    __table_args__ = (CheckConstraint("rows >= 1", name="something"),)

    erasure_id: Mapped[UUID] = mapped_column(ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True)
    entry: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime]
    rows: Mapped[int]


class CertificateRow(Base):
    """What a certificate says, and the entry that holds its digest; a further one follows when more went."""

    __tablename__ = "erasure_certificate"
    __table_args__ = (CheckConstraint("number >= 1", name="number_counts_from_one"),)

    erasure_id: Mapped[UUID] = mapped_column(ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    entry: Mapped[UUID]


class AnonymousRow(Base):
    """Something that somebody did, in a month; nothing leads to whom it was."""

    __tablename__ = "anonymous_row"
    __table_args__ = (
        CheckConstraint("kind IN ('purchase', 'interaction', 'activity')", name="kind_known"),
        Index("ix_anonymous_row_month", "month"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(CODE)
    code: Mapped[str] = mapped_column(CODE)
    country: Mapped[str | None] = mapped_column(String(2))
    month: Mapped[date]
    total: Mapped[Decimal | None] = mapped_column(Numeric())


class ToldRecipientRow(Base):
    """A recipient of past disclosures who is to be told (GDPR Art. 19), and whether that was done."""

    __tablename__ = "erasure_recipient"
    __table_args__ = (
        CheckConstraint("(told_at IS NULL) = (told_by_kind IS NULL)", name="told_by_somebody"),
        Index("ix_erasure_recipient_untold", "erasure_id", postgresql_where=text("told_at IS NULL")),
    )

    erasure_id: Mapped[UUID] = mapped_column(ForeignKey("erasure.id", ondelete="CASCADE"), primary_key=True)
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipient_version.id"), primary_key=True)
    disclosures: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    told_at: Mapped[datetime | None]
    told_by_kind: Mapped[str | None] = mapped_column(CODE)
    told_by: Mapped[UUID | None]
