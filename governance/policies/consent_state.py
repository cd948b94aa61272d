"""What a person has said to one purpose by one channel: events folded into a state.

Events are taken in the order of the subject's own sequence, which is given out under a lock: an instant is no order.
1. A stop (refused, withdrawn, objected) ends every consent recorded before it, whatever instants the two bear.
2. A consent undoes a stop only where it was given later *and* by somebody who had that stop before them (`Event.seen`).
   So of two that happen at once the stop stays, in either order.
3. A claim (no date, or no notice: nobody can show what was agreed to, GDPR Art. 7(1)) undoes nothing and is no consent.
4. Undoing (`invalidated`) takes a consent away as if it had never been; it never takes a stop away.
5. Where two records that had become one are parted (`parted`), what one had handed on to the other is as if it had
   never been said there, stops included: it still stands where it was said.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

CROSSING: Final = timedelta(seconds=1)
"""A consent so soon after a stop, by somebody who does not say what they had before them, has crossed it: the two were
under way at once, and the stop stays."""


class EventKind(StrEnum):
    """What happened to a consent."""

    REQUESTED = "requested"
    """The person was asked; their silence says nothing."""
    GIVEN = "given"
    CONFIRMED = "confirmed"
    """Given, or given again, by the proven holder of the contact: double opt-in."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    EXPIRED = "expired"
    RENEWED = "renewed"
    INVALIDATED = "invalidated"
    """An earlier event was recorded in error, or its import was undone."""
    PARTED = "parted"
    """A merge was undone: the event that it names, handed on by the other record, is not this person's."""


class Method(StrEnum):
    """How it was said."""

    WEB_FORM = "web_form"
    PORTAL = "portal"
    ONE_CLICK = "one_click"
    PAPER = "paper"
    PHONE = "phone"
    IN_PERSON = "in_person"
    IMPORT = "import"
    API = "api"


PROVES_HOLDER = frozenset({Method.PORTAL, Method.PAPER, Method.IN_PERSON})
"""Methods where whoever consents is known: signed in by the contact, by signature, or face to face.

By all others anybody can enter the contact of somebody else; such a consent waits for `confirmed`.
"""


class Standing(StrEnum):
    """Where a consent stands."""

    SILENT = "silent"
    REQUESTED = "requested"
    CLAIMED = "claimed"
    GIVEN = "given"
    EXPIRED = "expired"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"


STOPS = {
    EventKind.OBJECTED: Standing.OBJECTED,
    EventKind.WITHDRAWN: Standing.WITHDRAWN,
    EventKind.REFUSED: Standing.REFUSED,
}
"""Events that say no, the strictest first, and where a consent stands after them."""
_STRICTNESS = {kind: place for place, kind in enumerate(STOPS)}
_CONSENTS = frozenset({EventKind.GIVEN, EventKind.CONFIRMED, EventKind.RENEWED})


@dataclass(frozen=True, slots=True)
class Event:
    """An event of one subject, purpose and channel.

    Attributes:
        id: its random id.
        kind: what happened.
        sequence: place among all events of the subject; 1 and up, with gaps where others belong to another purpose.
        recorded_at: when it was recorded; within a subject it never goes back.
        valid_at: when it was said; None where nobody knows. For `expired`, the instant up to which consents lapse.
        notice: version of the notice that was shown; None where nobody knows. A `confirmed` or `renewed` without one
            speaks of the notice of the consent before it.
        method: how it was said.
        seen: the subject's sequence that whoever said it, or asked for it, had before them; None for all before it.
        voids: sequence of the event that `invalidated` or `parted` takes away; None for every consent before it.
    """

    id: UUID
    kind: EventKind
    sequence: int
    recorded_at: datetime
    valid_at: datetime | None
    notice: int | None
    method: Method
    seen: int | None = None
    voids: int | None = None


class Grant(NamedTuple):
    """A consent: when, to which version of the notice, by which event."""

    at: datetime
    notice: int
    event: UUID


class ConsentState(NamedTuple):
    """What is kept of a history so that a verdict needs no more. A row of the state table is one.

    Attributes:
        standing: where it stands.
        since: when the deciding event was said; None where that is not known or there is none.
        event: the deciding event.
        given: the consent in force to the newest notice, confirmed or not; None where there is none.
        confirmed: the same among those that the holder of the contact is known to have given.
    """

    standing: Standing
    since: datetime | None = None
    event: UUID | None = None
    given: Grant | None = None
    confirmed: Grant | None = None


SILENCE = ConsentState(Standing.SILENT)


class _Consent(NamedTuple):
    """A consent that no stop has ended, or the claim of one, which has no grant."""

    event: Event
    grant: Grant | None
    proven: bool


