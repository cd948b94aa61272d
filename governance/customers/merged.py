"""What those who were merged into somebody had said: shown where the survivor says nothing, and beside what differs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from governance.customers.loading import warm
from governance.customers.tables import PersonRow
from governance.kernel.work import Work
from governance.policies.classification import Compartment


def merged_into(work: Work, people: Iterable[UUID]) -> dict[UUID, list[PersonRow]]:
    """By survivor, the rows of those who were merged into them, the one known longest first, ready to be opened."""
    query = select(PersonRow).where(PersonRow.merged_into == any_(literal(list(people), ARRAY(Uuid))))
    rows = work.session.scalars(query.order_by(PersonRow.created_at, PersonRow.id)).all()
    warm(work, rows, Compartment.PROFILE)
    found: dict[UUID, list[PersonRow]] = defaultdict(list)
    for row in rows:
        if row.merged_into is not None:
            found[row.merged_into].append(row)
    return found


def speaking(person: PersonRow, others: Sequence[PersonRow], name: str) -> PersonRow:
    """The row whose value of a sealed field counts: the survivor's, else that of the first who has one."""
    column = f"{name}_sealed"
    return next((row for row in _each(person, others) if getattr(row, column) is not None), person)


def _each(person: PersonRow, others: Sequence[PersonRow]) -> Iterator[PersonRow]:
    yield person
    yield from others
