"""What is kept of consents: versions of purposes and notices, events and their fold, the suppression ledger.

Events name their subject by id without a foreign key: they outlive the person's record, because they prove what was
agreed to and what was refused. An event's id is the id of its audit entry.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base, Id, pk
from governance.policies.classification import Compartment
from governance.vault.blind import BlindIndex, normal_email
from governance.vault.kinds import JSON, TEXT
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)
PURPOSE = String(50)
LANGUAGE = String(8)


class PurposeVersionRow(Base):
    """A version of a purpose, in the form of `purposes.yaml`; the newest in force rules. Never changed or deleted."""

    __tablename__ = "purpose_version"
    __table_args__ = (
        CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    key: Mapped[str] = mapped_column(PURPOSE, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    effective_from: Mapped[datetime]
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]


class NoticeVersionRow(Base):
    """A version of a notice. Never changed or deleted, from the moment it is published."""

    __tablename__ = "notice_version"
    __table_args__ = (
        UniqueConstraint("kind", "key", "version"),
        CheckConstraint("kind IN ('consent', 'privacy')", name="kind_known"),
        CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    id: Id = pk()
    kind: Mapped[str] = mapped_column(CODE)
    key: Mapped[str] = mapped_column(PURPOSE)
    version: Mapped[int]
    material: Mapped[bool]
    effective_from: Mapped[datetime]
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]


class NoticeTextRow(Base):
    """The words of a notice in one language, with their SHA-256. Never changed or deleted."""

    __tablename__ = "notice_text"
    __table_args__ = (CheckConstraint("digest = sha256(convert_to(title || E'\\n' || body, 'UTF8'))", name="digest"),)

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice_version.id"), primary_key=True)
    language: Mapped[str] = mapped_column(LANGUAGE, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class ConsentSubjectRow(Base):
    """The lock of a subject, and what it gives out: a sequence of events, and an instant that never goes back.

    Whoever waited for the lock of somebody who was merged meanwhile learns here to whom the event belongs now; and
    whoever waited for the survivor's while the merge was undone, who may be meant as well.
    """

    __tablename__ = "consent_subject"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime]
    merged_into: Mapped[UUID | None]
    parted_at: Mapped[datetime | None]
    parted_from: Mapped[UUID | None]


class ConsentEventRow(SealedRow, Base):
    """Something said about one purpose by one channel. Never changed or deleted."""

    __tablename__ = "consent_event"
    __table_args__ = (
        UniqueConstraint("person_id", "sequence"),
        Index("ix_consent_event_history", "person_id", "purpose", "channel", "sequence"),
        Index("ix_consent_event_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
        CheckConstraint(
            "kind IN ('requested', 'given', 'confirmed', 'refused', 'withdrawn', 'objected', 'expired', 'renewed', "
            "'invalidated', 'parted')",
            name="kind_known",
        ),
        CheckConstraint("valid_at <= recorded_at", name="said_before_recorded"),
        CheckConstraint("sequence >= 1", name="sequence_counts_from_one"),
    )

    person_id: Mapped[UUID]
    purpose: Mapped[str] = mapped_column(PURPOSE)
    channel: Mapped[str] = mapped_column(CODE)
    sequence: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(CODE)
    recorded_at: Mapped[datetime]
    valid_at: Mapped[datetime | None]
    whole_day: Mapped[bool]
    notice: Mapped[int | None]
    language: Mapped[str | None] = mapped_column(LANGUAGE)
    method: Mapped[str] = mapped_column(CODE)
    seen: Mapped[int | None] = mapped_column(BigInteger)
    voids: Mapped[int | None] = mapped_column(BigInteger)
    batch_id: Mapped[UUID | None]
    actor_kind: Mapped[str] = mapped_column(CODE)
    actor_id: Mapped[UUID | None]

    evidence = SealedField(JSON, Compartment.EVIDENCE)


class ConsentStateRow(Base):
    """The fold of the events of one subject, purpose and channel: what a verdict reads."""

    __tablename__ = "consent_state"
    __table_args__ = (
        Index("ix_consent_state_given", "purpose", "given_at", postgresql_where=text("standing = 'given'")),
        Index(
            "ix_consent_state_ended",
            "since",
            postgresql_where=text("standing IN ('withdrawn', 'objected', 'refused', 'expired')"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(PURPOSE, primary_key=True)
    channel: Mapped[str] = mapped_column(CODE, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    standing: Mapped[str] = mapped_column(CODE)
    since: Mapped[datetime | None]
    event: Mapped[UUID | None]
    given_at: Mapped[datetime | None]
    given_notice: Mapped[int | None]
    given_event: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_notice: Mapped[int | None]
    confirmed_event: Mapped[UUID | None]
    last_used_at: Mapped[datetime | None]


class ConsentMonthRow(Base):
    """How often consent was given and stopped in a month of the controller's zone, counted by night."""

    __tablename__ = "consent_month"
    __table_args__ = (CheckConstraint("given >= 0 AND stopped >= 0", name="counts"),)

    month: Mapped[date] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(PURPOSE, primary_key=True)
    given: Mapped[int] = mapped_column(BigInteger)
    stopped: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime]


