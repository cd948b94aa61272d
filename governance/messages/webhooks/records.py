"""What webhooks look like from outside, and the codes of their messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from governance.audit.following import Place
from governance.kernel.records import frozen

WebhookId = NewType("WebhookId", UUID)
MessageId = NewType("MessageId", UUID)
"""Stays the same however often a message is sent: the receiver knows by it what it has taken already."""


class Topic(StrEnum):
    """What a receiver is told of."""

    CONSENTS = "consents"
    """Whatever the answer of a send check depends on."""
    STOPS = "stops"
    """Of the former what stops a sender at once, so that it waits behind nothing else."""
    REQUESTS = "requests"
    """How requests of data subjects stand."""


class MessageKind(StrEnum):
    """What a message tells."""

    CHANGES = "changes"
    TEST = "test"


class MessageState(StrEnum):
    """How a message stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Tried for a day in vain; it can be sent again."""


@frozen
class Webhook:
    """A receiver.

    Attributes:
        topic: what it is told of.
        host: of its address; the rest may hold a secret and is not shown.
        place: place in the log up to which messages were made.
        waiting: messages that were not delivered yet.
        failed: messages that were given up and not sent again.
        failures: attempts in a row that failed.
        failing_since: when the first of those was.
        next_attempt_at: not before this instant is it tried again.
    """

    id: WebhookId
    name: str
    topic: Topic
    host: str
    created_at: datetime
    place: Place
    waiting: int
    failed: int
    failures: int
    failing_since: datetime | None
    next_attempt_at: datetime


@frozen
class NewWebhook:
    """A receiver just made, or given a new secret.

    Attributes:
        secret: `whsec_` and base64 of 32 random bytes; shown once.
    """

    webhook: Webhook
    secret: str


@frozen
class Message:
    """A message to a receiver.

    Attributes:
        topic: of the receiver.
        number: place among the messages to the receiver.
        after, until: the part of the log that it tells of.
        changes: how many changes are in it.
        queued_at: since when it waits.
        last_error: code of what went wrong with the last attempt.
        settled_at: when it was delivered or given up.
    """

    id: MessageId
    webhook: WebhookId
    topic: Topic
    number: int
    kind: MessageKind
    after: Place
    until: Place
    changes: int
    state: MessageState
    attempts: int
    queued_at: datetime
    last_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    settled_at: datetime | None


@frozen
class Messages:
    """A page of messages, newest first; `next_after` continues it, None at the end."""

    items: tuple[Message, ...]
    next_after: int | None
