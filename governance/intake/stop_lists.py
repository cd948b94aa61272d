"""Lists of unsubscriptions, complaints and bounces that another system has collected, into the suppression ledger."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import BinaryIO, Final

from governance.consent import operations as consent
from governance.consent.operations import ContactSaid
from governance.customers.codes import ContactKind
from governance.customers.reach import allow
from governance.intake.contact_lists import ContactList, ListOptions, ListRow
from governance.intake.errors import EmptyFileError
from governance.intake.list_writing import ReasonRows
from governance.intake.sifting import MALFORMED_SHOWN, column_name
from governance.kernel.clock import Clock
from governance.kernel.db import Database
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.kernel.work import Actor, Work, open_work
from governance.policies.consent_facts import WORDS, Reason, Scope, SuppressionReason
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel
from governance.reference.operations import controller

PART: Final = 5000
"""Rows that one transaction keeps."""
SCOPES: Final = {SuppressionReason.HARD_BOUNCE: Scope.EVERYTHING}
"""What a line covers where nothing is said: all advertising, but a contact that does not work takes no message."""
_MALFORMED: Final = "What stands in the column is not one contact of this channel; correct it and bring it again."


@frozen
class Stop:
    """What the contacts of a list are to be kept from.

    Attributes:
        channel: by which they are not to be reached.
        reason: why.
        scope: what it covers; None for what goes without saying with the reason.
        purpose: key, where it covers one purpose.
    """

    channel: Channel
    reason: SuppressionReason
    scope: Scope | None = None
    purpose: str | None = None

    @property
    def covers(self) -> Scope:
        """What the lines will say."""
        return self.scope or (Scope.PURPOSE if self.purpose else SCOPES.get(self.reason, Scope.ADVERTISING))


@frozen
class Stopped:
    """What became of a list.

    Attributes:
        column: heading of the column that was looked at, or its place.
        rows: rows with anything in them.
        stopped: rows whose contact stands on the ledger now.
        malformed: numbers of the rows that hold no contact of the channel, the first thousand of them.
    """

    column: str
    rows: int
    stopped: int
    malformed: Sequence[int]


def stop_list(
    database: Database,
    *,
    actor: Actor,
    file: BinaryIO,
    stop: Stop,
    options: ListOptions,
    rest: BinaryIO | None = None,
    clock: Clock | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> Stopped:
    """Keep all contacts of a list from being written to; to do so twice changes nothing more.

    Args:
        database: of the store.
        actor: who does it.
        file: the list, seekable; CSV is read in constant memory.
        stop: what from.
        options: what the list does not say of itself.
        rest: takes the rows that hold no contact, as CSV (UTF-8), each with its number and why.
        clock: of the transactions, one for each 5,000 rows.
        on_rows: told how many rows were kept.

    Raises:
        ForbiddenError: where the actor may not suppress.
        UnreadableFileError, HeadingsNotFoundError, MappingError: where the list cannot be read.
        InvalidError: where a purpose does not go with the scope, or is none.
    """
    with open_work(database, actor, clock=clock) as work:
        _require(work, stop)
        home = controller(work).region
    listed = ContactList(file, channel=stop.channel, options=options, home=home)
    left = None if rest is None else ReasonRows(listed, rest)
    count = stopped = 0
    malformed: list[int] = []
    rows = listed.rows()
    while part := list(islice(rows, PART)):
        with open_work(database, actor, clock=clock) as work:
            kept = consent.stop_many(
                work,
                contacts=[_contact(row, listed) for row in part],
                channel=stop.channel,
                scope=stop.covers,
                reason=stop.reason,
                purpose=stop.purpose,
            )
        for row, is_kept in zip(part, kept, strict=True):
            if is_kept:
                stopped += 1
                continue
            if len(malformed) < MALFORMED_SHOWN:
                malformed.append(row.number)
            if left is not None:
                left.add(row, WORDS[Reason.MALFORMED], Reason.MALFORMED, _MALFORMED)
        count += len(part)
        if on_rows is not None:
            on_rows(count)
    if left is not None:
        left.finish()
    if not count:
        raise EmptyFileError("The list has no row with anything in it.")
    return Stopped(column_name(listed), count, stopped, tuple(malformed))


def _require(work: Work, stop: Stop) -> None:
    allow(work, Permission.CONSENT_SUPPRESS)
    if stop.purpose is not None and stop.purpose not in consent.book(work).purposes:
        sentence = "No purpose has this key; see: governance consent purposes"
        raise InvalidError("The list cannot be taken so.", errors={"purpose": [sentence]})


def _contact(row: ListRow, listed: ContactList) -> ContactSaid:
    value = row.contact or ""
    mail = ContactKind.EMAIL in listed.kinds and "@" in value
    kind = ContactKind.EMAIL if mail else next((one for one in listed.kinds if one is not ContactKind.EMAIL), None)
    return ContactSaid(kind or ContactKind.EMAIL, value, listed.region)
