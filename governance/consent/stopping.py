"""Stops that another system has collected: unsubscriptions, complaints, bounces, many at a time.

Each contact goes into the ledger, which outlives its holder; and whoever holds it and had agreed to something that the
stop covers has that taken back, so that no other contact of theirs is written to on it.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from governance.consent import states
from governance.consent.events import ContactSaid
from governance.consent.ledger import normal_form, suppress_many
from governance.consent.purposes import book
from governance.consent.writing import Said, write_events
from governance.customers.holders import Known, find_holders
from governance.customers.records import NewContact
from governance.kernel.ids import SubjectId
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
) -> list[bool]:
    """Put contacts on the ledger, and take back what their holders had agreed to; statements do not grow with them.

    Returns:
        By contact whether it stands on the ledger now; False where it is no contact of the channel.

    Raises:
        ForbiddenError: where the actor may not suppress.
        InvalidError: where a purpose does not go with the scope.
    """
    kept = suppress_many(work, contacts=contacts, channel=channel, scope=scope, reason=reason, purpose=purpose)
    kind = _KINDS.get(reason)
    if kind is not None:
        _take_back(
            work, [one for one, known in zip(contacts, kept, strict=True) if known], channel, kind, scope, purpose
        )
    return kept


def _take_back(
    work: Work,
    contacts: Sequence[ContactSaid],
    channel: Channel,
    kind: EventKind,
    scope: Scope,
    purpose: str | None,
) -> None:
    said = list(dict.fromkeys(_known_as(work, one, channel) for one in contacts))
    people: dict[SubjectId, tuple[Known, NewContact]] = {}
    for contact, holders in zip(said, find_holders(work, said) if said else (), strict=True):
        for person in holders:
            people.setdefault(person.id, (person, contact))
    covered = _covered(work, scope, purpose)
    events = [
        Said(
            person=people[SubjectId(key.person)][0],
            kind=kind,
            purpose=key.purpose,
            channel=channel,
            method=Method.IMPORT,
            evidence={"contact": {"kind": contact.kind.value, "value": contact.value}},
        )
        for key, one in sorted(states.read(work, people).items() if people else ())
        if key.channel == channel and key.purpose in covered and one.state.standing in _AGREED
        for contact in (people[SubjectId(key.person)][1],)
    ]
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
