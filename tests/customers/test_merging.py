"""Until a merge was reviewed, data of the two leave in no file."""

import pytest
from sqlalchemy import update

from governance.customers import operations as customers
from governance.customers.tables import MergeRow, PersonRow
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from tests.conftest import NOW
from tests.factories.saying import someone


def merged(work: Work, into: SubjectId, other: SubjectId) -> MergeRow:
    work.session.execute(update(PersonRow).where(PersonRow.id == other).values(merged_into=into))
    owner = work.session.get_one(PersonRow, other).owner_id
    row = MergeRow(id=uuid7(), owner_id=owner, into_id=into, other_id=other, at=NOW, by_kind="system", reason="One")
    work.session.add(row)
    work.session.flush()
    return row


@pytest.mark.parametrize("end", ["reviewed_at", "undone_at"])
def test_a_merge_is_unreviewed_for_both_ids_until_somebody_looked_at_it(work: Work, end: str) -> None:
    into, other, third = (someone(work, f"{name}@example.org") for name in "abc")
    row = merged(work, into, other)
    assert customers.unreviewed(work, [into, other, third]) == {into, other}
    setattr(row, end, NOW)
    work.session.flush()
    assert customers.unreviewed(work, [into, other, third]) == frozenset()
