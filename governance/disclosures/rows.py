"""Exports as they stand: found, locked, listed."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from governance.customers.reach import allow
from governance.disclosures.errors import NoSuchExportError
from governance.disclosures.records import Export, ExportFormat, ExportId, ExportState
from governance.disclosures.tables import ExportRow
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission
from governance.reference.recipients import Recipient, RecipientId, recipients_by_id

FAILED_SHOWN: Final = timedelta(days=30)
_MISSING = "There is no such export, or it was not approved yet; see: governance proposals list"


def locked_export(work: Work, export: ExportId) -> ExportRow:
    """The row of an export, locked until the transaction ends.

    Raises:
        NoSuchExportError: where there is none.
    """
    query = select(ExportRow).where(ExportRow.id == export).with_for_update()
    row = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NoSuchExportError(_MISSING)
    return row


def find_row(work: Work, export: ExportId) -> ExportRow:
    """The row of an export.

    Raises:
        NoSuchExportError: where there is none.
    """
    row = work.session.get(ExportRow, export)
    if row is None:
        raise NoSuchExportError(_MISSING)
    return row


def find_export(work: Work, *, export: ExportId) -> Export:
    """An export as it stands.

    Raises:
        ForbiddenError: without `exports:read`.
        NoSuchExportError: where there is none.
    """
    allow(work, Permission.EXPORTS_READ)
    row = find_row(work, export)
    return told(row, recipients_by_id(work, [RecipientId(row.recipient_id)]))


def list_exports(work: Work, *, before: ExportId | None = None, limit: int = 50) -> list[Export]:
    """Exports, newest first.

    Raises:
        ForbiddenError: without `exports:read`.
    """
    allow(work, Permission.EXPORTS_READ)
    query = select(ExportRow).order_by(ExportRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(ExportRow.id < before)
    rows = work.session.scalars(query).all()
    known = recipients_by_id(work, [RecipientId(row.recipient_id) for row in rows])
    return [told(row, known) for row in rows]


def failed_exports(work: Work, *, limit: int = 20) -> list[Export]:
    """Exports of the last thirty days that could not be made, the newest first.

    Raises:
        ForbiddenError: without `exports:read`.
    """
    allow(work, Permission.EXPORTS_READ)
    since = ExportRow.created_at >= work.now - FAILED_SHOWN
    query = select(ExportRow).where(ExportRow.state == "failed", since).order_by(ExportRow.id.desc()).limit(limit)
    rows = work.session.scalars(query).all()
    known = recipients_by_id(work, [RecipientId(row.recipient_id) for row in rows])
    return [told(row, known) for row in rows]


def told(row: ExportRow, known: dict[RecipientId, Recipient]) -> Export:
    """The export as it is shown."""
    to = RecipientId(row.recipient_id)
    return Export(
        id=ExportId(row.id),
        state=ExportState(row.state),
        recipient=to,
        recipient_key=known[to].key,
        purpose=row.purpose,
        channels=tuple(row.channels),
        format=ExportFormat(row.format),
        fields=tuple(row.fields),
        exporter_kind=ActorKind(row.exporter_kind),
        exporter=row.exporter,
        total=max(row.total, row.considered),
        considered=row.considered,
        rows=row.rows,
        left_out=dict(row.left_out),
        failure=row.failure,
        failure_words=row.failure_words,
        created_at=row.created_at,
        ready_at=row.ready_at,
        expires_at=row.expires_at,
        downloaded_at=row.downloaded_at,
        destroyed_at=row.destroyed_at,
        traceable=row.traceable,
    )
