"""Stops that another system has collected: unsubscriptions, complaints, bounces, many at a time.

Each contact goes into the ledger, which outlives its holder; and whoever holds it and had agreed to something that the
stop covers has that taken back, so that no other contact of theirs is written to on it.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from governance.consent import states
from governance.consent.events import ContactSaid
from governance.consent.ledger import normal_form, suppress_many
from governance.consent.purposes import book
from governance.consent.writing import Said, write_events
from governance.customers.holders import Known, find_holders
from governance.customers.records import Json, NewContact
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import EventKind, Method, Standing
from governance.policies.purposes import Channel

_KINDS: Final[Mapping[SuppressionReason, EventKind]] = MappingProxyType(
    {
        SuppressionReason.UNSUBSCRIBED: EventKind.WITHDRAWN,
        SuppressionReason.COMPLAINT: EventKind.OBJECTED,
        SuppressionReason.DO_NOT_CONTACT: EventKind.OBJECTED,
    }
)
"""What the person said by it; a bounce is nobody's word."""
_AGREED: Final = frozenset({Standing.REQUESTED, Standing.CLAIMED, Standing.GIVEN})


def stop_many(
    work: Work,
    *,
    contacts: Sequence[ContactSaid],
    channel: Channel,
    scope: Scope,
    reason: SuppressionReason,
    purpose: str | None = None,
    method: Method = Method.IMPORT,
) -> list[bool]:
    """Put contacts on the ledger, and take back what their holders had agreed to; statements do not grow with them.

    Args:
        work: the transaction.
        contacts: as they were sent.
        channel: by which they are not to be reached.
        scope: what it covers.
        reason: why; a bounce is nobody's word and takes no consent back.
        purpose: key, where it covers one purpose.
        method: how we were told.

    Returns:
        By contact whether it stands on the ledger now; False where it is no contact of the channel.

    Raises:
        ForbiddenError: where the actor may not suppress.
        InvalidError: where a purpose does not go with the scope.
    """
    kept = suppress_many(work, contacts=contacts, channel=channel, scope=scope, reason=reason, purpose=purpose)
    kind = _KINDS.get(reason)
    if kind is not None:
        known = [one for one, is_kept in zip(contacts, kept, strict=True) if is_kept]
        _take_back(work, known, _Stop(kind, channel, method, _covered(work, scope, purpose)))
    return kept


class _Stop(NamedTuple):
    """What is recorded, and of which purposes."""

    kind: EventKind
    channel: Channel
    method: Method
    covered: frozenset[str]


def _take_back(work: Work, contacts: Sequence[ContactSaid], stop: _Stop) -> None:
    said = list(dict.fromkeys(_known_as(work, one, stop.channel) for one in contacts))
    people: dict[UUID, tuple[Known, NewContact]] = {}
    for contact, holders in zip(said, find_holders(work, said) if said else (), strict=True):
        for person in holders:
            people.setdefault(person.id, (person, contact))
    events: list[Said] = []
    for key, kept in sorted(states.read(work, people).items() if people else ()):
        if key.channel == stop.channel and key.purpose in stop.covered and kept.state.standing in _AGREED:
            person, contact = people[key.person]
            evidence: dict[str, Json] = {"contact": {"kind": contact.kind.value, "value": contact.value}}
            events.append(Said(person, stop.kind, key.purpose, stop.channel, stop.method, evidence=evidence))
    write_events(work, events)


def _known_as(work: Work, contact: ContactSaid, channel: Channel) -> NewContact:
    form = normal_form(work, contact, channel) or b""
    return NewContact(contact.kind, form.decode("utf-8", "surrogatepass"))


def _covered(work: Work, scope: Scope, purpose: str | None) -> frozenset[str]:
    """Keys of the purposes that a stop of this scope ends."""
    if scope is Scope.PURPOSE:
        return frozenset() if purpose is None else frozenset({purpose})
    purposes = book(work).purposes.values()
    return frozenset(one.key for one in purposes if one.advertising or scope is Scope.EVERYTHING)
