"""What is wrong with webhooks, for the doctor."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from governance.custody.findings import Finding, Level
from governance.kernel.work import Work
from governance.messages.webhooks.endpoints import listed
from governance.messages.webhooks.records import Webhook

LATE: Final = timedelta(hours=1)


def findings(work: Work) -> list[Finding]:
    """Receivers that are not reached, and messages that were given up."""
    return [finding for webhook in listed(work) for finding in (*_silent(work, webhook), *_given_up(webhook))]


def _silent(work: Work, webhook: Webhook) -> Iterator[Finding]:
    if webhook.failing_since is not None and work.now - webhook.failing_since > LATE:
        yield Finding(
            "webhook-not-reached",
            Level.WARNING,
            f"The webhook {webhook.id} has not been reached since {webhook.failing_since:%Y-%m-%d %H:%M} UTC; "
            f"{webhook.waiting} messages wait.",
            f"governance webhooks messages {webhook.id} names the reason; mend the receiver, or remove the webhook",
            {"webhook": str(webhook.id), "count": str(webhook.waiting)},
        )


def _given_up(webhook: Webhook) -> Iterator[Finding]:
    if webhook.failed:
        yield Finding(
            "webhook-gave-up",
            Level.WARNING,
            f"{webhook.failed} messages to the webhook {webhook.id} were given up after a day.",
            f"governance webhooks resend {webhook.id}",
            {"webhook": str(webhook.id), "count": str(webhook.failed)},
        )
