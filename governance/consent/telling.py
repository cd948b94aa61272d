"""Telling webhooks of changes: what messages are made for them, and what a message says."""

from __future__ import annotations

from typing import Final

from governance.consent import changes
from governance.consent.changes import Change
from governance.kernel.work import Work
from governance.messages.webhooks import making
from governance.messages.webhooks.making import instant, write_cursor
from governance.messages.webhooks.records import Message, MessageKind, Topic

TYPES: Final = {MessageKind.CHANGES: "consent.changed", MessageKind.TEST: "webhook.test"}


def make_messages(work: Work) -> int:
    """Make messages for each webhook that follows consents; answers how many."""
    return making.make_messages(work, topic=Topic.CONSENTS, page=changes.page)


def make_stops(work: Work) -> int:
    """Make messages for each webhook that follows stops alone; answers how many.

    What an import says yes to is looked through for them, and not waited for. Nothing is lost by a stop that comes
    before changes recorded earlier: of those, one that is no stop lets nobody send without asking anew.
    """
    return making.make_messages(work, topic=Topic.STOPS, page=changes.page_of_stops)


def body_of(work: Work, message: Message) -> bytes:
    """The JSON of a message."""
    effects = changes.STOPS_ALONE if message.topic is Topic.STOPS else changes.ANY
    found = changes.between(work, after=message.after, until=message.until, effects=effects)
    return making.body(message, kind=TYPES[message.kind], changes=[told(one) for one in found])


def told(change: Change) -> dict[str, object]:
    """A change in the form in which it is sent, by the feed and by webhooks alike."""
    return {
        "cursor": write_cursor(change.place),
        "id": str(change.id),
        "kind": change.kind,
        "effect": change.effect.value,
        "at": instant(change.at),
        "customers": None if change.customers is None else [str(one) for one in change.customers],
        "purpose": change.purpose,
        "channel": change.channel,
        "scope": change.scope,
        "reason": change.reason,
    }
