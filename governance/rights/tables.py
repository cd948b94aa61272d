"""Requests and their history. A person is named by a random id without a foreign key: the file outlives them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base
from governance.policies.classification import Compartment
from governance.policies.requests import ENDED, RequestState
from governance.vault.blind import BlindIndex
from governance.vault.kinds import JSON, TEXT
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)
_STATES = ", ".join(f"'{one.value}'" for one in RequestState)
_ENDED = ", ".join(f"'{one.value}'" for one in RequestState if one in ENDED)
IS_OPEN = f"state NOT IN ({_ENDED})"


class RequestRow(SealedRow, Base):
    """A request. Its own key owner seals what was said in it and about it, so that the file goes as a whole."""

    __tablename__ = "request"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        CheckConstraint(f"(state IN ({_ENDED})) = (closed_at IS NOT NULL)", name="closed_where_it_says_so"),
        CheckConstraint("jsonb_typeof(duties) = 'array'", name="duties_are_listed"),
        CheckConstraint("jsonb_typeof(terms) = 'object'", name="terms_are_object"),
        CheckConstraint("repeats >= 0", name="repeats_not_negative"),
        Index("ix_request_due_on", "due_on", "id", postgresql_where=text(IS_OPEN)),
        Index("ix_request_waiting_until", "waiting_until", postgresql_where=text("waiting_until IS NOT NULL")),
        Index("ix_request_person_id", "person_id", postgresql_where=text("person_id IS NOT NULL")),
        Index("ix_request_lift_on", "lift_on", postgresql_where=text("lift_on IS NOT NULL")),
    )

    number: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(CODE)
    about: Mapped[str | None] = mapped_column(CODE)
    state: Mapped[str] = mapped_column(CODE)
    arrival: Mapped[str] = mapped_column(CODE)
    asking: Mapped[str] = mapped_column(CODE)
    received_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by_kind: Mapped[str] = mapped_column(CODE)
    recorded_by: Mapped[UUID | None]
    language: Mapped[str] = mapped_column(String(8))
    country: Mapped[str | None] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    laws: Mapped[Sequence[str]] = mapped_column(ARRAY(String(50)))
    terms: Mapped[Mapping[str, Any]] = mapped_column(JSONB)
    duties: Mapped[Sequence[Mapping[str, Any]]] = mapped_column(JSONB)
    first_due_on: Mapped[date]
    due_on: Mapped[date]
    extended_on: Mapped[date | None]
    waiting_until: Mapped[date | None]
    lift_on: Mapped[date | None]
    reminded: Mapped[str | None] = mapped_column(CODE)
    reminded_on: Mapped[date | None]
    person_id: Mapped[UUID | None]
    subject_ref: Mapped[UUID | None]
    proof: Mapped[str | None] = mapped_column(CODE)
    contact_kind: Mapped[str | None] = mapped_column(CODE)
    repeats: Mapped[int] = mapped_column(Integer)
    joined_to: Mapped[UUID | None] = mapped_column(ForeignKey("request.id"))
    submitted_by: Mapped[UUID | None]
    proposal_id: Mapped[UUID | None]
    carried_as: Mapped[UUID | None]
    outcome: Mapped[str | None] = mapped_column(CODE)
    ground: Mapped[str | None] = mapped_column(CODE)
    closed_at: Mapped[datetime | None]

    contact = SealedField(TEXT, Compartment.EVIDENCE, index=BlindIndex("request.contact"))
    said = SealedField(TEXT, Compartment.EVIDENCE)
    asker = SealedField(TEXT, Compartment.EVIDENCE)
    checked = SealedField(TEXT, Compartment.EVIDENCE)
    changes = SealedField(JSON, Compartment.EVIDENCE)
    answer = SealedField(TEXT, Compartment.EVIDENCE)


class RequestEventRow(SealedRow, Base):
    """A line of a request's history."""

    __tablename__ = "request_event"
    __table_args__ = (UniqueConstraint("request_id", "sequence"),)

    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"))
    sequence: Mapped[int] = mapped_column(Integer)
    act: Mapped[str] = mapped_column(CODE)
    state: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime]
    day: Mapped[date]
    actor_kind: Mapped[str] = mapped_column(CODE)
    actor_id: Mapped[UUID | None]

    reason = SealedField(TEXT, Compartment.EVIDENCE)


class RequestNoticeRow(SealedRow, Base):
    """What the person was told, or is to be told by hand."""

    __tablename__ = "request_notice"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    notice: Mapped[str] = mapped_column(CODE)
    carrier: Mapped[str] = mapped_column(CODE)
    language: Mapped[str] = mapped_column(String(8))
    message_id: Mapped[UUID | None]
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]

    content = SealedField(JSON, Compartment.EVIDENCE)


class ToldRecipientRow(Base):
    """A recipient of past disclosures who is to be told of corrections (GDPR Art. 19), and whether that was done."""

    __tablename__ = "request_recipient"
    __table_args__ = (
        CheckConstraint("(told_at IS NULL) = (told_by_kind IS NULL)", name="told_by_somebody"),
        Index("ix_request_recipient_untold", "request_id", postgresql_where=text("told_at IS NULL")),
    )

    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id", ondelete="CASCADE"), primary_key=True)
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipient_version.id"), primary_key=True)
    disclosures: Mapped[Sequence[UUID]] = mapped_column(ARRAY(Uuid))
    fields: Mapped[Sequence[str]] = mapped_column(ARRAY(String(64)))
    told_at: Mapped[datetime | None]
    told_by_kind: Mapped[str | None] = mapped_column(CODE)
    told_by: Mapped[UUID | None]


class NamedReaderRow(Base):
    """Somebody of the staff whose name a person is told where they read that person's data; why is in the log."""

    __tablename__ = "named_reader"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    named_at: Mapped[datetime]
    named_by: Mapped[UUID | None]
