"""The kernel's one table: requests that a caller may repeat."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base


class IdempotentRequestRow(Base):
    """A request with an `Idempotency-Key`: digests, status and the id of what it made; no personal reply."""

    __tablename__ = "idempotent_request"

    caller: Mapped[str] = mapped_column(String(80), primary_key=True)
    key_digest: Mapped[bytes] = mapped_column(primary_key=True)
    request_digest: Mapped[bytes]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    object_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
