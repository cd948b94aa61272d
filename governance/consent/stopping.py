"""Stops that another system has collected: unsubscriptions, complaints, bounces, many at a time.

Each contact goes into the ledger, which outlives its holder; and whoever holds it and had agreed to something that the
stop covers has that taken back, so that no other contact of theirs is written to on it. Where the stop covers what may
be sent without consent (after a sale, under a contract), it is kept for every holder, whether they had agreed or not;
so is a stop of one purpose. A bounce is nobody's word: it takes nothing back, and marks the contact with all who hold
it, by the same act.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from governance.consent import states
from governance.consent.events import ContactSaid
from governance.consent.ledger import allowed_line, normal_form, suppress_many
from governance.consent.ledger_lines import NewLine
from governance.consent.purposes import book
from governance.consent.said import Said
from governance.consent.subjects import Key, lock
from governance.consent.writing import write_events
from governance.customers.bouncing import mark_bounced
from governance.customers.holders import Known, find_holders
from governance.customers.records import Json, NewContact
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.consent_state import STOPS, EventKind, Method, Standing
from governance.policies.purposes import Channel, Ground

_KINDS: Final[Mapping[SuppressionReason, EventKind]] = MappingProxyType(
    {
        SuppressionReason.UNSUBSCRIBED: EventKind.WITHDRAWN,
        SuppressionReason.COMPLAINT: EventKind.OBJECTED,
        SuppressionReason.DO_NOT_CONTACT: EventKind.OBJECTED,
    }
)
"""What the person said by it; a bounce is nobody's word."""
_AGREED: Final = frozenset({Standing.REQUESTED, Standing.CLAIMED, Standing.GIVEN})
_STOPPED: Final = frozenset(STOPS.values())


def stop_many(
    work: Work,
    *,
    contacts: Sequence[ContactSaid],
    channel: Channel,
    scope: Scope,
    reason: SuppressionReason,
    purpose: str | None = None,
    method: Method = Method.IMPORT,
    at: datetime | None = None,
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
        at: when messages came back, of a bounce; now where nobody says.

    Returns:
        By contact whether it stands on the ledger now; False where it is no contact of the channel.

    Raises:
        ForbiddenError: where the actor may not suppress.
        InvalidError: where a purpose does not go with the scope.
    """
    allowed_line(work, NewLine(channel, scope, reason, purpose))
    kind = _KINDS.get(reason)
    if kind is not None:
        # Histories before the ledger, as whoever records events does, so that none waits for one who waits for them.
        _take_back(work, contacts, _Stop(kind, channel, method, _covered(work, scope, purpose), purpose))
    elif reason is SuppressionReason.HARD_BOUNCE:
        mark_bounced(work, contacts=_formed(work, contacts, channel), at=min(at or work.now, work.now))
    return suppress_many(work, contacts=contacts, channel=channel, scope=scope, reason=reason, purpose=purpose)


class _Stop(NamedTuple):
    """What is recorded.

    Attributes:
        covered: keys of the purposes that it ends.
        purpose: the one that it is about, if it is about one.
    """

    kind: EventKind
    channel: Channel
    method: Method
    covered: frozenset[str]
    purpose: str | None


def _take_back(work: Work, contacts: Sequence[ContactSaid], stop: _Stop) -> None:
    said = _formed(work, contacts, stop.channel)
    people: dict[UUID, tuple[Known, NewContact]] = {}
    for contact, holders in zip(said, find_holders(work, said) if said else (), strict=True):
        for person in holders:
            people.setdefault(person.id, (person, contact))
    if not people:
        return
    lock(work, dict.fromkeys(people, 0))  # a consent that is under way is either seen here, or sees what follows
    known = states.read(work, people)
    agreed = {key for key, kept in known.items() if kept.state.standing in _AGREED}
    always = {stop.purpose} if stop.purpose is not None else _without_consent(work, stop)
    keys = [Key(person, purpose, stop.channel.value) for person in people for purpose in always]
    agreed.update(key for key in keys if key not in known or known[key].state.standing not in _STOPPED)
    events: list[Said] = []
    for key in sorted(agreed):
        if key.channel == stop.channel and key.purpose in stop.covered:
            person, contact = people[key.person]
            evidence: dict[str, Json] = {"contact": {"kind": contact.kind.value, "value": contact.value}}
            events.append(Said(person, stop.kind, key.purpose, stop.channel, stop.method, evidence=evidence))
    write_events(work, events)


def _without_consent(work: Work, stop: _Stop) -> set[str]:
    """Keys of the purposes that a stop covers and that may rest on something other than consent."""
    purposes = book(work).purposes
    return {
        key
        for key in stop.covered
        if any(
            basis.ground is not Ground.CONSENT and stop.channel in channels for basis, channels in purposes[key].bases
        )
    }


def _formed(work: Work, contacts: Sequence[ContactSaid], channel: Channel) -> list[NewContact]:
    """Contacts in normal form, each once; what is none of the channel is left out."""
    forms = [(one.kind, normal_form(work, one, channel)) for one in contacts]
    return [NewContact(kind, form.decode("utf-8", "surrogatepass")) for kind, form in dict.fromkeys(forms) if form]


def _covered(work: Work, scope: Scope, purpose: str | None) -> frozenset[str]:
    """Keys of the purposes that a stop of this scope ends."""
    purposes = book(work).purposes.values()
    if scope is Scope.PURPOSE:
        return frozenset(one.key for one in purposes if one.key == purpose)
    return frozenset(one.key for one in purposes if one.advertising or scope is Scope.EVERYTHING)
