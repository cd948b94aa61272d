"""Handing an export out: once, to whoever proposed it, within a day; then its keys are destroyed.

An export is spent by the transaction that begins to hand it out, before the first byte leaves: what breaks off on the
way is proposed anew.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from governance.accounts import operations as accounts
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.custody.shredding import Reason, shred
from governance.customers.reach import allow
from governance.customers.records import Json
from governance.disclosures import formats
from governance.disclosures.errors import ExportSpentError, NotYourExportError
from governance.disclosures.records import ExportFormat, ExportId, ExportState
from governance.disclosures.rows import locked_export
from governance.disclosures.standing import require_standing
from governance.disclosures.tables import (
    DisclosurePersonRow,
    DisclosureRow,
    ExportChunkRow,
    ExportPrintRow,
    ExportRow,
)
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.ids import OwnerId
from governance.kernel.records import frozen
from governance.kernel.work import Actor, ActorKind, Work, open_work
from governance.policies.permissions import Permission

HANDED_OUT_WITHIN: Final = timedelta(hours=2)
"""What was begun to be handed out longer ago broke off, and is destroyed."""
PRINTS_KEPT: Final = timedelta(days=3 * 365)
"""How long a leaked file can be traced; then the fingerprint is destroyed."""
AT_ONCE: Final = 50


@frozen
class Fetched:
    """An export that is about to be handed out.

    Attributes:
        name: of the file.
        parts: how many parts its rows lie in.
    """

    id: ExportId
    format: ExportFormat
    fields: tuple[str, ...]
    name: str
    rows: int
    parts: int


def fetch(work: Work, *, export: ExportId) -> Fetched:
    """Spend an export: from now on nobody can fetch it again. `pieces` hands it out once this is committed.

    Raises:
        ForbiddenError: without `exports:fetch`.
        NoSuchExportError: where there is none.
        NotYourExportError: where somebody else proposed it.
        ExportSpentError: where it was fetched before, is not ready, failed, or its time is over.
        RetiredRecipientError, AlteredError: where the recipient may not get it any more.
    """
    allow(work, Permission.EXPORTS_FETCH)
    row = locked_export(work, export)
    if (row.exporter_kind, row.exporter) != (work.actor.kind.value, work.actor.id):
        raise NotYourExportError("An export is handed to the one who proposed it, and to nobody else.")
    if row.state == ExportState.MAKING.value:
        raise ExportSpentError(f"{row.considered} of {row.total} people were looked at so far; come back later.")
    if row.failure_words is not None:
        raise ExportSpentError(f"This export could not be made. {row.failure_words}")
    if row.state != ExportState.READY.value or row.expires_at is None or row.expires_at <= work.now:
        raise ExportSpentError("An export is there for one day and is handed out once; propose a new one.")
    require_standing(work, row)
    row.state, row.downloaded_at = ExportState.DOWNLOADED.value, work.now
    work.session.execute(update(DisclosureRow).where(DisclosureRow.export_id == row.id).values(at=work.now))
    work.session.flush()
    facts: dict[str, Fact] = {"rows": row.rows, "recipient": row.recipient_id, "purpose": row.purpose}
    facts["fields"] = list(row.fields)
    audit.append(work, Action.EXPORT_FETCHED, object=ObjectRef("export", row.id), facts=facts)
    kind = ExportFormat(row.format)
    name = f"export-{row.id}.{kind.value}"
    return Fetched(ExportId(row.id), kind, tuple(row.fields), name, row.rows, row.parts)


def pieces(
    database: Database,
    fetched: Fetched,
    *,
    actor: Actor,
    clock: Clock | None = None,
    called: Mapping[str, str] | None = None,
) -> Iterator[bytes]:
    """The file, piece by piece in constant memory; its rows are destroyed when the last piece was taken, or none is.

    Args:
        database: of the store.
        fetched: the export.
        actor: who fetches it.
        clock: of the transactions.
        called: what whoever fetches it calls the fields, for headings of tables; their names where nothing is said.

    Raises:
        ShreddedError: where its keys were destroyed on the way.
    """
    try:
        yield from formats.write(fetched.format, fetched.fields, _parts(database, fetched, actor, clock), called=called)
    finally:
        with open_work(database, actor, clock=clock) as work:
            destroy(work, export=fetched.id)


def _parts(database: Database, fetched: Fetched, actor: Actor, clock: Clock | None) -> Iterator[list[list[Json]]]:
    for number in range(1, fetched.parts + 1):
        with open_work(database, actor, clock=clock) as work:
            query = select(ExportChunkRow).where(
                ExportChunkRow.export_id == fetched.id, ExportChunkRow.number == number
            )
            payload = work.session.scalars(query).one().payload
        if payload is not None:
            yield formats.unpack_rows(payload)


def destroy(work: Work, *, export: ExportId) -> bool:
    """Shred the keys of an export's rows, and delete them; answers whether this call did it."""
    row = locked_export(work, export)
    if row.state == ExportState.DESTROYED.value:
        return False
    fetched = row.downloaded_at is not None
    owner = OwnerId(row.content_owner_id)
    row.state, row.destroyed_at = ExportState.DESTROYED.value, work.now
    work.session.execute(delete(ExportChunkRow).where(ExportChunkRow.export_id == row.id))
    if not fetched:  # nothing left, so nobody was told of anybody
        work.session.execute(delete(DisclosurePersonRow).where(DisclosurePersonRow.disclosure_id == row.id))
        work.session.execute(delete(DisclosureRow).where(DisclosureRow.id == row.id))
    work.session.flush()
    shred(work, owners=[owner], reason=Reason.OBJECT_EXPIRED)
    facts: dict[str, Fact] = {"owner": owner, "fetched": fetched, "rows": row.rows}
    audit.append(work, Action.EXPORT_DESTROYED, object=ObjectRef("export", row.id), facts=facts)
    return True


