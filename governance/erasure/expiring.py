"""Files of erasures that are over: how long ago, and how they go; for retention, as `customers.expiring`.

With the file goes what proved it, its certificates included; the entries of the log stay as long as the log says.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, delete, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from governance.customers.expiring import Stock, of_rows
from governance.erasure.tables import ErasureRow
from governance.kernel.work import Work
from governance.policies.retention import Clock


def _remove(work: Work, ids: Sequence[UUID]) -> int:
    """Whatever belongs to a file goes with it."""
    deleted = delete(ErasureRow).where(ErasureRow.__table__.c.id == of_rows(ids)).returning(ErasureRow.__table__.c.id)
    gone = work.session.execute(deleted, execution_options={"synchronize_session": False}).all()
    work.session.expire_all()
    return len(gone)


_CLOSED: InstrumentedAttribute[Any] = ErasureRow.closed_at
STOCKS: Final = (
    Stock(
        "erasure",
        Clock.ERASURE_CLOSED,
        select(
            ErasureRow.id.label("id"),
            literal(None, Uuid).label("person_id"),
            _CLOSED.label("at"),
            ErasureRow.origin.label("code"),
        ).where(_CLOSED.is_not(None)),
        None,
        (ErasureRow,),
        _remove,
    ),
)
"""What this package keeps, by table and clock."""
