"""What is kept of customers who prove a contact: codes, sessions, and how often something was asked for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base
from governance.policies.classification import Compartment
from governance.vault.kinds import TEXT
from governance.vault.orm import SealedField, SealedRow


class PortalSessionRow(SealedRow, Base):
    """A session of a customer, under the keys of the code that opened it."""

    __tablename__ = "portal_session"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),)

    token_id: Mapped[str] = mapped_column(String(16), unique=True)
    digest: Mapped[bytes]
    kind: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    person_id: Mapped[UUID | None]
    stepped_up_at: Mapped[datetime | None]

    contact = SealedField(TEXT, Compartment.OPERATION)


class PortalCodeRow(SealedRow, Base):
    """A code on its way to a contact, under keys of its own."""

    __tablename__ = "portal_code"
    __table_args__ = (
        CheckConstraint("octet_length(digest) = 17", name="digest_is_keyed"),
        CheckConstraint("tries BETWEEN 0 AND 5", name="tries_few"),
    )

    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("portal_session.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    digest: Mapped[bytes]
    tries: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    message_id: Mapped[UUID | None]

    contact = SealedField(TEXT, Compartment.OPERATION)


class PortalCountRow(Base):
    """How often something was asked for since an instant, under a keyed digest."""

    __tablename__ = "portal_count"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    began_at: Mapped[datetime] = mapped_column(index=True)
    times: Mapped[int]
