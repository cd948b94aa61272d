"""The outbox: messages are put in with what makes them necessary, handed out one by one, and forgotten at the end.

A message that is handed out is lent for a time. If whoever has it dies, it is handed out again: better twice than
never, and its `Message-ID` stays the same, so that mailboxes can tell.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, NewType
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import Fact, ObjectRef
from governance.custody.shredding import Reason, shred
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages.tables import MessageRow
from governance.messages.texts import Template, Values, language_of
from governance.messages.transport import Attempt, Ending, Line
from governance.messages.wording import VERSION, version_in_force, words_of
from governance.vault.compartments import OwnerKind
from governance.vault.errors import ShreddedError
from governance.vault.runtime import vault_of

MessageId = NewType("MessageId", UUID)

LENT_FOR: Final = timedelta(minutes=10)
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)
MOST_ATTEMPTS: Final = 16
"""With the pauses between them, about two days."""
FORGOTTEN_AT_ONCE: Final = 500
ENDED_KEPT: Final = timedelta(days=30)
WRITTEN: Final = "written"
ONLY_WRITTEN: Final = "only-written"
"""Why a message ended that lay in a file until it was out of date."""
ERASED: Final = "erased"
"""Why one ended whose recipient was erased."""
NOT_TRIED: Final = (ONLY_WRITTEN, ERASED)


@frozen
class Lent:
    """A message handed out for delivery.

    Attributes:
        channel: how it goes out.
        recipient: address, or number in E.164.
        unsubscribe_url: one-click address (RFC 8058) of a message that advertises.
        own: the controller's own words that it was put on its way in; None for those shipped.
    """

    id: MessageId
    channel: Line
    template: Template
    language: str
    recipient: str
    values: Values
    unsubscribe_url: str | None
    attempt: int
    created_at: datetime
    own: str | None = None


def enqueue(
    work: Work,
    *,
    template: Template,
    language: str | None,
    recipient: str,
    values: Mapping[str, str | int | list[str]],
    expires_at: datetime,
    unsubscribe_url: str | None = None,
    channel: Line = Line.EMAIL,
    contacts: Collection[UUID] = (),
) -> MessageId:
    """Put a message into the outbox; it is sent if and only if the transaction of *work* is committed.

    Args:
        work: the transaction.
        template: which text.
        language: ISO 639, of the recipient; the nearest that the text is written in is taken.
        recipient: address; sealed.
        values: what the text is filled in with; sealed.
        expires_at: from when on it is of no use.
        unsubscribe_url: one-click address, which every message that advertises must have (RFC 8058).
        channel: how it goes out; an SMS is the subject of its text and nothing else.
        contacts: ids of the customers' contacts that it goes to, so that they are told of it when they ask.
    """
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.MESSAGE, [owner])
    row = MessageRow(
        owner_id=owner,
        channel=channel.value,
        template=template.value,
        language=language_of(language),
        state="waiting",
        attempts=0,
        due_at=work.now,
        expires_at=expires_at,
        created_at=work.now,
        forgotten=False,
        contact_ids=list(contacts),
        recipient=recipient,
        content={
            "values": dict(values),
            "unsubscribe_url": unsubscribe_url,
            VERSION: version_in_force(work, template=template, language=language_of(language)),
        },
    )
    work.session.add(row)
    work.session.flush()
    return MessageId(row.id)


def lend(work: Work, *, channels: Collection[Line] = tuple(Line), out: Collection[Line] = tuple(Line)) -> Lent | None:
    """Hand out the message that has been due longest, for `LENT_FOR`; None where none of *channels* is due.

    Those that are of no use any more, or whose keys are gone, are given up on the way.

    Args:
        work: the transaction.
        channels: which can be handed over.
        out: which of them lead to somebody; what only lies in a file goes out by them.
    """
    going_out = MessageRow.channel.in_([one.value for one in channels])
    fresh = or_(
        MessageRow.state != WRITTEN,
        MessageRow.channel.in_([one.value for one in out]),
        MessageRow.expires_at <= work.now,
    )
    due = select(MessageRow).where(MessageRow.ended_at.is_(None), MessageRow.due_at <= work.now, going_out, fresh)
    query = due.order_by(MessageRow.due_at).limit(1).with_for_update(skip_locked=True)
    while (row := work.session.scalars(query).first()) is not None:
        lent = None if row.expires_at <= work.now else _opened(work, row)
        if lent is not None:
            row.state, row.attempts, row.due_at = "sending", lent.attempt, work.now + LENT_FOR
            work.session.flush()
            return lent
        unsent = ONLY_WRITTEN if row.state == WRITTEN else "expired"
        _end(work, row, failure=unsent if row.expires_at <= work.now else "forgotten")
    return None


def settle(work: Work, *, message: MessageId, attempt: Attempt) -> None:
    """Note what became of a message that was handed out; told in the log where that is the end of it."""
    query = select(MessageRow).where(MessageRow.id == message, MessageRow.ended_at.is_(None)).with_for_update()
    row = work.session.scalars(query).one_or_none()
    if row is None:  # somebody else, to whom it was lent after us, was quicker
        return
    if attempt.ending is Ending.SENT:
        _end(work, row, failure=None)
    elif attempt.ending is Ending.WRITTEN:
        row.state, row.failure, row.attempts, row.due_at = WRITTEN, None, 0, work.now
        work.session.flush()
        facts: dict[str, Fact] = {"language": row.language, "template": row.template}
        audit.append(work, Action.MESSAGE_WRITTEN, object=ObjectRef("message", row.id), facts=facts)
    elif attempt.ending is Ending.REFUSED or row.attempts >= MOST_ATTEMPTS:
        _end(work, row, failure=attempt.code)
    else:
        row.state, row.failure = "waiting", attempt.code
        row.due_at = work.now + min(FIRST_PAUSE * 2 ** (row.attempts - 1), LONGEST_PAUSE)
    work.session.flush()


def forget(work: Work) -> int:
    """Destroy the keys of messages that have ended, and so what they said and to whom; answers how many.

    Many at once, since every shredding makes all processes drop the keys that they hold.
    """
    query = select(MessageRow).where(MessageRow.ended_at.is_not(None), MessageRow.forgotten.is_(False))
    rows = work.session.scalars(query.limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.recipient = row.content = None
        row.forgotten = True
    work.session.flush()
    shred(work, owners=[OwnerId(row.owner_id) for row in rows], reason=Reason.OBJECT_EXPIRED)
    return len(rows)


def purge(work: Work) -> int:
    """Delete what is left of messages that ended a month ago; answers how many."""
    row = MessageRow
    done = work.session.execute(
        delete(row).where(row.ended_at < work.now - ENDED_KEPT, row.forgotten).returning(row.id),
        execution_options={"synchronize_session": False},
    )
    return len(done.all())


def note_contacts(work: Work, *, message: UUID, contacts: Collection[UUID]) -> None:
    """Note to which contacts of customers a message went; nothing is done where it was deleted meanwhile."""
    noted = update(MessageRow).where(MessageRow.id == message).values(contact_ids=list(contacts))
    work.session.execute(noted, execution_options={"synchronize_session": "fetch"})


def _opened(work: Work, row: MessageRow) -> Lent | None:
    try:
        recipient, content = row.recipient, row.content
    except ShreddedError:  # a restored backup, older than the shredding
        return None
    if recipient is None or content is None:
        return None
    return Lent(
        id=MessageId(row.id),
        channel=Line(row.channel),
        template=Template(row.template),
        language=row.language,
        recipient=recipient,
        values=content["values"],
        unsubscribe_url=content["unsubscribe_url"],
        attempt=row.attempts + 1,
        created_at=row.created_at,
        own=words_of(work, template=Template(row.template), language=row.language, version=content.get(VERSION, 0)),
    )


def _end(work: Work, row: MessageRow, *, failure: str | None) -> None:
    row.state, row.failure, row.ended_at = ("sent" if failure is None else "failed"), failure, work.now
    work.session.flush()
    audit.append(
        work,
        Action.MESSAGE_SENT if failure is None else Action.MESSAGE_FAILED,
        object=ObjectRef("message", row.id),
        facts={
            "attempts": row.attempts,
            "language": row.language,
            "template": row.template,
            **({} if failure is None else {"failure": failure}),
        },
        outcome=Outcome.DONE if failure is None else Outcome.FAILED,
    )
