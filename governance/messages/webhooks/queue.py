"""Messages of a receiver, one after another: made, claimed under a lease, settled, given up, sent again.

While the first message waits, none after it is sent. The pause between attempts belongs to the receiver. What has
waited for a day when an attempt fails is given up, so that a receiver which is back after a week begins with the fresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select, update

from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import Fact, ObjectRef
from governance.audit.following import Place, newest_place
from governance.kernel.ids import uuid4
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages.webhooks.addresses import Target
from governance.messages.webhooks.endpoints import found, in_force, target_of
from governance.messages.webhooks.posting import Answer
from governance.messages.webhooks.records import (
    Message,
    MessageId,
    MessageKind,
    Messages,
    MessageState,
    Topic,
    WebhookId,
)
from governance.messages.webhooks.tables import WebhookMessageRow, WebhookRow

LEASE: Final = timedelta(seconds=120)
"""Longer than an attempt can take; whoever holds it longer has died."""
GIVE_UP_AFTER: Final = timedelta(days=1)
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=90)
"""How long settled messages are listed."""
WAITING_LIMIT: Final = 1000
"""No more messages are made for a receiver that has so many waiting; its place in the log waits as well."""


@frozen
class Claimed:
    """A message in the hands of one process.

    Attributes:
        lease: names the process; a result without it does not count.
        secrets: to sign with, the newest first.
    """

    message: Message
    lease: UUID
    target: Target
    secrets: tuple[str, ...]


def enqueue(work: Work, *, webhook: WebhookId, after: Place, until: Place, changes: int) -> None:
    """Go on from one place in the log to another, and make a message of the changes on the way, where there are any.

    Nothing is done where another process has gone on from there, or somebody has removed the receiver.
    """
    row = work.session.get(WebhookRow, webhook, with_for_update=True, populate_existing=True)
    if row is None or Place(row.tree_id, row.seq) != after or until <= after:
        return
    if changes:
        _add(work, row, MessageKind.CHANGES, after, until, changes)
    row.tree_id, row.seq = until
    work.session.flush()


def set_back(work: Work, *, webhook: WebhookId) -> None:
    """Go on from the newest place of the log: the place that was kept lies beyond it, in a copy that is no more."""
    row = found(work, webhook, lock=True)
    row.tree_id, row.seq = newest_place(work)
    work.session.flush()


def enqueue_test(work: Work, *, webhook: WebhookId) -> Message:
    """Make a message without changes, to try the receiver.

    Raises:
        NotFoundError: there is no such receiver.
    """
    row = found(work, webhook, lock=True)
    here = Place(row.tree_id, row.seq)
    made = _add(work, row, MessageKind.TEST, here, here, 0)
    row.next_attempt_at = work.now
    work.session.flush()
    return told(made, Topic(row.topic))


def behind(work: Work, *, topic: Topic) -> list[tuple[WebhookId, Place]]:
    """Receivers of a topic that further messages may be made for, with their places in the log."""
    waiting = (
        select(func.count())
        .where(WebhookMessageRow.webhook_id == WebhookRow.id, WebhookMessageRow.state == MessageState.WAITING)
        .correlate(WebhookRow)
        .scalar_subquery()
    )
    query = select(WebhookRow.id, WebhookRow.tree_id, WebhookRow.seq).where(
        WebhookRow.topic == topic.value, waiting < WAITING_LIMIT
    )
    return [(WebhookId(one), Place(tree_id, seq)) for one, tree_id, seq in work.session.execute(query)]


def due(work: Work, *, limit: int) -> list[WebhookId]:
    """Receivers that have a message waiting, may be tried now, and are in nobody's hands."""
    waiting = select(WebhookMessageRow.id).where(
        WebhookMessageRow.webhook_id == WebhookRow.id, WebhookMessageRow.state == MessageState.WAITING
    )
    free = or_(WebhookRow.leased_until.is_(None), WebhookRow.leased_until <= work.now)
    query = select(WebhookRow.id).where(WebhookRow.next_attempt_at <= work.now, free, waiting.exists())
    return [WebhookId(one) for one in work.session.scalars(query.order_by(WebhookRow.next_attempt_at).limit(limit))]


def claim(work: Work, *, webhook: WebhookId) -> Claimed | None:
    """Take the first message that waits into one's hands; None where there is none, or somebody else has it."""
    free = or_(WebhookRow.leased_until.is_(None), WebhookRow.leased_until <= work.now)
    query = select(WebhookRow).where(WebhookRow.id == webhook, WebhookRow.next_attempt_at <= work.now, free)
    row = work.session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    message = None if row is None else work.session.scalars(_waiting(row.id).limit(1)).one_or_none()
    if row is None or message is None:
        return None
    row.lease, row.leased_until = uuid4(), work.now + LEASE
    message.attempts, message.last_attempt_at = message.attempts + 1, work.now
    work.session.flush()
    signing = tuple(one["secret"] for one in in_force(row, work.now))
    return Claimed(told(message, Topic(row.topic)), row.lease, target_of(row), signing)


def settle(work: Work, *, claimed: Claimed, answer: Answer) -> bool:
    """Write down what came of an attempt; answers whether the next message may follow at once.

    Nothing is written where the lease was lost: then somebody else has sent the message again.
    """
    row = work.session.get(WebhookRow, claimed.message.webhook, with_for_update=True, populate_existing=True)
    message = work.session.get(WebhookMessageRow, claimed.message.id, populate_existing=True)
    if row is None or message is None or row.lease != claimed.lease:
        return False
    row.lease = row.leased_until = None
    message.last_status, message.last_error = answer.status, answer.error
    if answer.error is None:
        _delivered(work, row, message)
        return True
    _failed(work, row, answer)
    return False


