"""Receivers: set up, listed, given a new secret, removed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypedDict

from psycopg.errors import UniqueViolation
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.audit.following import BEGINNING, Place, newest_place
from governance.kernel.errors import ConflictError, InvalidError, NotFoundError
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.work import Work
from governance.messages.webhooks.addresses import Target, parse
from governance.messages.webhooks.records import MessageState, NewWebhook, Topic, Webhook, WebhookId
from governance.messages.webhooks.tables import WebhookMessageRow, WebhookRow
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

SECRET_BYTES: Final = 32
PREFIX: Final = "whsec_"
NAME_LENGTH: Final = 100
OVERLAP: Final = timedelta(hours=24)
"""How long messages are signed with the old secret as well."""


class Signing(TypedDict):
    """A secret as it is kept: what messages are signed with, and until when; the newest has no end."""

    secret: str
    until: str | None


def create(
    work: Work, *, name: str, url: str, topic: Topic = Topic.CONSENTS, from_beginning: bool = False
) -> NewWebhook:
    """Set up a receiver and make its secret; *name* is that of the system, never of a person.

    It is told of one topic: of what comes from now on, or of everything that the log holds.

    Raises:
        InvalidError: name or address cannot be used.
        ConflictError: another receiver has this name.
    """
    told = name.strip()
    if not 1 <= len(told) <= NAME_LENGTH or not told.isprintable():
        raise InvalidError("This name cannot be used.", errors={"name": [f"1 to {NAME_LENGTH} printable characters."]})
    parse(url)
    secret = _new_secret()
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.MESSAGE, [owner])
    place = BEGINNING if from_beginning else newest_place(work)
    row = WebhookRow(
        owner_id=owner,
        name=told,
        topic=topic.value,
        url=url,
        secrets=[Signing(secret=secret, until=None)],
        created_at=work.now,
        tree_id=place.tree_id,
        seq=place.seq,
        numbered=0,
        failures=0,
        next_attempt_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise ConflictError("A webhook of this name exists.", errors={"name": ["Taken."]}) from None
        raise
    facts = {"from_beginning": from_beginning, "topic": topic.value}
    audit.append(work, Action.WEBHOOK_CREATED, object=ObjectRef("webhook", row.id), facts=facts)
    return NewWebhook(_shown(work, [row])[0], secret)


def listed(work: Work) -> list[Webhook]:
    """All receivers, by name."""
    return _shown(work, work.session.scalars(select(WebhookRow).order_by(WebhookRow.name)).all())


def read(work: Work, *, webhook: WebhookId) -> Webhook:
    """One receiver.

    Raises:
        NotFoundError: there is none of this id.
    """
    return _shown(work, [found(work, webhook)])[0]


def renew_secret(work: Work, *, webhook: WebhookId) -> NewWebhook:
    """Give a receiver a new secret; for a day messages carry a signature by the old one as well.

    Raises:
        NotFoundError: there is none of this id.
    """
    row = found(work, webhook, lock=True)
    secret = _new_secret()
    until = (work.now + OVERLAP).isoformat()
    kept: list[Signing] = [{**one, "until": one["until"] or until} for one in in_force(row, work.now)]
    row.secrets = [Signing(secret=secret, until=None), *kept]
    work.session.flush()
    audit.append(work, Action.WEBHOOK_SECRET_RENEWED, object=ObjectRef("webhook", row.id))
    return NewWebhook(_shown(work, [row])[0], secret)


def remove(work: Work, *, webhook: WebhookId) -> None:
    """Remove a receiver with its messages.

    Raises:
        NotFoundError: there is none of this id.
    """
    row = found(work, webhook, lock=True)
    work.session.delete(row)
    work.session.flush()
    audit.append(work, Action.WEBHOOK_REMOVED, object=ObjectRef("webhook", webhook))


def found(work: Work, webhook: WebhookId, *, lock: bool = False) -> WebhookRow:
    """The row of a receiver.

    Raises:
        NotFoundError: there is none of this id.
    """
    row = work.session.get(WebhookRow, webhook, with_for_update=True if lock else None, populate_existing=lock)
    if row is None:
        raise NotFoundError("There is no such webhook.")
    return row


def target_of(row: WebhookRow) -> Target:
    """Where messages to a receiver go."""
    return parse(row.url or "")


def in_force(row: WebhookRow, at: datetime) -> list[Signing]:
    """The secrets that messages are signed with at an instant, the newest first."""
    kept: Sequence[Signing] = row.secrets or ()
    return [one for one in kept if one["until"] is None or datetime.fromisoformat(one["until"]) > at]


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def _shown(work: Work, rows: Sequence[WebhookRow]) -> list[Webhook]:
    state = WebhookMessageRow.state
    query = select(WebhookMessageRow.webhook_id, state, func.count()).where(
        WebhookMessageRow.webhook_id.in_([row.id for row in rows]), state != MessageState.DELIVERED
    )
    counts = {(one, code): number for one, code, number in work.session.execute(query.group_by("webhook_id", "state"))}
    return [
        Webhook(
            id=WebhookId(row.id),
            name=row.name,
            topic=Topic(row.topic),
            host=target_of(row).authority,
            created_at=row.created_at,
            place=Place(row.tree_id, row.seq),
            waiting=counts.get((row.id, MessageState.WAITING), 0),
            failed=counts.get((row.id, MessageState.FAILED), 0),
            failures=row.failures,
            failing_since=row.failing_since,
            next_attempt_at=row.next_attempt_at,
        )
        for row in rows
    ]
