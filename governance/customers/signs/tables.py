"""What is kept of signs of life: the last one of each person; written by triggers (0032), and by `operations`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from governance.customers.tables import ActivityRow, ContactRow, InteractionRow, PersonRow, PurchaseRow
from governance.kernel.db import Base


class SignRow(Base):
    """The last sign of life of a person; *proven* where there was one, and not only a record."""

    __tablename__ = "person_sign"
    __table_args__ = (Index("ix_person_sign_last_at", "last_at", "person_id"),)

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_at: Mapped[datetime]
    proven: Mapped[bool]


Index("ix_purchase_paid_at", PurchaseRow.paid_at)
Index("ix_interaction_at", InteractionRow.at)
Index("ix_activity_at", ActivityRow.at)
Index("ix_contact_bounced_at", ContactRow.bounced_at, postgresql_where=text("bounced_at IS NOT NULL"))
Index("ix_person_created_at", PersonRow.created_at)
