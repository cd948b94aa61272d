"""Making messages for the receivers of a topic, out of what is new in the log; what they say comes from above."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from governance.audit.following import Place
from governance.kernel.errors import ConflictError
from governance.kernel.work import Work
from governance.messages.webhooks.queue import behind, enqueue, set_back
from governance.messages.webhooks.records import Message, Topic, WebhookId

CHANGES_IN_A_MESSAGE: Final = 500
"""Some 150 kB, which every receiver takes."""
MESSAGES_AT_ONCE: Final = 20
"""For one webhook; then others get their turn, and all that was made is sent."""
IN_VAIN: Final = 500
"""Entries of other kinds after which a webhook's place goes on without a message."""


class Found(Protocol):
    """A page of what changed: what there is, how far the log was read, and whether it goes on."""

    @property
    def items(self) -> Sequence[object]:
        """The changes, in the order of the log."""

    @property
    def place(self) -> Place:
        """Up to which the log was read."""

    @property
    def more(self) -> bool:
        """Whether the log goes on beyond it."""


class Finding(Protocol):
    """Looks through the log after a place."""

    def __call__(self, work: Work, *, after: Place, limit: int) -> Found:
        """Up to *limit* changes; raises ConflictError where the log has not come so far."""


def make_messages(work: Work, *, topic: Topic, page: Finding) -> int:
    """Make messages for each webhook of a topic that the log holds something new for; answers how many.

    A webhook whose place lies beyond the log, since an older copy of the store was restored, goes on from the newest.
    """
    made = 0
    for webhook, place in behind(work, topic=topic):
        try:
            made += _make_for(work, webhook, place, page)
        except ConflictError:
            set_back(work, webhook=webhook)
    return made


def _make_for(work: Work, webhook: WebhookId, place: Place, page: Finding) -> int:
    made = 0
    for _ in range(MESSAGES_AT_ONCE):
        found = page(work, after=place, limit=CHANGES_IN_A_MESSAGE)
        if not found.items and not _far(place, found.place):
            break
        enqueue(work, webhook=webhook, after=place, until=found.place, changes=len(found.items))
        made += bool(found.items)
        place = found.place
        if not found.more:
            break
    return made


def _far(place: Place, reached: Place) -> bool:
    """Whether so much was looked through in vain that it should not be looked through again a second later."""
    return reached.tree_id != place.tree_id or reached.seq - place.seq >= IN_VAIN


def body(message: Message, *, kind: str, changes: Sequence[Mapping[str, object]]) -> bytes:
    """The JSON of a message, as Standard Webhooks has it: type, timestamp, data."""
    document = {
        "type": kind,
        "timestamp": instant(message.queued_at),
        "data": {
            "previous_cursor": write_cursor(message.after),
            "next_cursor": write_cursor(message.until),
            "changes": list(changes),
        },
    }
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def write_cursor(place: Place) -> str:
    """A place as followers keep it: number of the audit tree, colon, number of the entry."""
    return f"{place.tree_id}:{place.seq}"


def instant(at: datetime) -> str:
    """RFC 3339."""
    return at.isoformat().replace("+00:00", "Z")
