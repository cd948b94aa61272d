"""Taking back what an import recorded: its consents are as if they had never been, its stops stay."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import QueryableAttribute, aliased

from governance.consent import states
from governance.consent.accepting import CONSENTS
from governance.consent.codes import CONTACTS_OF
from governance.consent.events import ContactSaid
from governance.consent.ledger import suppress_each
from governance.consent.ledger_lines import NewLine
from governance.consent.said import Said
from governance.consent.tables import ConsentEventRow, ConsentSubjectRow
from governance.consent.writing import write_events
from governance.customers.codes import ContactKind
from governance.customers.holders import find_known
from governance.customers.loading import contacts_of, opened
from governance.kernel.ids import BatchId, EntryId, SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import STOPS, EventKind, Method
from governance.policies.purposes import Channel

AT_ONCE: Final = 1000
"""Events that one transaction takes back."""
_STOPPED: Final = frozenset(STOPS.values())


@frozen
class Invalidated:
    """What became of some events of an import.

    Attributes:
        count: how many consents were taken back.
        next_after: behind which event to go on; None where all were seen.
    """

    count: int
    next_after: EntryId | None


def said_otherwise(person: QueryableAttribute[UUID], *, batch: BatchId) -> ColumnElement[bool]:
    """Clause for people who said something that did not come with this import: another package must not remove them."""
    return exists().where(ConsentEventRow.person_id == person, ConsentEventRow.batch_id.is_distinct_from(batch))


def keep_stops(work: Work, *, people: Sequence[SubjectId]) -> None:
    """Keep the stops of people whose records are about to be removed: in the ledger, by each contact that they hold.

    To be called while their contacts can still be read. An old list that brings them back undoes none.
    """
    stops = [key for key, kept in states.read(work, people).items() if kept.state.standing in _STOPPED]
    held = contacts_of(work, {SubjectId(key.person) for key in stops}) if stops else {}
    suppress_each(
        work,
        lines=[
            (
                ContactSaid(ContactKind(row.kind), value),
                NewLine(channel, Scope.PURPOSE, SuppressionReason.UNSUBSCRIBED, key.purpose),
            )
            for key in stops
            for channel in (Channel(key.channel),)
            for row in held.get(SubjectId(key.person), ())
            if row.kind in CONTACTS_OF[channel] and (value := opened(row, "value"))
        ],
    )


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
