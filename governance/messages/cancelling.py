"""Messages that are not to go out any more, since nobody is kept who could get them."""

from collections.abc import Iterable

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.audit.entries import NewEntry, ObjectRef
from governance.custody.shredding import Reason, shred
from governance.kernel.ids import OwnerId
from governance.kernel.work import Work
from governance.messages.outbox import ERASED
from governance.messages.tables import MessageRow
from governance.policies.classification import Compartment
from governance.vault.ciphers import cipher_name
from governance.vault.errors import ShreddedError
from governance.vault.new_keys import FIRST_GENERATION
from governance.vault.runtime import vault_of

_AT_ONCE = 500


def cancel(work: Work, *, recipients: Iterable[str]) -> int:
    """End messages to any of *recipients*, whether they wait or are kept still, and shred their keys.

    A message that was handed out for delivery at this moment may arrive all the same.

    Args:
        work: the transaction.
        recipients: addresses, or numbers in E.164, as customers have them.

    Returns:
        How many messages.
    """
    wanted = {one.casefold() for one in recipients}
    if not wanted:
        return 0
    gone: list[MessageRow] = []
    query = select(MessageRow).where(MessageRow.forgotten.is_(False)).order_by(MessageRow.id)
    rows = work.session.scalars(query.execution_options(yield_per=_AT_ONCE)).partitions()
    for part in rows:
        _warm(work, part)
        gone += [row for row in part if (_recipient(row) or "").casefold() in wanted]
    if not gone:
        return 0
    query = select(MessageRow).where(MessageRow.id.in_([row.id for row in gone]), MessageRow.forgotten.is_(False))
    gone = list(work.session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    told = [
        NewEntry(
            Action.MESSAGE_FAILED,
            object=ObjectRef("message", row.id),
            facts={"attempts": row.attempts, "language": row.language, "template": row.template, "failure": ERASED},
            outcome=Outcome.FAILED,
        )
        for row in gone
        if row.ended_at is None
    ]
    for row in gone:
        if row.ended_at is None:
            row.state, row.failure, row.ended_at = "failed", ERASED, work.now
        row.recipient = row.content = None
        row.forgotten = True
    work.session.flush()
    audit.append_many(work, told)
    shred(work, owners=[OwnerId(row.owner_id) for row in gone], reason=Reason.ERASURE_REQUEST)
    return len(gone)


def _warm(work: Work, rows: Iterable[MessageRow]) -> None:
    """Fetch the keys of many messages in one statement."""
    vault, name = vault_of(work.session), Compartment.OPERATION.value
    owners = {row.owner_id for row in rows}
    missing = [one for one in owners if vault.cache.get(cipher_name(one, name, FIRST_GENERATION)) is None]
    if len(missing) > 1:
        vault.owners.load(work.session, missing, name)


def _recipient(row: MessageRow) -> str | None:
    try:
        return row.recipient
    except ShreddedError:
        return None
