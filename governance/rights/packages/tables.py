"""Packages, their sealed parts, and the notes in them that an officer looks at first.

Each package has a key owner of its own, which is shredded when its time is over. The person is named by a random id
without a foreign key: that a package was made stays on record when the person is gone.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base, Id, pk
from governance.policies.classification import Compartment
from governance.vault.kinds import BYTES, TEXT
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)
NAME = String(80)


class PackageRow(Base):
    """A package; what is in it lies in its parts."""

    __tablename__ = "package"
    __table_args__ = (
        CheckConstraint("kind IN ('access', 'portability')", name="kind_known"),
        CheckConstraint("state IN ('making', 'review', 'ready', 'destroyed', 'failed')", name="state_known"),
        CheckConstraint("(state = 'destroyed') = (destroyed_at IS NOT NULL)", name="destroyed_where_it_says_so"),
        CheckConstraint("state <> 'ready' OR expires_at IS NOT NULL", name="ready_expires"),
        Index("ix_package_person_id", "person_id", "id"),
        Index("ix_package_request_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        Index("ix_package_open", "id", postgresql_where=text("state <> 'destroyed'")),
    )

    id: Id = pk()
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("key_owner.id"), unique=True)
    person_id: Mapped[UUID]
    request_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(CODE)
    state: Mapped[str] = mapped_column(CODE)
    language: Mapped[str] = mapped_column(String(8))
    files: Mapped[list[str]] = mapped_column(ARRAY(NAME))
    parts: Mapped[int] = mapped_column(Integer)
    rows: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    failure: Mapped[str | None] = mapped_column(CODE)
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    downloaded_at: Mapped[datetime | None]
    downloads: Mapped[int] = mapped_column(Integer)
    destroyed_at: Mapped[datetime | None]


class PackagePartRow(SealedRow, Base):
    """A piece of a file of a package."""

    __tablename__ = "package_part"
    __table_args__ = (UniqueConstraint("package_id", "file", "number"),)

    package_id: Mapped[UUID] = mapped_column(ForeignKey("package.id"))
    file: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)

    payload = SealedField(BYTES, Compartment.OPERATION)


class PackageFlagRow(SealedRow, Base):
    """A note that may be about somebody else, and what an officer decided."""

    __tablename__ = "package_flag"
    __table_args__ = (
        UniqueConstraint("package_id", "row_id", "field"),
        CheckConstraint("decision IN ('release', 'redact')", name="decision_known"),
        CheckConstraint("cardinality(doubts) >= 1", name="some_doubt"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_where_it_says_so"),
    )

    package_id: Mapped[UUID] = mapped_column(ForeignKey("package.id"))
    table: Mapped[str] = mapped_column(CODE)
    field: Mapped[str] = mapped_column(CODE)
    row_id: Mapped[UUID]
    doubts: Mapped[list[str]] = mapped_column(ARRAY(CODE))
    decision: Mapped[str | None] = mapped_column(CODE)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]

    instead = SealedField(TEXT, Compartment.OPERATION)
