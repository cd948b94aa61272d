"""What became of messages: how many wait or failed, which went to a customer, how far one of them is."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, func, literal, select, text

from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages.outbox import NOT_TRIED, WRITTEN
from governance.messages.tables import MessageRow
from governance.messages.texts import Template
from governance.messages.transport import Line


@frozen
class Backlog:
    """What has not been delivered yet.

    Attributes:
        waiting: how many messages.
        oldest_at: since when the oldest of them waits; None where none does.
        failed: how many were given up, within the time that ended messages are kept; but for those that nobody tried
            to send.
        written: how many lie in files until there is a server to send them by.
    """

    waiting: int
    oldest_at: datetime | None
    failed: int
    written: int


@frozen
class SentMessage:
    """A message to a customer, without its words.

    Attributes:
        state: `waiting`, `sending`, `written`, `sent` or `failed`.
        contacts: ids of the customer's contacts that it went to.
    """

    template: Template
    channel: Line
    at: datetime
    state: str
    contacts: tuple[UUID, ...]


@frozen
class Fate:
    """What became of a message, without its words and its recipient.

    Attributes:
        state: as of `SentMessage`.
        failure: code of what hindered it last; None where nothing did.
    """

    channel: Line
    state: str
    failure: str | None


def backlog(work: Work) -> Backlog:
    """What has not been delivered."""
    lies, ended = MessageRow.state == WRITTEN, MessageRow.ended_at.is_not(None)
    waits = ~lies & ~ended
    counts = select(
        func.count().filter(waits),
        func.min(MessageRow.created_at).filter(waits),
        func.count().filter(ended, MessageRow.state == "failed", MessageRow.failure.not_in(NOT_TRIED)),
        func.count().filter(lies),
    )
    waiting, oldest, failed, written = work.session.execute(counts).one()
    return Backlog(waiting, oldest, failed, written)


def sent_to(work: Work, contacts: Collection[UUID]) -> list[SentMessage]:
    """Messages of the last weeks to contacts of a customer, oldest first; never what they said."""
    wanted = literal(list(contacts), ARRAY(Uuid))
    query = select(MessageRow).where(text("contact_ids <> '{}'"), MessageRow.contact_ids.bool_op("&&")(wanted))
    return [
        SentMessage(
            Template(row.template),
            Line(row.channel),
            row.created_at,
            row.state,
            tuple(one for one in row.contact_ids if one in set(contacts)),
        )
        for row in work.session.scalars(query.order_by(MessageRow.created_at, MessageRow.id))
    ]


def states_of(work: Work, ids: Collection[UUID]) -> dict[UUID, str]:
    """How far messages are; those that were deleted a month after their end are left out."""
    query = select(MessageRow.id, MessageRow.state).where(MessageRow.id.in_(ids))
    return dict(work.session.execute(query).all()) if ids else {}


def fate_of(work: Work, *, message: UUID) -> Fate | None:
    """How far a message is, and what hindered it last; None where there is none of this id."""
    query = select(MessageRow.channel, MessageRow.state, MessageRow.failure).where(MessageRow.id == message)
    found = work.session.execute(query).one_or_none()
    return None if found is None else Fate(Line(found.channel), found.state, found.failure)
