"""Key owners, wrapped data keys, epochs and versions of the blind indexes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base
from governance.vault.formats import WRAPPED_BYTES


class KeyOwnerRow(Base):
    """What is shredded as one; immutable but for the mark of its shredding."""

    __tablename__ = "key_owner"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    shredded_at: Mapped[datetime | None]


class DataKeyRow(Base):
    """A wrapped data key; `wrapped` is null from the moment it was shredded, and stays so."""

    __tablename__ = "data_key"
    __table_args__ = (
        CheckConstraint(f"wrapped IS NULL OR octet_length(wrapped) = {WRAPPED_BYTES}", name="wrapped_length"),
        CheckConstraint("(wrapped IS NULL) = (shredded_at IS NOT NULL)", name="shredded_or_wrapped"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("key_owner.id"), primary_key=True)
    compartment: Mapped[str] = mapped_column(String(16), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer, primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, index=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    shredded_at: Mapped[datetime | None]


class KeyEpochRow(Base):
    """Life of a key-encryption key, as far as the database knows of it; the key itself is in the keyring."""

    __tablename__ = "key_epoch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    check_value: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]


class KeyringCopyRow(Base):
    """The keyring, sealed to the recovery sheet: one row, replaced at every change of the ring."""

    __tablename__ = "keyring_copy"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    of_ring: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]


class IndexVersionRow(Base):
    """A version of the blind indexes: `incoming` is written beside the live one, `live` is asked and written."""

    __tablename__ = "index_version"
    __table_args__ = (CheckConstraint("state IN ('incoming', 'flipping', 'live', 'dropped')", name="state"),)

    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    check_value: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