class InformingRow(Base):
    """That a person was told what is done with their data. Never changed or deleted; its id is that of its entry."""

    __tablename__ = "informing"
    __table_args__ = (
        Index("ix_informing_person_id", "person_id"),
        CheckConstraint("at <= recorded_at", name="told_before_recorded"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    id: Id = pk()
    person_id: Mapped[UUID]
    notice: Mapped[str] = mapped_column(PURPOSE)
    version: Mapped[int]
    language: Mapped[str | None] = mapped_column(LANGUAGE)
    method: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(CODE)
    actor_id: Mapped[UUID | None]


class CommitOrderRow(Base):
    """Which transaction wrote what is dated by an instant; written by triggers alone (migration 0021)."""

    __tablename__ = "commit_order"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    transaction: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class DecisionSaltRow(SealedRow, Base):
    """What decisions of a month are salted with, under a key owner of its own: it goes when proofs end to matter."""

    __tablename__ = "decision_salt"
    __table_args__ = (UniqueConstraint("month"), CheckConstraint("month ~ '^\\d{4}-\\d{2}$'", name="month_is_one"))

    month: Mapped[str] = mapped_column(String(7))
    created_at: Mapped[datetime]

    salt = SealedField(TEXT, Compartment.EVIDENCE)


class SuppressionRow(Base):
    """A line of the suppression ledger: it knows a contact by a keyed digest alone, and no person.

    The digest is `layers(1) | HMAC(key of the last layer, ... HMAC(key of the first, normalised contact))[:16]`.
    """

    __tablename__ = "suppression"
    __table_args__ = (
        Index("ix_suppression_digest", "digest", "channel"),
        Index(
            "uq_suppression_standing",
            "digest",
            "channel",
            "scope",
            "purpose",
            "reason",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("scope IN ('purpose', 'advertising', 'everything')", name="scope_known"),
        CheckConstraint("(scope = 'purpose') = (purpose IS NOT NULL)", name="purpose_where_it_is_the_scope"),
        CheckConstraint(
            "reason IN ('unsubscribed', 'complaint', 'hard_bounce', 'do_not_contact', 'erased')", name="reason_known"
        ),
        CheckConstraint("octet_length(digest) = 17 AND get_byte(digest, 0) BETWEEN 1 AND 31", name="digest"),
    )

    id: Id = pk()
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    channel: Mapped[str] = mapped_column(CODE)
    scope: Mapped[str] = mapped_column(CODE)
    purpose: Mapped[str | None] = mapped_column(PURPOSE)
    reason: Mapped[str] = mapped_column(CODE)
    normaliser: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]


class ConsentFormRow(Base):
    """A version of a subscription form, in the form of `forms`; the newest is served. Never changed or deleted."""

    __tablename__ = "consent_form"
    __table_args__ = (
        CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    key: Mapped[str] = mapped_column(PURPOSE, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]


class ConsentRequestRow(SealedRow, Base):
    """A subscription that waits to be confirmed, by whoever reads the mail of the contact. Has a key owner of its own.

    Once it is confirmed, its events hold what proves them, and nothing sealed is left here.
    """

    __tablename__ = "consent_request"
    __table_args__ = (CheckConstraint("octet_length(token_digest) = 32", name="token_is_digested"),)

    form: Mapped[str] = mapped_column(PURPOSE)
    form_version: Mapped[int]
    choices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    language: Mapped[str] = mapped_column(LANGUAGE)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]
    message_id: Mapped[UUID | None]

    contact = SealedField(TEXT, Compartment.OPERATION, index=BlindIndex("consent_request.contact", normal_email))
    said = SealedField(JSON, Compartment.OPERATION)
