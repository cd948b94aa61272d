"""What one customer has said, and where it stands: for those who look after customers."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.consent import states
from governance.consent.purposes import book
from governance.consent.tables import ConsentEventRow
from governance.customers.holders import Known, find_known
from governance.customers.reach import UNKNOWN, allow
from governance.kernel.errors import NotFoundError
from governance.kernel.ids import BatchId, EntryId, SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_state import ConsentState, EventKind, Method
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel, Purpose
from governance.policies.roles import RowScope

SHOWN = 100
"""Events on one page."""


@frozen
class StateView:
    """Where a consent stands.

    Attributes:
        confirmed: whether it counts as the word of the contact's holder.
        valid_until: it counts strictly before this instant; None where it does not lapse, or is none.
        sequence: of the last event; what an event that answers to this state gives as `seen`.
        last_used_at: when a check last answered yes on it.
    """

    purpose: str
    channel: Channel
    state: ConsentState
    confirmed: bool
    valid_until: datetime | None
    sequence: int
    last_used_at: datetime | None


@frozen
class States:
    """All that one customer has said.

    Attributes:
        sequence: the customer's last event of all; what an event gives as `seen` by whoever had all of this before
            them.
    """

    subject: SubjectId
    sequence: int
    items: tuple[StateView, ...]


@frozen
class EventView:
    """An event, without its evidence."""

    id: EntryId
    purpose: str
    channel: Channel
    kind: EventKind
    method: Method
    sequence: int
    recorded_at: datetime
    valid_at: datetime | None
    whole_day: bool
    notice: int | None
    language: str | None
    seen: int | None
    voids: int | None
    batch: BatchId | None
    actor_kind: str
    actor_id: UUID | None


@frozen
class Events:
    """A page of events, the newest first; *next_before* is the sequence before which the next page ends."""

    subject: SubjectId
    items: tuple[EventView, ...]
    next_before: int | None


def states_of(work: Work, *, subject: SubjectId) -> States:
    """Where all consents of a customer stand; told in the log.

    Raises:
        ForbiddenError, NotFoundError: where the actor may not read them, or there is no such customer within reach.
    """
    person = _person(work, subject)
    purposes = book(work).purposes
    kept = sorted(states.read(work, [person.id]).items())
    items = tuple(state_view(key.purpose, Channel(key.channel), one, purposes.get(key.purpose)) for key, one in kept)
    audit.append(work, Action.CONSENT_READ, subject=person.ref, facts={"list": "states", "found": len(items)})
    return States(person.id, max((one.sequence for one in items), default=0), items)


def events_of(work: Work, *, subject: SubjectId, before: int | None = None, limit: int = SHOWN) -> Events:
    """What a customer has said, the newest first; told in the log.

    Raises:
        ForbiddenError, NotFoundError: as `states_of` says.
    """
    person = _person(work, subject)
    query = select(*_COLUMNS).where(ConsentEventRow.person_id == person.id)
    if before is not None:
        query = query.where(ConsentEventRow.sequence < before)
    rows = work.session.execute(query.order_by(ConsentEventRow.sequence.desc()).limit(limit + 1)).all()
    items = tuple(map(_event_view, rows[:limit]))
    audit.append(work, Action.CONSENT_READ, subject=person.ref, facts={"list": "events", "found": len(items)})
    return Events(person.id, items, items[-1].sequence if len(rows) > limit else None)


def events_until(work: Work, people: Sequence[SubjectId], *, at: datetime) -> dict[SubjectId, list[EventView]]:
    """By person, all that had been recorded up to an instant, itself included, in the order of recording.

    For whoever has decided that it may be read.
    """
    mine = ConsentEventRow.person_id == any_(literal(list(people), ARRAY(Uuid)))
    query = select(*_COLUMNS, ConsentEventRow.person_id).where(mine, ConsentEventRow.recorded_at <= at)
    found: dict[SubjectId, list[EventView]] = defaultdict(list)
    for row in work.session.execute(query.order_by(ConsentEventRow.sequence)):
        found[SubjectId(row.person_id)].append(_event_view(row))
    return found


def _person(work: Work, subject: SubjectId) -> Known:
    reach = allow(work, Permission.CONSENT_READ)
    person = find_known(work, [subject]).get(subject)
    if person is None or (reach is not RowScope.ALL and person.responsible != work.actor.id):
        raise NotFoundError(UNKNOWN)
    return person


def _event_view(row: Any) -> EventView:  # noqa: ANN401 - a row of `_COLUMNS`
    return EventView(
        id=EntryId(row.id),
        purpose=row.purpose,
        channel=Channel(row.channel),
        kind=EventKind(row.kind),
        method=Method(row.method),
        sequence=row.sequence,
        recorded_at=row.recorded_at,
        valid_at=row.valid_at,
        whole_day=row.whole_day,
        notice=row.notice,
        language=row.language,
        seen=row.seen,
        voids=row.voids,
        batch=None if row.batch_id is None else BatchId(row.batch_id),
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
    )


def state_view(key: str, channel: Channel, kept: states.KeptState, purpose: Purpose | None) -> StateView:
    """A state as it is shown."""
    state = kept.state
    asks = purpose is not None and channel in purpose.double_opt_in
    grant = (state.confirmed or state.given) if asks else state.given
    lasts = None if purpose is None else purpose.valid_for
    return StateView(
        purpose=key,
        channel=channel,
        state=state,
        confirmed=state.confirmed is not None,
        valid_until=None if grant is None or lasts is None else lasts.after(grant.at),
        sequence=kept.sequence,
        last_used_at=kept.last_used_at,
    )


_COLUMNS = (
    ConsentEventRow.id,
    ConsentEventRow.purpose,
    ConsentEventRow.channel,
    ConsentEventRow.kind,
    ConsentEventRow.method,
    ConsentEventRow.sequence,
    ConsentEventRow.recorded_at,
    ConsentEventRow.valid_at,
    ConsentEventRow.whole_day,
    ConsentEventRow.notice,
    ConsentEventRow.language,
    ConsentEventRow.seen,
    ConsentEventRow.voids,
    ConsentEventRow.batch_id,
    ConsentEventRow.actor_kind,
    ConsentEventRow.actor_id,
)
