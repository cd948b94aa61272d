"""Receivers of webhooks and the messages to them. A message names a range of the log and keeps no copy of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base, Id, pk
from governance.policies.classification import Compartment
from governance.vault.kinds import JSON, TEXT
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)


class WebhookRow(SealedRow, Base):
    """A receiver. Address and secrets are sealed: many addresses hold a secret themselves."""

    __tablename__ = "webhook"
    __table_args__ = (
        Index("uq_webhook_name", "name", unique=True),
        CheckConstraint("topic IN ('consents', 'stops', 'requests')", name="topic_known"),
    )

    name: Mapped[str] = mapped_column(String(100))
    topic: Mapped[str] = mapped_column(CODE)
    created_at: Mapped[datetime]
    tree_id: Mapped[int] = mapped_column(Integer)
    seq: Mapped[int] = mapped_column(BigInteger)
    numbered: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(Integer)
    failing_since: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]

    url = SealedField(TEXT, Compartment.OPERATION)
    secrets = SealedField(JSON, Compartment.OPERATION)


class WebhookMessageRow(Base):
    """A message to a receiver: which part of the log it tells of, and how the telling went."""

    __tablename__ = "webhook_message"
    __table_args__ = (
        UniqueConstraint("webhook_id", "number"),
        Index("ix_webhook_message_waiting", "webhook_id", "number", postgresql_where=text("state = 'waiting'")),
        Index("ix_webhook_message_settled", "settled_at", postgresql_where=text("settled_at IS NOT NULL")),
        CheckConstraint("kind IN ('changes', 'test')", name="kind_known"),
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state_known"),
        CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled_when_no_longer_waiting"),
    )

    id: Id = pk()
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(CODE)
    after_tree: Mapped[int] = mapped_column(Integer)
    after_seq: Mapped[int] = mapped_column(BigInteger)
    until_tree: Mapped[int] = mapped_column(Integer)
    until_seq: Mapped[int] = mapped_column(BigInteger)
    changes: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(CODE)
    attempts: Mapped[int] = mapped_column(Integer)
    queued_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(CODE)
    settled_at: Mapped[datetime | None]
