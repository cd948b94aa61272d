"""Webhooks: systems that are told of changes of consents or requests as they come (Standard Webhooks)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask.views import MethodView

from governance.api.auth import guarded
from governance.api.blueprints import Blueprint
from governance.api.paging import CursorField, Page, PageQuery, encode_cursor, page_schema
from governance.api.schemas import Instant, Schema, code, flag
from governance.api.service import current_work
from governance.kernel.records import frozen
from governance.messages.webhooks import operations as webhooks
from governance.messages.webhooks.making import write_cursor
from governance.messages.webhooks.operations import Message, MessageId, MessageState, NewWebhook, Topic, WebhookId
from governance.policies.permissions import Permission

blueprint = Blueprint("webhooks", __name__, description="Systems that are told of changes as they come.")


class WebhookNew(Schema):
    """A receiver to be set up."""

    name = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 100),
        metadata={"description": "Of the system, never of a person."},
    )
    topic = code(
        Topic,
        load_default=Topic.CONSENTS,
        metadata={
            "description": "consents: what the send check depends on; stops: of that what stops a sender at once, "
            "ahead of all else; requests: how requests stand."
        },
    )
    url = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 2000),
        metadata={"description": "https; plain http for a receiver on the service's own host only."},
    )
    from_beginning = flag(
        load_default=False, metadata={"description": "Tell of all that ever changed, not only of what comes from now."}
    )


class WebhookShown(Schema):
    """A receiver."""

    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    topic = code(Topic, required=True)
    host = ma.fields.String(required=True, metadata={"description": "Of its address; the rest is not shown."})
    created_at = Instant(required=True)
    cursor = ma.fields.Function(
        lambda webhook: write_cursor(webhook.place),
        metadata={"type": "string", "description": "Cursor of the feed up to which messages were made."},
    )
    waiting = ma.fields.Integer(required=True, metadata={"description": "Messages that were not delivered yet."})
    failed = ma.fields.Integer(required=True, metadata={"description": "Messages that were given up after a day."})
    failures = ma.fields.Integer(required=True, metadata={"description": "Attempts in a row that failed."})
    failing_since = Instant(required=True, allow_none=True)
    next_attempt_at = Instant(required=True)


class WebhookMade(WebhookShown):
    """A receiver with its new secret."""

    secret = ma.fields.String(
        required=True, metadata={"description": "`whsec_...`: messages are signed with it. Shown once."}
    )


class WebhookMessage(Schema):
    """A message to a receiver."""

    id = ma.fields.UUID(required=True, metadata={"description": "Sent as `webhook-id: msg_<32 hexadecimal digits>`."})
    number = ma.fields.Integer(required=True)
    kind = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    previous_cursor = ma.fields.Function(lambda message: write_cursor(message.after), metadata={"type": "string"})
    next_cursor = ma.fields.Function(lambda message: write_cursor(message.until), metadata={"type": "string"})
    changes = ma.fields.Integer(required=True)
    attempts = ma.fields.Integer(required=True)
    queued_at = Instant(required=True)
    last_attempt_at = Instant(required=True, allow_none=True)
    last_status = ma.fields.Integer(required=True, allow_none=True)
    last_error = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "refused, redirected, unreachable, timeout, tls, broken_off or forbidden_address."},
    )
    settled_at = Instant(required=True, allow_none=True)


class MessageQuery(PageQuery):
    """Which messages."""

    cursor = CursorField(int, load_default=None, metadata={"description": "`next_cursor` of the page before."})
    state = code(MessageState, load_default=None)


class Resending(Schema):
    """What is to be sent again."""

    messages = ma.fields.List(
        ma.fields.UUID(),
        load_default=None,
        allow_none=True,
        validate=ma.validate.Length(1, 1000),
        metadata={"description": "Ids of messages that were given up; all of them where nothing is said."},
    )


class Resent(Schema):
    """How many messages wait again."""

    messages = ma.fields.Integer(required=True)


MessagePage = page_schema(WebhookMessage, "WebhookMessagePage")


@frozen
class _Resent:
    messages: int


@frozen
class _Made(webhooks.Webhook):
    secret: str


def _made(new: NewWebhook) -> _Made:
    shown = {one.name: getattr(new.webhook, one.name) for one in fields(new.webhook)}
    return _Made(**shown, secret=new.secret)


@blueprint.route("/webhooks")
class Webhooks(MethodView):
    """Receivers."""

    @guarded(Permission.WEBHOOKS_READ)
    @blueprint.response(200, WebhookShown(many=True))
    def get(self) -> Sequence[webhooks.Webhook]:
        """List the receivers, by name."""
        return webhooks.listed(current_work())

    @guarded(Permission.WEBHOOKS_EDIT)
    @blueprint.arguments(WebhookNew)
    @blueprint.response(201, WebhookMade)
    def post(self, new: Mapping[str, Any]) -> _Made:
        """Set a receiver up; its secret is shown in this answer and never again."""
        return _made(webhooks.create(current_work(), **new))


@blueprint.route("/webhooks/<uuid:webhook>")
class OneWebhook(MethodView):
    """A receiver."""

    @guarded(Permission.WEBHOOKS_READ)
    @blueprint.response(200, WebhookShown)
    def get(self, webhook: UUID) -> webhooks.Webhook:
        """Show a receiver, and how it is reached."""
        return webhooks.read(current_work(), webhook=WebhookId(webhook))

    @guarded(Permission.WEBHOOKS_EDIT)
    @blueprint.response(204)
    def delete(self, webhook: UUID) -> None:
        """Remove a receiver with its messages."""
        webhooks.remove(current_work(), webhook=WebhookId(webhook))


@blueprint.route("/webhooks/<uuid:webhook>/secrets")
class WebhookSecrets(MethodView):
    """Secrets of a receiver."""

    @guarded(Permission.WEBHOOKS_EDIT)
    @blueprint.response(201, WebhookMade)
    def post(self, webhook: UUID) -> _Made:
        """Make a new secret; for a day messages carry a signature by the old one as well."""
        return _made(webhooks.renew_secret(current_work(), webhook=WebhookId(webhook)))


@blueprint.route("/webhooks/<uuid:webhook>/tests")
class WebhookTests(MethodView):
    """Messages that try a receiver."""

    @guarded(Permission.WEBHOOKS_EDIT)
    @blueprint.response(201, WebhookMessage)
    def post(self, webhook: UUID) -> Message:
        """Send a message of type `webhook.test`, which tells of no change."""
        return webhooks.enqueue_test(current_work(), webhook=WebhookId(webhook))


@blueprint.route("/webhooks/<uuid:webhook>/messages")
class WebhookMessages(MethodView):
    """Messages to a receiver."""

    @guarded(Permission.WEBHOOKS_READ)
    @blueprint.arguments(MessageQuery, location="query")
    @blueprint.response(200, MessagePage)
    def get(self, query: Mapping[str, Any], webhook: UUID) -> Page[Message]:
        """List messages, newest first; `state=failed` for those that could not be delivered."""
        after = query["cursor"][0] if query["cursor"] else None
        found = webhooks.messages(
            current_work(), webhook=WebhookId(webhook), state=query["state"], after=after, limit=query["limit"]
        )
        return Page(found.items, None if found.next_after is None else encode_cursor(found.next_after))


@blueprint.route("/webhooks/<uuid:webhook>/resendings")
class Resendings(MethodView):
    """Sending again."""

    @guarded(Permission.WEBHOOKS_EDIT)
    @blueprint.arguments(Resending)
    @blueprint.response(200, Resent)
    def post(self, order: Mapping[str, Any], webhook: UUID) -> _Resent:
        """Send messages again that were given up, before all newer ones."""
        only = None if order["messages"] is None else [MessageId(one) for one in order["messages"]]
        return _Resent(webhooks.send_again(current_work(), webhook=WebhookId(webhook), only=only))
