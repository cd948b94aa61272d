"""Refused rows of imports that a retention policy may take away; as `customers.expiring`. A row here is an import."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, func, literal, null, select

from governance.customers.expiring import Stock
from governance.intake.batches import forget_refused
from governance.intake.tables import ImportBatchRow
from governance.kernel.work import Work
from governance.policies.retention import Clock


def _forget(work: Work, ids: Sequence[UUID]) -> int:
    forget_refused(work, list(ids))
    return len(ids)


STOCKS: Final = (
    Stock(
        "import_row",
        Clock.IMPORT_REFUSED,
        select(
            ImportBatchRow.id.label("id"),
            literal(None, Uuid).label("person_id"),
            func.coalesce(ImportBatchRow.finished_at, ImportBatchRow.created_at).label("at"),
            null().label("code"),
        ).where(ImportBatchRow.refused_until.is_not(None)),
        None,
        (ImportBatchRow,),
        _forget,
    ),
)
"""What this package keeps, by table and clock."""
