"""Whether the personal details that entries speak of are still there, or told to have been erased."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from governance.audit.actions import Action
from governance.audit.entries import decode
from governance.audit.errors import AuditBrokenError
from governance.audit.findings import Verification
from governance.audit.leaves import Leaf
from governance.audit.tables import BodyRow

_STANDING = "SELECT eid, name FROM audit_detail WHERE eid = ANY(:eids) AND content_sealed IS NOT NULL"
_SPEAKS = b'"personal":{'


class DetailComparison:
    """Holds entries against the details beside them; what is sealed in these is not opened."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._forgotten: set[UUID] = set()

    def compare(self, rows: Sequence[Leaf], report: Verification) -> None:
        """Report details of *rows* that are gone without the log telling of their erasure."""
        named = {(row.eid, name): row for row in rows if row.leaf and _SPEAKS in row.leaf for name in _names(row.leaf)}
        if not named:
            return
        found = self._session.execute(text(_STANDING), {"eids": list({eid for eid, _ in named})})
        missing = named.keys() - {(eid, name) for eid, name in found}
        if not {eid for eid, _ in missing} <= self._forgotten:
            self._forgotten = self._read_forgotten()
        for eid, name in sorted(missing, key=lambda one: named[one].seq):
            if eid not in self._forgotten:
                what = f"the personal detail {name} of the entry is missing, and no erasure is told of"
                report.found(named[eid, name].seq, eid, what, "It was removed from the database past its triggers.")

    def _read_forgotten(self) -> set[UUID]:
        told = self._session.scalars(select(BodyRow.leaf).where(BodyRow.action == Action.AUDIT_DETAILS_FORGOTTEN.value))
        found: set[UUID] = set()
        for leaf in told:
            try:
                entries = decode(leaf).facts.get("entries")
            except AuditBrokenError:
                continue  # is reported where the entry itself is looked at
            if isinstance(entries, list):
                found |= {UUID(str(one)) for one in entries}
        return found


def _names(leaf: bytes) -> Sequence[str]:
    try:
        return list(decode(leaf).personal)
    except AuditBrokenError:
        return []
