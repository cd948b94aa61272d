"""What is stopped: advertising to a contact at once, and what a proved person objects to or takes back."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from governance.consent import operations as consent
from governance.consent import states
from governance.consent.codes import CONTACTS_OF
from governance.consent.events import ContactSaid, NewEvent
from governance.customers.codes import ContactKind
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import STOPS, EventKind, Method, Standing
from governance.policies.deadline_rules import RequestKind
from governance.policies.purposes import Channel, Ground, Purpose
from governance.rights.acting import as_service
from governance.rights.codes import About, Arrival
from governance.rights.tables import RequestRow

METHODS: Final[Mapping[Arrival, Method]] = MappingProxyType(
    {
        Arrival.PORTAL: Method.PORTAL,
        Arrival.API: Method.API,
        Arrival.EMAIL: Method.API,
        Arrival.LETTER: Method.PAPER,
        Arrival.CALL: Method.PHONE,
        Arrival.VISIT: Method.IN_PERSON,
    }
)
_REASONS: Final[Mapping[RequestKind, SuppressionReason]] = MappingProxyType(
    {
        RequestKind.OBJECTION: SuppressionReason.DO_NOT_CONTACT,
        RequestKind.ERASURE: SuppressionReason.DO_NOT_CONTACT,
        RequestKind.WITHDRAWAL: SuppressionReason.UNSUBSCRIBED,
    }
)
_STANDING: Final = frozenset({Standing.REQUESTED, Standing.CLAIMED, Standing.GIVEN})
_STOPPED: Final = frozenset(STOPS.values())
_INTEREST: Final = frozenset({Ground.LEGITIMATE_INTEREST, Ground.SOFT_OPT_IN})


def stop_at_once(work: Work, row: RequestRow) -> bool:
    """Stop what a request ends from its receipt on, by its contact alone; answers whether anything was.

    A stop protects whoever holds the contact, so nobody has to prove who they are (GDPR Art. 21(3), Art. 7(3)).
    """
    kind, contact = RequestKind(row.kind), _contact(row)
    if contact is None or row.about == About.PROCESSING:
        return False
    service, channels = as_service(work), _channels(contact.kind)
    method = METHODS[Arrival(row.arrival)]
    if kind is RequestKind.OPT_OUT:
        events = [
            NewEvent(EventKind.OBJECTED, one.key, channel, method, contact=contact)
            for one in _purposes(work, third_parties=True)
            for channel in channels
        ]
        consent.record_many(service, events=events)
    elif kind in _REASONS:
        for channel in channels:
            consent.stop_many(
                service,
                contacts=[contact],
                channel=channel,
                scope=Scope.ADVERTISING,
                reason=_REASONS[kind],
                method=method,
            )
        if kind is RequestKind.WITHDRAWAL:
            consent.record_many(service, events=_withdrawals(work, contact, channels, method))
    else:
        return False
    return bool(channels)


def stop_for_person(work: Work, row: RequestRow, person: SubjectId) -> int:
    """Stop for a proved person, by whatever contact and channel; answers how many consents and purposes ended."""
    kind, method = RequestKind(row.kind), METHODS[Arrival(row.arrival)]
    known = {(one.purpose, one.channel): kept.state.standing for one, kept in states.read(work, [person]).items()}
    if kind is RequestKind.WITHDRAWAL:
        agreed = [key for key, standing in known.items() if standing in _STANDING]
        events = [_of(EventKind.WITHDRAWN, person, purpose, Channel(channel), method) for purpose, channel in agreed]
    else:
        ended = _purposes(work, third_parties=kind is RequestKind.OPT_OUT)
        events = [
            _of(EventKind.OBJECTED, person, purpose.key, channel, method)
            for purpose in ended
            for channel in sorted(purpose.channels)
            if known.get((purpose.key, channel.value)) not in _STOPPED
        ]
    consent.record_many(as_service(work), events=events)
    return len(events)


def stop_interest(work: Work, row: RequestRow, person: SubjectId, purposes: Collection[str] | None) -> tuple[str, ...]:
    """Stop what an objection was upheld against (GDPR Art. 21(1)); answers the purposes that ended somewhere.

    Args:
        work: the transaction.
        row: the objection.
        person: who objected.
        purposes: these, by every channel; where nothing is said, all that rest on a legitimate interest anywhere, by
            the channels that they rest on it for. What the person agreed to of those goes on: it rests on that.

    Raises:
        InvalidError: where there is no such purpose.
    """
    book = consent.book(work).purposes
    if purposes is not None and not book.keys() >= set(purposes):
        raise InvalidError("There is no such purpose.", errors={"purposes": ["See: GET /v1/purposes"]})
    method = METHODS[Arrival(row.arrival)]
    known = {(one.purpose, one.channel): kept.state.standing for one, kept in states.read(work, [person]).items()}
    events = [
        _of(EventKind.OBJECTED, person, one.key, channel, method)
        for one in book.values()
        if purposes is None or one.key in purposes
        for channel in sorted(one.channels if purposes is not None else _by_interest(one))
        if (standing := known.get((one.key, channel.value))) not in _STOPPED
        and (purposes is not None or standing not in _STANDING)
    ]
    consent.record_many(as_service(work), events=events)
    return tuple(dict.fromkeys(one.purpose for one in events))


def _by_interest(purpose: Purpose) -> set[Channel]:
    """Channels by which a purpose rests on a legitimate interest; the soft opt-in is one (GDPR recital 47)."""
    return {channel for basis, channels in purpose.bases if basis.ground in _INTEREST for channel in channels}


def _of(kind: EventKind, person: SubjectId, purpose: str, channel: Channel, method: Method) -> NewEvent:
    return NewEvent(kind, purpose, channel, method, subject=person)


def _withdrawals(work: Work, contact: ContactSaid, channels: Iterable[Channel], method: Method) -> list[NewEvent]:
    """Withdrawals of every purpose that rests on consent, by a contact: of whoever holds it now."""
    resting = [one for one in consent.book(work).purposes.values() if one.asks_consent]
    return [
        NewEvent(EventKind.WITHDRAWN, one.key, channel, method, contact=contact)
        for one in resting
        for channel in channels
        if channel in one.channels
    ]


def _purposes(work: Work, *, third_parties: bool) -> list[Purpose]:
    return [
        one for one in consent.book(work).purposes.values() if (one.third_parties if third_parties else one.advertising)
    ]


def _contact(row: RequestRow) -> ContactSaid | None:
    if row.contact_kind is None or row.contact is None:
        return None
    return ContactSaid(ContactKind(row.contact_kind), row.contact)


def _channels(kind: ContactKind) -> list[Channel]:
    return [channel for channel, kinds in CONTACTS_OF.items() if kind in kinds]
