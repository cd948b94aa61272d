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
from governance.messages.webhooks.records import Message, MessageKind, WebhookId

CHANGES_IN_A_MESSAGE: Final = 500
"""Some 150 kB, which every receiver takes."""
MESSAGES_AT_ONCE: Final = 20
"""For one webhook; then others get their turn, and all that was made is sent."""
IN_VAIN: Final = 500
"""Entries of other kinds after which a webhook's place goes on without a message."""
TYPES: Final = {MessageKind.CHANGES: "consent.changed", MessageKind.TEST: "webhook.test"}


def make_messages(work: Work) -> int:
    """Make messages for each webhook that the log holds something new for; answers how many.

    A webhook whose place lies beyond the log, since an older copy of the store was restored, goes on from the newest.
    """
    made = 0
    for webhook, place in webhooks.behind(work):
        try:
            made += _make_for(work, webhook, place)
        except ConflictError:
            webhooks.set_back(work, webhook=webhook)
    return made


def _make_for(work: Work, webhook: WebhookId, place: Place) -> int:
    made = 0
    for _ in range(MESSAGES_AT_ONCE):
        found = changes.page(work, after=place, limit=CHANGES_IN_A_MESSAGE)
        if not found.items and not _far(place, found.place):
            break
        webhooks.enqueue(work, webhook=webhook, after=place, until=found.place, changes=len(found.items))
        made += bool(found.items)
        place = found.place
        if not found.more:
            break
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
