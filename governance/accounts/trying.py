"""A message with made-up values, sent to whoever wants to see it in the own mailbox."""

from governance.accounts.errors import NoMailboxError
from governance.accounts.tables import StaffRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.kernel.work import ActorKind, Work
from governance.messages import operations as messages
from governance.messages.examples import example
from governance.messages.operations import MessageId, Template
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
    values = dict(example_of(work, template=template, language=language))
    sent = messages.enqueue(
        work,
        template=template,
        language=language,
        recipient=row.email,
        values={name: list(one) if isinstance(one, list | tuple) else one for name, one in values.items()},  # type: ignore[misc]  # texts or numbers
        expires_at=work.now + 6 * LENT_FOR,
    )
    audit.append(work, Action.MESSAGE_TRIED, facts={"template": template.value, "language": language})
    return sent
