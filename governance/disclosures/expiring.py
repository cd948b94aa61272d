"""Exports that a retention policy may take away; as `customers.expiring`."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, literal, null, select

from governance.customers.expiring import Stock
from governance.disclosures.fetching import destroy
from governance.disclosures.records import ExportId, ExportState
from governance.disclosures.tables import ExportRow
from governance.kernel.work import Work
from governance.policies.retention import Clock


def _destroy(work: Work, ids: Sequence[UUID]) -> int:
    return sum(destroy(work, export=ExportId(one)) for one in ids)


STOCKS: Final = (
    Stock(
        "export",
        Clock.EXPORT_READY,
        select(
            ExportRow.id.label("id"),
            literal(None, Uuid).label("person_id"),
            ExportRow.ready_at.label("at"),
            null().label("code"),
        ).where(ExportRow.state.in_([ExportState.READY.value, ExportState.DOWNLOADED.value])),
        None,
        (ExportRow,),
        _destroy,
    ),
)
"""What this package keeps, by table and clock."""
