"""Telling webhooks how requests go: each step once, in the order of the log; ids, codes and days, nothing personal.

A message never says whom a request is about: an unproved request must not tell whether somebody is known.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from governance.audit.actions import Action
from governance.audit.entries import Json
from governance.audit.following import Place, PlacedFacts, last_after, require_reached, told_between
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages.webhooks import making
from governance.messages.webhooks.making import instant, write_cursor
from governance.messages.webhooks.records import Message, MessageKind, Topic

SCAN: Final = 20_000
"""Entries of the log looked through at once."""
LIMIT: Final = 1_000
TYPES: Final = {MessageKind.CHANGES: "request.changed", MessageKind.TEST: "webhook.test"}
EVENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Action.REQUEST_RECEIVED.value: "received",
        Action.REQUEST_IDENTITY_ASKED.value: "identity_asked",
        Action.REQUEST_PROVED.value: "proved",
        Action.REQUEST_ASKED.value: "asked",
        Action.REQUEST_REPLIED.value: "replied",
        Action.REQUEST_RESUMED.value: "resumed",
        Action.REQUEST_EXTENDED.value: "extended",
        Action.REQUEST_SUBMITTED.value: "submitted",
        Action.REQUEST_APPROVED.value: "approved",
        Action.REQUEST_SENT_BACK.value: "sent_back",
        Action.REQUEST_STARTED.value: "started",
        Action.REQUEST_COMPLETED.value: "completed",
        Action.REQUEST_REFUSED.value: "refused",
        Action.REQUEST_WITHDRAWN.value: "withdrawn",
        Action.REQUEST_EXPIRED.value: "expired",
        Action.REQUEST_JOINED.value: "joined",
    }
)
"""What is told of, by the act in the log: every step from one state to another, and more time."""
_ACTIONS: Final = [one for one in Action if one.value in EVENTS]


@frozen
class Changes:
    """Steps of requests, in the order of the log, up to a place; `more` where the log goes on beyond it."""

    items: tuple[PlacedFacts, ...]
    place: Place
    more: bool


def make_messages(work: Work) -> int:
    """Make messages for each webhook that follows requests; answers how many."""
    return making.make_messages(work, topic=Topic.REQUESTS, page=page)


def body_of(work: Work, message: Message) -> bytes:
    """The JSON of a message; the same whenever it is asked for."""
    found = between(work, after=message.after, until=message.until)
    return making.body(message, kind=TYPES[message.kind], changes=[told(one) for one in found])


def page(work: Work, *, after: Place, limit: int = LIMIT) -> Changes:
    """Up to *limit* steps of requests among the next entries of the log after a place.

    Raises:
        ConflictError: the log has not come so far.
    """
    newest = require_reached(work, after)
    until = last_after(work, after, limit=SCAN)
    found = told_between(work, actions=_ACTIONS, after=after, until=until)
    if len(found) > limit:
        found = found[:limit]
        until = found[-1].place
    return Changes(tuple(found), until, more=until < newest)


def between(work: Work, *, after: Place, until: Place) -> list[PlacedFacts]:
    """All steps of requests after one place and up to another."""
    return told_between(work, actions=_ACTIONS, after=after, until=until)


def told(step: PlacedFacts) -> dict[str, object]:
    """A step in the form in which it is sent."""
    return {
        "cursor": write_cursor(step.place),
        "id": str(step.eid),
        "request": None if step.object is None else str(step.object.id),
        "event": EVENTS[step.action],
        "kind": _text(step.facts.get("kind")),
        "state": _text(step.facts.get("state")),
        "at": instant(step.at),
        "due_on": _text(step.facts.get("due_on")),
    }


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
