"""Pages of what happened with a person, newest first."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Tuple, Uuid, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from governance.customers.loading import warm
from governance.customers.tables import ActivityRow, InteractionRow, PersonRow, PurchaseRow
from governance.kernel.db import UtcDateTime
from governance.kernel.work import Work

MOST_LISTED = 200

EventRow = TypeVar("EventRow", PurchaseRow, InteractionRow, ActivityRow)


class After(NamedTuple):
    """The place behind one record, in a listing by time: from the newest to the oldest, or the earliest first."""

    at: datetime
    id: UUID


def behind(after: After) -> Tuple:
    """The place in SQL, to be compared with instant and id of a row."""
    return tuple_(literal(after.at, UtcDateTime()), literal(after.id, Uuid()))


def newest_first(
    work: Work,
    person: PersonRow,
    table: type[EventRow],
    clock: InstrumentedAttribute[datetime],
    *,
    after: After | None,
    limit: int,
) -> tuple[Sequence[EventRow], After | None]:
    """A page of rows of *person* by their *clock*, ready to be opened, and where the next page begins.

    Args:
        work: the transaction.
        person: whose.
        table: purchases, interactions or activity.
        clock: the column that tells when.
        after: the place behind the page before.
        limit: rows on the page, at most 200.
    """
    limit = max(1, min(limit, MOST_LISTED))
    query = select(table).where(table.person_id == person.id)
    if after is not None:
        query = query.where(tuple_(clock, table.id) < behind(after))
    rows = work.session.scalars(query.order_by(clock.desc(), table.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    for compartment in {field.compartment for field in table.sealed_fields.values()}:
        warm(work, shown, compartment)
    return shown, After(getattr(shown[-1], clock.key), shown[-1].id) if len(rows) > limit else None
