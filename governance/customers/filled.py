"""Which fields of people hold something, by their columns alone: nothing is opened for it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select

from governance.customers.records import READABLE_FIELDS, SEALED_FIELDS
from governance.customers.tables import PersonRow
from governance.kernel.work import Work


def filled_fields(work: Work, *, people: Sequence[UUID]) -> Mapping[str, int]:
    """By field that holds something, in how many of the records of *people*; whoever calls has allowed it."""
    columns = {name: PersonRow.__table__.c[f"{name}_sealed"] for name in SEALED_FIELDS}
    columns |= {name: PersonRow.__table__.c[name] for name in READABLE_FIELDS if name != "kind"}
    query = select(*(func.count(one) for one in columns.values())).where(PersonRow.id.in_(people))
    counts = work.session.execute(query).one()
    return {name: int(count) for name, count in zip(columns, counts, strict=True) if count}