class Fold(NamedTuple):
    """A history folded so far; `then` takes the next event, `state` says where it stands (a tuple: imports make many).

    Attributes:
        sequence: of the last event taken.
        consents: in force, in order of sequence.
        stops: those not undone, or undone by the very consents in force; at most one of a kind.
        stopped_at: latest instant of any stop.
        stopped_by: greatest sequence of any stop.
        lapsed: what made the last consents lapse.
        requested: the last request.
    """

    sequence: int = 0
    consents: tuple[_Consent, ...] = ()
    stops: tuple[Event, ...] = ()
    stopped_at: datetime | None = None
    stopped_by: int = 0
    lapsed: Event | None = None
    requested: Event | None = None

    def then(self, event: Event) -> "Fold":
        """The history with one more event.

        Raises:
            ValueError: where *event* does not follow those taken.
        """
        if event.sequence <= self.sequence:
            raise ValueError("events are folded in the order of their sequence")
        folded = self._replace(sequence=event.sequence)
        if event.kind in STOPS:
            return _stop(folded, event)
        if event.kind in _CONSENTS:
            return _consent(folded, event)
        if event.kind is EventKind.EXPIRED:
            return _lapse(folded, event)
        if event.kind is EventKind.INVALIDATED:
            kept = tuple(one for one in self.consents if event.voids not in {None, one.event.sequence})
            return folded._replace(consents=kept)
        if event.kind is EventKind.PARTED:
            return folded  # `fold` leaves out what it names
        return folded._replace(requested=event)

    @property
    def state(self) -> ConsentState:
        """Where it stands."""
        given, confirmed = _newest(self, proven=False), _newest(self, proven=True)
        if given is not None:
            return ConsentState(Standing.GIVEN, given.at, given.event, given, confirmed)
        if self.stops:
            stop = min(self.stops, key=lambda one: _STRICTNESS[one.kind])
            return ConsentState(STOPS[stop.kind], stop.valid_at, stop.id)
        if self.lapsed is not None:
            return _state(Standing.EXPIRED, self.lapsed)
        if self.consents:
            return _state(Standing.CLAIMED, self.consents[-1].event)
        return SILENCE if self.requested is None else _state(Standing.REQUESTED, self.requested)

    def handed_on(self) -> tuple[Event, ...]:
        """What another history of the same person takes over when the two become one: record these after it, in order.

        Consents come first and claim to have seen nothing, so that a stop on either side stays.
        """
        consents = (
            replace(one.event, seen=0, notice=one.event.notice if one.grant is None else one.grant.notice)
            for one in self.consents
        )
        return (*consents, *(() if _newest(self, proven=False) else self.stops))


def fold(events: Iterable[Event], *, start: Fold | None = None, as_of: datetime | None = None) -> Fold:
    """Fold a history, or a further part of one.

    Args:
        events: in any order; they are taken by sequence.
        start: the part folded before.
        as_of: take only what was recorded up to this instant, itself included.

    Raises:
        ValueError: where an event does not follow those of *start*, or two have the same sequence.
    """
    folded = start or Fold()
    taken = [one for one in events if as_of is None or one.recorded_at <= as_of]
    taken.sort(key=lambda one: one.sequence)
    apart = {one.voids for one in taken if one.kind is EventKind.PARTED}
    for event in taken:
        folded = folded._replace(sequence=event.sequence) if event.sequence in apart else folded.then(event)
    return folded


def _state(standing: Standing, event: Event) -> ConsentState:
    return ConsentState(standing, event.valid_at, event.id)


def _newest(folded: Fold, *, proven: bool) -> Grant | None:
    if not folded.consents:
        return None
    grants = [one.grant for one in folded.consents if one.grant is not None and (one.proven or not proven)]
    return max(grants, key=lambda grant: (grant.notice, grant.at), default=None)


def _stop(folded: Fold, event: Event) -> Fold:
    said_at = event.valid_at or event.recorded_at
    standing = () if any(one.grant for one in folded.consents) else folded.stops
    return folded._replace(
        consents=(),
        stops=(*(stop for stop in standing if stop.kind is not event.kind), event),
        stopped_at=said_at if folded.stopped_at is None else max(said_at, folded.stopped_at),
        stopped_by=event.sequence,
        lapsed=None,
    )


def _consent(folded: Fold, event: Event) -> Fold:
    notice = event.notice
    latest = next((one.grant for one in reversed(folded.consents) if one.grant is not None), None)
    if notice is None and latest is not None and event.kind is not EventKind.GIVEN:
        notice = latest.notice
    grant = None if event.valid_at is None or notice is None else Grant(event.valid_at, notice, event.id)
    seen = event.sequence if event.seen is None else event.seen
    if grant is not None and (
        seen < folded.stopped_by or (folded.stopped_at is not None and grant.at <= folded.stopped_at)
    ):
        return folded
    proven = event.method in PROVES_HOLDER or event.kind is EventKind.CONFIRMED
    if event.kind is EventKind.RENEWED:
        proven = proven or any(one.proven and one.grant for one in folded.consents)
    return folded._replace(consents=(*folded.consents, _Consent(event, grant, proven)))


def _lapse(folded: Fold, event: Event) -> Fold:
    until = event.valid_at or event.recorded_at
    seen = event.sequence if event.seen is None else event.seen
    kept = tuple(
        one for one in folded.consents if one.grant is None or one.grant.at > until or one.event.sequence > seen
    )
    lapsed = any(one.grant for one in folded.consents) and not any(one.grant for one in kept)
    return folded._replace(consents=kept, lapsed=event, stops=()) if lapsed else folded._replace(consents=kept)
