"""Staff and their roles; API clients and their keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from governance.kernel.db import Base, Id, pk
from governance.vault.blind import BlindIndex, normal_email
from governance.vault.compartments import Compartment
from governance.vault.kinds import TEXT
from governance.vault.orm import SealedField, SealedRow


class StaffRow(SealedRow, Base):
    """A staff member; stays after leaving, so that history names somebody."""

    __tablename__ = "staff"
    __table_args__ = (
        Index("uq_staff_email_index", "email_index", unique=True),
        Index("uq_staff_email_index_next", "email_index_next", unique=True),
    )

    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    name = SealedField(TEXT, Compartment.OPERATION)
    email = SealedField(TEXT, Compartment.OPERATION, index=BlindIndex("staff.email", normal_email))

    roles: Mapped[list["StaffRoleRow"]] = relationship(
        lazy="selectin", order_by="StaffRoleRow.role", cascade="all, delete-orphan"
    )


class StaffRoleRow(Base):
    """A role that a staff member holds now; who held which when is in the audit log."""

    __tablename__ = "staff_role"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    granted_at: Mapped[datetime]


class ApiClientRow(Base):
    """A connected system."""

    __tablename__ = "api_client"
    __table_args__ = (
        Index("uq_api_client_name_in_use", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
        CheckConstraint("cardinality(scopes) >= 1", name="some_scope"),
    )

    id: Id = pk()
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    keys: Mapped[list["ApiClientKeyRow"]] = relationship(lazy="selectin", order_by="ApiClientKeyRow.created_at")


class ApiClientKeyRow(Base):
    """A key of a connected system; two are in use while it is being rotated."""

    __tablename__ = "api_client_key"
    __table_args__ = (CheckConstraint("octet_length(digest) = 32", name="digest_is_sha256"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("api_client.id"), index=True)
    digest: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
