"""Personal details of entries in the clear: checked against what the entry says; the reading is told in the log."""

import hmac
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from governance.audit.actions import Action
from governance.audit.appending import append
from governance.audit.entries import SALT_BYTES, Entry, ObjectRef, decode, digest
from governance.audit.errors import AuditBrokenError
from governance.audit.tables import DetailRow
from governance.audit.trail import body_of, entry_row
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import EntryId, SubjectRef
from governance.kernel.work import Work
from governance.vault.items import OpenItem
from governance.vault.runtime import vault_of

Details = Mapping[str, str | None]
"""By name, the words; None for what was erased."""


def details(work: Work, *, eid: EntryId) -> Details:
    """Personal details of an entry in the clear, None for those that were erased; the reading is told in the trail.

    Raises:
        NotFoundError: where there is no such entry, or its body was dropped by age.
        AuditBrokenError: where a detail is not the one that the entry speaks of.
    """
    leaf = body_of(work.session, entry_row(work.session, eid))
    if leaf is None:
        raise NotFoundError("The body of this entry was dropped by age; its details cannot be checked any more.")
    told = decode(leaf)
    opened = _open(work, [told])[eid]
    append(work, Action.AUDIT_DETAILS_READ, subject=told.subject, object=ObjectRef("audit-entry", eid))
    return opened


def details_of(work: Work, *, entries: Sequence[Entry], subject: SubjectRef) -> Mapping[EntryId, Details]:
    """Personal details of entries about one person, by entry; the reading is told in the trail once, with their number.

    Raises:
        AuditBrokenError: where a detail is not the one that its entry speaks of.
    """
    speaking = [one for one in entries if one.personal]
    if not speaking:
        return {}
    opened = _open(work, speaking)
    append(work, Action.AUDIT_DETAILS_READ, subject=subject, facts={"entries": len(speaking)})
    return opened


def _open(work: Work, entries: Sequence[Entry]) -> dict[EntryId, dict[str, str | None]]:
    told = {one.eid: one for one in entries}
    rows = list(work.session.scalars(select(DetailRow).where(DetailRow.eid.in_(told))))
    place = DetailRow.sealed_fields["content"].place
    items = [OpenItem(place, row.id, row.owner_id, row.content_sealed) for row in rows]  # type: ignore[attr-defined]  # made by SealedField
    opened: dict[EntryId, dict[str, str | None]] = {one.eid: dict.fromkeys(one.personal) for one in entries}
    for row, content in zip(rows, vault_of(work.session).open_many(work.session, items), strict=True):
        if content is None:
            continue
        eid = EntryId(row.eid)
        if not hmac.compare_digest(digest(content), told[eid].personal.get(row.name, "")):
            raise AuditBrokenError("A personal detail is not the one that its entry speaks of.")
        opened[eid][row.name] = content[SALT_BYTES:].decode("utf-8", "surrogatepass")
    return opened
