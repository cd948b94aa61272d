"""What is known of people's data before they are erased: which compartments hold something, and from when."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from governance.erasure.histories import History, histories_of
from governance.erasure.targets import Target
from governance.kernel.arrays import uuids
from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

_FACTS: Final[LiteralString] = """
SELECT person.id, bought.first_at, bought.last_at,
    EXISTS (SELECT FROM extra_value WHERE person_id = person.id AND finance_sealed IS NOT NULL),
    EXISTS (SELECT FROM contact WHERE person_id = person.id)
        OR EXISTS (SELECT FROM contact_history WHERE person_id = person.id)
        OR EXISTS (SELECT FROM extra_value WHERE person_id = person.id AND contact_sealed IS NOT NULL),
    EXISTS (SELECT FROM informing WHERE person_id = person.id)
        OR EXISTS (SELECT FROM disclosure_person WHERE person_id = person.id)
FROM unnest(%(records)b) AS person (id) LEFT JOIN (
    SELECT person_id, min(paid_at) AS first_at, max(paid_at) AS last_at FROM purchase
    WHERE person_id = ANY(%(records)b) GROUP BY person_id
) AS bought ON bought.person_id = person.id
"""
_HOLDS: Final[LiteralString] = """
SELECT person_id, id, compartments FROM person_hold WHERE person_id = ANY(%(records)b) AND released_at IS NULL
"""


@dataclass(slots=True)
class Known:
    """What is known of one person's data: instants, and which compartments have something in them."""

    first_paid: datetime | None = None
    last_paid: datetime | None = None
    finance: bool = False
    contact: bool = False
    evidence: bool = False
    histories: list[History] = field(default_factory=list)
    holds: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    def by_days(self, zone: ZoneInfo) -> Hashable:
        """The same for people who have the same plan, since only days count in it."""
        paid = (_day(self.first_paid, zone), _day(self.last_paid, zone))
        if not (self.histories or self.holds):  # most of a batch
            return (paid, self.finance, self.contact, self.evidence)
        said = frozenset(one.by_days(zone) for one in self.histories)
        holds = tuple(sorted((name, tuple(sorted(ids))) for name, ids in self.holds.items()))
        return (paid, self.finance, self.contact, self.evidence, said, holds)


def look(work: Work, targets: Sequence[Target]) -> dict[SubjectId, Known]:
    """By person; statements do not grow with their number."""
    whose = {record: target.person for target in targets for record in target.records}
    found = {target.person: Known() for target in targets}
    records = {"records": uuids(whose)}
    cursor = driver_connection(work.session).cursor(binary=True)
    for record, first, last, extra, contact, evidence in cursor.execute(_FACTS, records).fetchall():
        known = found[whose[record]]
        known.first_paid = min(filter(None, (known.first_paid, first)), default=None)
        known.last_paid = max(filter(None, (known.last_paid, last)), default=None)
        known.finance |= last is not None or extra
        known.contact |= contact
        known.evidence |= evidence
    for one in histories_of(work, targets):
        found[one.person].histories.append(one)
    for record, hold, compartments in cursor.execute(_HOLDS, records).fetchall():
        for compartment in compartments:
            found[whose[record]].holds[compartment].append(hold)
    return found


@lru_cache(maxsize=4096)
def _day(at: datetime | None, zone: ZoneInfo) -> date | None:
    return None if at is None else at.astimezone(zone).date()
