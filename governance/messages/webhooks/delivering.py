"""The telling: a lease, a call without an open transaction, a result. Safe to run on any number of hosts.

A message is sent at least once. A process that dies in the call loses its lease after two minutes, and another sends
the message again under the same id.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

from standardwebhooks.webhooks import Webhook as Signer

from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen
from governance.kernel.work import SYSTEM, Work, open_work
from governance.messages.webhooks import queue
from governance.messages.webhooks.addresses import Resolver
from governance.messages.webhooks.posting import Answer, post
from governance.messages.webhooks.queue import Claimed
from governance.messages.webhooks.records import Message, WebhookId

AT_ONCE: Final = 8
"""Receivers that are spoken to at the same time; a slow one holds up none but itself."""
IN_A_ROW: Final = 50
"""Messages to one receiver before others get a turn."""

Content = Callable[[Work, Message], bytes]
"""From a message to its JSON body; the same for the same message, whenever it is sent."""

log = get_logger(__name__)


@frozen
class Line:
    """What deliveries go over.

    Attributes:
        content: makes the body of a message.
        resolver: from names to addresses; the system's own where none is given.
    """

    database: Database
    clock: Clock
    content: Content
    resolver: Resolver | None = None


def headers_of(claimed: Claimed, *, body: bytes, at: datetime) -> dict[str, str]:
    """Headers of a message: its id, the instant, and a signature by each secret in force (Standard Webhooks 1.0.0)."""
    name = f"msg_{claimed.message.id.hex}"
    instant = at.astimezone(UTC)
    signatures = [Signer(secret).sign(name, instant, body.decode("utf-8")) for secret in claimed.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "governance-webhooks/1",
        "webhook-id": name,
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def deliver_next(line: Line, webhook: WebhookId) -> bool:
    """Send the first message that waits for a receiver; answers whether another may follow at once."""
    with open_work(line.database, SYSTEM, clock=line.clock) as work:
        claimed = queue.claim(work, webhook=webhook)
        body = None if claimed is None else line.content(work, claimed.message)
    if claimed is None or body is None:
        return False
    headers = headers_of(claimed, body=body, at=line.clock.now())
    answer = post(claimed.target, body=body, headers=headers, resolver=line.resolver)
    with open_work(line.database, SYSTEM, clock=line.clock) as work:
        more = queue.settle(work, claimed=claimed, answer=answer)
    _report(claimed, answer)
    return more


def _report(claimed: Claimed, answer: Answer) -> None:
    told = {"webhook": str(claimed.message.webhook), "message": str(claimed.message.id), "status": answer.status}
    if answer.error is None:
        log.info("webhooks.delivered", **told, changes=claimed.message.changes)
    else:
        log.warning("webhooks.not_delivered", **told, error=answer.error, attempt=claimed.message.attempts)


class Postman:
    """Delivers to many receivers at a time, to each in order. `step` is quick; the calls run in threads of their own.

    Args:
        line: what deliveries go over.
        stopping: set when no further message is to be begun.
    """

    def __init__(self, line: Line, *, stopping: threading.Event) -> None:
        self._line = line
        self._stopping = stopping
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhooks")
        self._under_way: dict[WebhookId, Future[None]] = {}

    def step(self) -> None:
        """Begin to deliver to those that are due; an error of an earlier delivery that nobody named is raised here."""
        for webhook, future in list(self._under_way.items()):
            if future.done():
                del self._under_way[webhook]
                future.result()
        free = AT_ONCE - len(self._under_way)
        if free <= 0 or self._stopping.is_set():
            return
        with open_work(self._line.database, SYSTEM, clock=self._line.clock) as work:
            found = queue.due(work, limit=AT_ONCE * 2)
        for webhook in [one for one in found if one not in self._under_way][:free]:
            self._under_way[webhook] = self._pool.submit(self._deliver, webhook)

    def close(self) -> None:
        """Wait for the calls that are under way, and begin no other."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, webhook: WebhookId) -> None:
        for _ in range(IN_A_ROW):
            if self._stopping.is_set() or not deliver_next(self._line, webhook):
                return
