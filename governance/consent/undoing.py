"""Taking back what an import recorded: its consents are as if they had never been, its stops stay."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from governance.consent.accepting import CONSENTS
from governance.consent.tables import ConsentEventRow, ConsentSubjectRow
from governance.consent.writing import Said, write_events
from governance.customers.holders import find_known
from governance.kernel.ids import BatchId, EntryId, SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel

AT_ONCE: Final = 1000
"""Events that one transaction takes back."""


@dataclass(frozen=True, slots=True)
class Invalidated:
    """What became of some events of an import.

    Attributes:
        count: how many consents were taken back.
        next_after: behind which event to go on; None where all were seen.
    """

    count: int
    next_after: EntryId | None


def invalidate(work: Work, *, batch: BatchId, after: EntryId | None = None, limit: int = AT_ONCE) -> Invalidated:
    """Take back consents that an import brought, for whoever undoes it and has decided that it may be.

    To be repeated from `next_after` on, before the people of the import are removed. A refusal, withdrawal or objection
    stays, and so does what the suppression ledger holds. Those taken back already are passed over.
    """
    event, voiding = ConsentEventRow, aliased(ConsentEventRow)
    voided = exists().where(
        voiding.person_id == event.person_id,
        voiding.purpose == event.purpose,
        voiding.channel == event.channel,
        voiding.kind == EventKind.INVALIDATED.value,
        voiding.voids == event.sequence,
    )
    query = (
        select(event.id, event.person_id, event.purpose, event.channel, event.sequence)
        .join(ConsentSubjectRow, ConsentSubjectRow.person_id == event.person_id)
        .where(event.batch_id == batch, event.kind.in_(sorted(CONSENTS)), ConsentSubjectRow.merged_into.is_(None))
        .where(~voided)
        .order_by(event.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(event.id > after)
    rows = work.session.execute(query).all()
    known = find_known(work, {SubjectId(row.person_id) for row in rows})
    said = [
        Said(
            person=known[SubjectId(row.person_id)],
            kind=EventKind.INVALIDATED,
            purpose=row.purpose,
            channel=Channel(row.channel),
            method=Method.IMPORT,
            voids=row.sequence,
            batch=batch,
        )
        for row in rows
        if SubjectId(row.person_id) in known
    ]
    write_events(work, said)
    return Invalidated(len(said), EntryId(rows[-1].id) if len(rows) == limit else None)
