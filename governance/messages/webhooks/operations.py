"""Every verb of the webhooks."""

from governance.messages.webhooks.endpoints import create, listed, read, remove, renew_secret
from governance.messages.webhooks.findings import findings
from governance.messages.webhooks.queue import behind, enqueue, enqueue_test, messages, purge, send_again, set_back
from governance.messages.webhooks.records import (
    Message,
    MessageId,
    MessageKind,
    Messages,
    MessageState,
    NewWebhook,
    Topic,
    Webhook,
    WebhookId,
)

__all__ = [
    "Message",
    "MessageId",
    "MessageKind",
    "MessageState",
    "Messages",
    "NewWebhook",
    "Topic",
    "Webhook",
    "WebhookId",
    "behind",
    "create",
    "enqueue",
    "enqueue_test",
    "findings",
    "listed",
    "messages",
    "purge",
    "read",
    "remove",
    "renew_secret",
    "send_again",
    "set_back",
]