def messages(
    work: Work, *, webhook: WebhookId, state: MessageState | None = None, after: int | None = None, limit: int = 50
) -> Messages:
    """Messages of a receiver, newest first: those that stand in *state*, from before the number *after*.

    Raises:
        NotFoundError: there is no such receiver.
    """
    topic = Topic(found(work, webhook).topic)
    query = select(WebhookMessageRow).where(WebhookMessageRow.webhook_id == webhook)
    if state is not None:
        query = query.where(WebhookMessageRow.state == state)
    if after is not None:
        query = query.where(WebhookMessageRow.number < after)
    rows = work.session.scalars(query.order_by(WebhookMessageRow.number.desc()).limit(limit + 1)).all()
    return Messages(
        tuple(told(one, topic) for one in rows[:limit]), rows[limit - 1].number if len(rows) > limit else None
    )


def send_again(work: Work, *, webhook: WebhookId, only: Sequence[MessageId] | None = None) -> int:
    """Let messages that were given up, all or *only* these, wait again before all newer ones; answers how many.

    Raises:
        NotFoundError: there is no such receiver.
    """
    row = found(work, webhook, lock=True)
    change = update(WebhookMessageRow).where(
        WebhookMessageRow.webhook_id == webhook, WebhookMessageRow.state == MessageState.FAILED
    )
    if only is not None:
        change = change.where(WebhookMessageRow.id.in_(only))
    fresh = {"state": MessageState.WAITING, "settled_at": None, "queued_at": work.now}
    again = len(work.session.scalars(change.values(fresh).returning(WebhookMessageRow.id)).all())
    if again:
        row.next_attempt_at = work.now
        work.session.flush()
        about = ObjectRef("webhook", webhook)
        audit.append(work, Action.WEBHOOK_RESENT, object=about, facts={"messages": again})
    return again


def purge(work: Work) -> int:
    """Forget messages that were settled three months ago; answers how many."""
    old = delete(WebhookMessageRow).where(WebhookMessageRow.settled_at < work.now - KEPT)
    return len(work.session.scalars(old.returning(WebhookMessageRow.id)).all())


def told(row: WebhookMessageRow, topic: Topic) -> Message:
    """A message as it is shown."""
    return Message(
        id=MessageId(row.id),
        webhook=WebhookId(row.webhook_id),
        topic=topic,
        number=row.number,
        kind=MessageKind(row.kind),
        after=Place(row.after_tree, row.after_seq),
        until=Place(row.until_tree, row.until_seq),
        changes=row.changes,
        state=MessageState(row.state),
        attempts=row.attempts,
        queued_at=row.queued_at,
        last_attempt_at=row.last_attempt_at,
        last_status=row.last_status,
        last_error=row.last_error,
        settled_at=row.settled_at,
    )


def _add(work: Work, row: WebhookRow, kind: MessageKind, after: Place, until: Place, changes: int) -> WebhookMessageRow:
    row.numbered += 1
    message = WebhookMessageRow(
        webhook_id=row.id,
        number=row.numbered,
        kind=kind,
        after_tree=after.tree_id,
        after_seq=after.seq,
        until_tree=until.tree_id,
        until_seq=until.seq,
        changes=changes,
        state=MessageState.WAITING,
        attempts=0,
        queued_at=work.now,
    )
    work.session.add(message)
    work.session.flush()
    return message


def _waiting(webhook: UUID) -> Select[WebhookMessageRow]:
    waiting = (WebhookMessageRow.webhook_id == webhook, WebhookMessageRow.state == MessageState.WAITING)
    return select(WebhookMessageRow).where(*waiting).order_by(WebhookMessageRow.number)


def _delivered(work: Work, row: WebhookRow, message: WebhookMessageRow) -> None:
    row.failures, row.failing_since, row.next_attempt_at = 0, None, work.now
    message.state, message.settled_at = MessageState.DELIVERED, work.now
    work.session.flush()
    facts: dict[str, Fact] = {
        "kind": "webhook",
        "changes": message.changes,
        "attempts": message.attempts,
        "status": message.last_status,
    }
    audit.append(work, Action.MESSAGE_SENT, object=ObjectRef("webhook-message", message.id), facts=facts)


def _failed(work: Work, row: WebhookRow, answer: Answer) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(row.failures, 20), LONGEST_PAUSE)
    row.failures += 1
    row.failing_since = row.failing_since or work.now
    row.next_attempt_at = work.now + max(pause, timedelta(seconds=answer.retry_after_seconds or 0))
    work.session.flush()
    late = update(WebhookMessageRow).where(
        WebhookMessageRow.webhook_id == row.id,
        WebhookMessageRow.state == MessageState.WAITING,
        WebhookMessageRow.queued_at <= work.now - GIVE_UP_AFTER,
    )
    settled = {"state": MessageState.FAILED, "settled_at": work.now}
    given_up = len(work.session.scalars(late.values(settled).returning(WebhookMessageRow.id)).all())
    if given_up:
        facts: dict[str, Fact] = {
            "kind": "webhook",
            "messages": given_up,
            "status": answer.status,
            "error": answer.error,
        }
        about = ObjectRef("webhook", row.id)
        audit.append(work, Action.MESSAGE_FAILED, object=about, facts=facts, outcome=Outcome.FAILED)
