"""What is kept of messages: the outbox, and the words that a controller wrote itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base
from governance.policies.classification import Compartment
from governance.vault.kinds import JSON, TEXT
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)


class MessageRow(SealedRow, Base):
    """A message on its way. Each has a key owner of its own, whose keys are destroyed once it has ended."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("channel IN ('email', 'sms')", name="channel_known"),
        CheckConstraint("state IN ('waiting', 'sending', 'written', 'sent', 'failed')", name="state_known"),
        CheckConstraint("(state IN ('sent', 'failed')) = (ended_at IS NOT NULL)", name="ended_where_it_says_so"),
        Index("ix_message_due_at", "due_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_message_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index(
            "ix_message_contact_ids",
            "contact_ids",
            postgresql_using="gin",
            postgresql_where=text("contact_ids <> '{}'"),
        ),
    )

    channel: Mapped[str] = mapped_column(CODE)
    template: Mapped[str] = mapped_column(CODE)
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(CODE)
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(CODE)
    forgotten: Mapped[bool]
    contact_ids: Mapped[Sequence[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'::uuid[]"))

    recipient = SealedField(TEXT, Compartment.OPERATION)
    content = SealedField(JSON, Compartment.OPERATION)


class WordingRow(Base):
    """One version of the words of a template in a language; never changed. Without words: those that are shipped."""

    __tablename__ = "message_wording"
    __table_args__ = (
        UniqueConstraint("template", "language", "version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str] = mapped_column(CODE)
    language: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime]
    words: Mapped[str | None] = mapped_column(Text)
