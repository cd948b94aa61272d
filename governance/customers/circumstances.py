"""What stands for and against writing to people, as it was at an instant, with the reasons that a send check sums up.

For callers that have decided that it may be read. Nothing of it is sealed.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from governance.customers.codes import NotMailable, Source
from governance.customers.tables import PersonHistoryRow, PersonRow, RestrictionRow
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work


@frozen
class RestrictionTold:
    """A restriction of processing; *lifted_at* is None where it stood at the instant asked about."""

    reason: str
    placed_at: datetime
    lifted_at: datetime | None


@frozen
class Circumstances:
    """What is known of one person beside their consents.

    Attributes:
        source: where their data came from; None where nobody said.
        acquired_at: since when their data are here.
        inform_by: until when they were to be told of the processing (GDPR Art. 14).
        informed_at: when they were; None where that was later than the instant asked about, or never.
        not_mailable: why nothing could be sent to them.
        deceased: whether they were known to be dead.
        restrictions: placed up to the instant asked about, oldest first.
    """

    source: Source | None
    acquired_at: datetime
    inform_by: datetime | None
    informed_at: datetime | None
    not_mailable: NotMailable | None
    deceased: bool
    restrictions: tuple[RestrictionTold, ...]


def circumstances(work: Work, people: Sequence[SubjectId], *, at: datetime) -> dict[SubjectId, Circumstances]:
    """By person, the circumstances of an instant, itself included."""
    mine = literal(list(people), ARRAY(Uuid))
    # A row of the history says how it was until its own instant; the first one after *at* is the one that counts.
    later: dict[UUID, PersonHistoryRow] = {}
    history = PersonHistoryRow
    past = select(history).where(history.person_id == any_(mine), history.until > at)
    for row in work.session.scalars(past.order_by(history.until, history.id)):
        later.setdefault(row.person_id, row)
    marks: dict[UUID, list[RestrictionTold]] = defaultdict(list)
    mark = RestrictionRow
    placed = select(mark).where(mark.person_id == any_(mine), mark.placed_at <= at)
    for one in work.session.scalars(placed.order_by(mark.placed_at, mark.id)):
        lifted_at = one.lifted_at if one.lifted_at is not None and one.lifted_at <= at else None
        marks[one.person_id].append(RestrictionTold(one.reason, one.placed_at, lifted_at))
    found: dict[SubjectId, Circumstances] = {}
    for person in work.session.scalars(select(PersonRow).where(PersonRow.id == any_(mine))):
        was = later.get(person.id, person)
        informed = person.informed_at
        found[SubjectId(person.id)] = Circumstances(
            source=None if person.source is None else Source(person.source),
            acquired_at=person.acquired_at,
            inform_by=person.inform_by,
            informed_at=informed if informed is not None and informed <= at else None,
            not_mailable=None if was.not_mailable is None else NotMailable(was.not_mailable),
            deceased=was.deceased_at is not None,
            restrictions=tuple(marks[person.id]),
        )
    return found
