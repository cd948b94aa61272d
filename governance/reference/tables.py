"""Versions of the controller's record, of recipients, of calendars, of laws and of retention policies."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Date, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base
from governance.policies.classification import Compartment
from governance.vault.kinds import TEXT
from governance.vault.orm import SealedField, SealedRow


class ControllerVersionRow(SealedRow, Base):
    """One version of the record; never changed. The newest is the one in force.

    Each version has a key owner of its own, so that a data protection officer who left can be erased from history.
    """

    __tablename__ = "controller_version"
    __table_args__ = (
        UniqueConstraint("version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        CheckConstraint("cardinality(laws) >= 1", name="some_law"),
        CheckConstraint("fiscal_year ~ '^[0-9]{2}-[0-9]{2}$'", name="fiscal_year_is_a_day"),
    )

    version: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime]
    legal_name: Mapped[str] = mapped_column(String(300))
    registration: Mapped[str | None] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(500))
    country: Mapped[str] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    calendar: Mapped[str] = mapped_column(String(16))
    laws: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    authority: Mapped[str | None] = mapped_column(String(200))
    fiscal_year: Mapped[str] = mapped_column(String(5))

    officer_name = SealedField(TEXT, Compartment.OPERATION)
    officer_email = SealedField(TEXT, Compartment.OPERATION)
    officer_phone = SealedField(TEXT, Compartment.OPERATION)


class RecipientVersionRow(SealedRow, Base):
    """One version of a recipient of personal data; never changed, for disclosures name it."""

    __tablename__ = "recipient_version"
    __table_args__ = (
        UniqueConstraint("key", "version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("kind IN ('processor', 'third_party')", name="kind_known"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_is_iso"),
        CheckConstraint("cardinality(purposes) >= 1", name="some_purpose"),
        CheckConstraint("cardinality(fields) >= 1", name="some_field"),
    )

    key: Mapped[str] = mapped_column(String(50))
    version: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(32))
    country: Mapped[str] = mapped_column(String(2))
    purposes: Mapped[list[str]] = mapped_column(ARRAY(String(50)))
    fields: Mapped[list[str]] = mapped_column(ARRAY(String(80)))
    safeguard: Mapped[str] = mapped_column(String(32))
    retired: Mapped[bool]

    contact = SealedField(TEXT, Compartment.OPERATION)


class CalendarVersionRow(Base):
    """One version of the edits of a calendar; never changed."""

    __tablename__ = "calendar_version"
    __table_args__ = (
        UniqueConstraint("key", "version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime]
    added: Mapped[dict[str, str]] = mapped_column(JSONB)
    removed: Mapped[list[date]] = mapped_column(ARRAY(Date))
    worked: Mapped[list[date]] = mapped_column(ARRAY(Date))


class LawVersionRow(Base):
    """One version of the time limits of a law, where a controller has its own; never changed."""

    __tablename__ = "law_version"
    __table_args__ = (
        UniqueConstraint("key", "version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(50))
    version: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime]
    document: Mapped[str] = mapped_column(Text)


class RetentionPolicyRow(Base):
    """One version of a retention policy; its document is never changed, its state is. One version of each is active.

    Attributes:
        wave_size: how many rows (people, where people are erased) a run may take while waves are left.
        waves_left: how many runs share what was overdue when the policy was approved.
    """

    __tablename__ = "retention_policy"
    __table_args__ = (
        UniqueConstraint("key", "version"),
        CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key_is_a_name"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("state IN ('draft', 'simulated', 'approved', 'active', 'superseded')", name="state_known"),
        CheckConstraint("waves_left >= 0", name="waves_counted"),
        Index("uq_retention_policy_active", "key", unique=True, postgresql_where=text("state = 'active'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(50))
    version: Mapped[int] = mapped_column(Integer)
    document: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(32))
    drafted_at: Mapped[datetime]
    drafted_by_kind: Mapped[str] = mapped_column(String(32))
    drafted_by: Mapped[UUID | None]
    simulated_at: Mapped[datetime | None]
    simulated_people: Mapped[int | None] = mapped_column(BigInteger)
    simulated_rows: Mapped[int | None] = mapped_column(BigInteger)
    wave_size: Mapped[int | None] = mapped_column(BigInteger)
    waves_left: Mapped[int] = mapped_column(Integer)
    approved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
