"""Exports with their sealed parts and fingerprints; disclosures, and whom they were about.

A person is named by a random id without a foreign key: what was disclosed stays on record when the person is gone.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from governance.kernel.db import Base, Id, pk
from governance.policies.classification import Compartment
from governance.vault.kinds import BYTES
from governance.vault.orm import SealedField, SealedRow

CODE = String(32)
FIELD = String(80)


class SelectionRow(Base):
    """The people whom an export was proposed for, where they were named one by one."""

    __tablename__ = "export_selection"

    id: Id = pk()
    people: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    created_at: Mapped[datetime]


class ExportRow(SealedRow, Base):
    """An export; its id is that of the proposal, so that there is one of each.

    Its own key owner seals the fingerprint, which stays; `content_owner_id` seals the rows, and is shredded with them.
    """

    __tablename__ = "export"
    __table_args__ = (
        CheckConstraint("state IN ('making', 'ready', 'downloaded', 'destroyed', 'failed')", name="state_known"),
        CheckConstraint("format IN ('csv', 'xlsx', 'json')", name="format_known"),
        CheckConstraint("jsonb_typeof(left_out) = 'object'", name="left_out_is_object"),
        CheckConstraint("(state = 'destroyed') = (destroyed_at IS NOT NULL)", name="destroyed_where_it_says_so"),
        Index("ix_export_open", "id", postgresql_where=text("state IN ('making', 'ready', 'downloaded', 'failed')")),
        Index("ix_export_traceable", "created_at", postgresql_where=text("traceable")),
    )

    content_owner_id: Mapped[UUID] = mapped_column(ForeignKey("key_owner.id"))
    state: Mapped[str] = mapped_column(CODE)
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipient_version.id"))
    purpose: Mapped[str] = mapped_column(String(50))
    channels: Mapped[list[str]] = mapped_column(ARRAY(CODE))
    format: Mapped[str] = mapped_column(CODE)
    fields: Mapped[list[str]] = mapped_column(ARRAY(FIELD))
    selection_id: Mapped[UUID | None] = mapped_column(ForeignKey("export_selection.id"))
    exporter_kind: Mapped[str] = mapped_column(CODE)
    exporter: Mapped[UUID | None]
    total: Mapped[int] = mapped_column(Integer)
    considered: Mapped[int] = mapped_column(Integer)
    rows: Mapped[int] = mapped_column(Integer)
    parts: Mapped[int] = mapped_column(Integer)
    left_out: Mapped[Mapping[str, int]] = mapped_column(JSONB)
    after: Mapped[UUID | None]
    failure: Mapped[str | None] = mapped_column(CODE)
    failure_words: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    downloaded_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]
    traceable: Mapped[bool]

    print_key = SealedField(BYTES, Compartment.OPERATION)


class ExportChunkRow(SealedRow, Base):
    """Some rows of an export, until it was handed out."""

    __tablename__ = "export_chunk"
    __table_args__ = (UniqueConstraint("export_id", "number"),)

    export_id: Mapped[UUID] = mapped_column(ForeignKey("export.id"))
    number: Mapped[int] = mapped_column(Integer)

    payload = SealedField(BYTES, Compartment.OPERATION)


class ExportPrintRow(SealedRow, Base):
    """The fingerprint of some rows of an export: keyed digests of their values as they were then."""

    __tablename__ = "export_print"
    __table_args__ = (UniqueConstraint("export_id", "number"),)

    export_id: Mapped[UUID] = mapped_column(ForeignKey("export.id"))
    number: Mapped[int] = mapped_column(Integer)

    prints = SealedField(BYTES, Compartment.OPERATION)


class DisclosureRow(Base):
    """Personal data handed to a recipient; without an instant as long as an export waits to be fetched."""

    __tablename__ = "disclosure"
    __table_args__ = (
        UniqueConstraint("export_id"),
        CheckConstraint("at IS NOT NULL OR export_id IS NOT NULL", name="only_exports_wait"),
    )

    id: Id = pk()
    recipient_id: Mapped[UUID] = mapped_column(ForeignKey("recipient_version.id"))
    purpose: Mapped[str] = mapped_column(String(50))
    fields: Mapped[list[str]] = mapped_column(ARRAY(FIELD))
    at: Mapped[datetime | None] = mapped_column(index=True)
    export_id: Mapped[UUID | None] = mapped_column(ForeignKey("export.id"))
    actor_kind: Mapped[str] = mapped_column(CODE)
    actor_id: Mapped[UUID | None]


class DisclosurePersonRow(Base):
    """Whom a disclosure was about."""

    __tablename__ = "disclosure_person"

    disclosure_id: Mapped[UUID] = mapped_column(ForeignKey("disclosure.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
