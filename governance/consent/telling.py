"""Telling webhooks of changes: what messages are made for them, and what a message says."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from governance.audit.following import Place
from governance.consent import changes
from governance.consent.changes import Change
from governance.kernel.errors import ConflictError
from governance.kernel.work import Work
from governance.messages.webhooks import operations as webhooks
from governance.messages.webhooks.records import Message, MessageKind

CHANGES_IN_A_MESSAGE: Final = 100
IN_VAIN: Final = 500
"""Entries of other kinds after which a webhook's place goes on without a message."""
TYPES: Final = {MessageKind.CHANGES: "consent.changed", MessageKind.TEST: "webhook.test"}


def make_messages(work: Work) -> int:
    """Make one message for each webhook that the log holds something new for; answers how many.

    A webhook whose place lies beyond the log, since an older copy of the store was restored, goes on from the newest.
    """
    made = 0
    for webhook, place in webhooks.behind(work):
        try:
            found = changes.page(work, after=place, limit=CHANGES_IN_A_MESSAGE)
        except ConflictError:
            webhooks.set_back(work, webhook=webhook)
            continue
        if found.items or _far(place, found.place):
            webhooks.enqueue(work, webhook=webhook, after=place, until=found.place, changes=len(found.items))
            made += bool(found.items)
    return made


def _far(place: Place, reached: Place) -> bool:
    """Whether so much was looked through in vain that it should not be looked through again a second later."""
    return reached.tree_id != place.tree_id or reached.seq - place.seq >= IN_VAIN


def body_of(work: Work, message: Message) -> bytes:
    """The JSON of a message, as Standard Webhooks has it: type, timestamp, data."""
    found = changes.between(work, after=message.after, until=message.until)
    document = {
        "type": TYPES[message.kind],
        "timestamp": _instant(message.queued_at),
        "data": {
            "previous_cursor": changes.write_cursor(message.after),
            "next_cursor": changes.write_cursor(message.until),
            "changes": [told(one) for one in found],
        },
    }
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def told(change: Change) -> dict[str, object]:
    """A change in the form in which it is sent, by the feed and by webhooks alike."""
    return {
        "cursor": changes.write_cursor(change.place),
        "id": str(change.id),
        "kind": change.kind,
        "effect": change.effect.value,
        "at": _instant(change.at),
        "customers": None if change.customers is None else [str(one) for one in change.customers],
        "purpose": change.purpose,
        "channel": change.channel,
        "scope": change.scope,
        "reason": change.reason,
    }


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