def due_for_destruction(work: Work) -> list[ExportId]:
    """Exports whose rows have no business here any more: fetched, expired, failed, or of somebody who left."""
    expired: ColumnElement[bool] = and_(ExportRow.state == ExportState.READY.value, ExportRow.expires_at <= work.now)
    left = and_(
        ExportRow.state == ExportState.DOWNLOADED.value, ExportRow.downloaded_at <= work.now - HANDED_OUT_WITHIN
    )
    theirs = and_(ExportRow.exporter_kind == ActorKind.STAFF.value, ExportRow.exporter.in_(accounts.departed()))
    nobodys = and_(ExportRow.state == ExportState.READY.value, theirs)
    query = select(ExportRow.id).where(or_(expired, left, nobodys, ExportRow.state == ExportState.FAILED.value))
    return [ExportId(one) for one in work.session.scalars(query.order_by(ExportRow.id).limit(AT_ONCE))]


def unfinished(work: Work) -> list[ExportId]:
    """Exports whose rows are being gathered."""
    query = select(ExportRow.id).where(ExportRow.state == ExportState.MAKING.value)
    return [ExportId(one) for one in work.session.scalars(query.order_by(ExportRow.id).limit(AT_ONCE))]


def forget_prints(work: Work) -> int:
    """Destroy fingerprints that are three years old; answers of how many exports."""
    query = (
        select(ExportRow)
        .where(ExportRow.traceable, ExportRow.state == ExportState.DESTROYED.value)
        .where(ExportRow.created_at < work.now - PRINTS_KEPT)
        .order_by(ExportRow.created_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = work.session.scalars(query).all()
    for row in rows:
        row.traceable, row.print_key = False, None
        audit.append(work, Action.EXPORT_FORGOTTEN, object=ObjectRef("export", row.id))
    work.session.flush()
    if rows:
        work.session.execute(delete(ExportPrintRow).where(ExportPrintRow.export_id.in_([row.id for row in rows])))
        shred(work, owners=[OwnerId(row.owner_id) for row in rows], reason=Reason.OBJECT_EXPIRED)
    return len(rows)
