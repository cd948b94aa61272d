"""A message with made-up values, sent to whoever wants to see it in the own mailbox or on the own phone."""

from governance.accounts.errors import NoMailboxError
from governance.accounts.tables import StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.work import ActorKind, Work
from governance.messages import operations as messages
from governance.messages.examples import example
from governance.messages.operations import Line, MessageId, Template
from governance.messages.outbox import LENT_FOR
from governance.messages.texts import Values
from governance.reference.operations import controller


def example_of(work: Work, *, template: Template, language: str) -> Values:
    """What a message is filled in with to be looked at: made up, but for whose messages they are.

    Raises:
        NoControllerError: where no controller was set yet.
    """
    ours = controller(work)
    officer = ours.officer
    office = (officer.email or officer.phone or "") if officer else ""
    return example(
        template,
        language,
        controller=ours.legal_name,
        authority=ours.authority or "",
        office=office or ours.address or ours.legal_name,
    )


def send_example(work: Work, *, template: Template, language: str) -> MessageId:
    """Send a message with made-up values to the address of whoever acts; told in the log.

    Raises:
        NoMailboxError: there is no such address.
    """
    row = work.session.get(StaffRow, work.actor.id) if work.actor.kind is ActorKind.STAFF else None
    if row is None or row.email is None:
        raise NoMailboxError("Your account has no e-mail address.")
    return _send(work, template, language, row.email, Line.EMAIL)


def send_example_sms(work: Work, *, template: Template, language: str, number: str) -> MessageId:
    """Send a message with made-up values as an SMS to a number that whoever acts has at hand; told in the log.

    Args:
        work: the transaction.
        template: which message.
        language: of its words.
        number: in E.164.
    """
    return _send(work, template, language, number, Line.SMS)


def _send(work: Work, template: Template, language: str, recipient: str, line: Line) -> MessageId:
    values = dict(example_of(work, template=template, language=language))
    sent = messages.enqueue(
        work,
        template=template,
        language=language,
        recipient=recipient,
        values={name: list(one) if isinstance(one, list | tuple) else one for name, one in values.items()},  # type: ignore[misc]  # texts or numbers
        expires_at=work.now + 6 * LENT_FOR,
        channel=line,
    )
    facts = {"template": template.value, "language": language, "channel": line.value}
    audit.append(work, Action.MESSAGE_TRIED, object=ObjectRef("message", sent), facts=facts)
    return sent
