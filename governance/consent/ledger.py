"""The suppression ledger: contacts that are not to be written to, known by keyed digests alone.

A line names no person and outlives every one: it stands through erasure, merging, and the import of an old list.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.consent.codes import CONTACTS_OF
from governance.consent.errors import UnknownPurposeError
from governance.consent.events import ContactSaid
from governance.consent.ledger_lines import (
    NewLine,
    Wanted,
    all_digests,
    any_of,
    index_name,
    line_entry,
    line_of,
    write_lines,
)
from governance.consent.limits import require_within
from governance.consent.purposes import book
from governance.consent.tables import SuppressionRow
from governance.customers.codes import ContactKind
from governance.customers.contacts import home_region
from governance.customers.holders import find_holders
from governance.customers.normal import normal_forms
from governance.customers.reach import allow
from governance.customers.records import NewContact
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY, Channel
from governance.policies.roles import RowScope
from governance.vault.runtime import vault_of

MOST_CONTACTS: Final = 5000
"""In one batch."""

_MALFORMED: Final = "This is no contact of this channel."


@frozen
class Line:
    """A line of the ledger.

    Attributes:
        at: since when.
        lifted_at: until when; None while it stands.
    """

    id: UUID
    channel: Channel
    scope: Scope
    purpose: str | None
    reason: SuppressionReason
    at: datetime
    lifted_at: datetime | None


def digest(work: Work, kind: ContactKind, value: str) -> bytes:
    """Digest of a contact as lines of the ledger hold it.

    Args:
        work: the transaction.
        kind: of the contact.
        value: as it is kept with a customer: a phone number with its country code.

    Raises:
        InvalidError: where it is no contact of this kind.
    """
    (normal,) = normal_forms(kind, [value], home=None)
    if normal is None:
        raise InvalidError(_MALFORMED, errors={"value": [_MALFORMED]})
    ledger = vault_of(work.session).ledger
    return ledger.of(index_name(kind), [normal], layers=[ledger.layers])[0]


def suppress(
    work: Work,
    *,
    contact: ContactSaid,
    channel: Channel,
    scope: Scope,
    reason: SuppressionReason,
    purpose: str | None = None,
) -> None:
    """Put a contact on the ledger, for whoever has decided that it may be.

    What it says again counts from now on, so that no consent given before lifts it.

    Raises:
        InvalidError: where it is no contact of the channel, or a purpose does not go with the scope.
    """
    new = _checked(NewLine(channel, scope, reason, purpose))
    (wanted,) = _wanted(work, [contact], new)
    if wanted is None:
        raise InvalidError(_MALFORMED, errors={"contact": [_MALFORMED]})
    write_lines(work, [wanted])


def suppress_each(work: Work, *, lines: Iterable[tuple[ContactSaid, NewLine]]) -> None:
    """Put contacts on the ledger, each with a line of its own, for whoever has decided that it may be.

    What is no contact of its line's channel is passed over.
    """
    by_line: dict[NewLine, list[ContactSaid]] = {}
    for contact, line in lines:
        by_line.setdefault(_checked(line), []).append(contact)
    found = [one for line, contacts in by_line.items() for one in _wanted(work, contacts, line)]
    write_lines(work, [one for one in found if one is not None])


def suppress_many(
    work: Work,
    *,
    contacts: Sequence[ContactSaid],
    channel: Channel,
    scope: Scope,
    reason: SuppressionReason,
    purpose: str | None = None,
) -> list[bool]:
    """Put contacts on the ledger: unsubscriptions, complaints and bounces that another system has collected.

    Returns:
        By contact whether it stands on the ledger now; False where it is no contact of the channel.

    Raises:
        ForbiddenError: where the actor may not suppress, or not for this purpose or channel, or reaches own clients
            only. A system that is kept to some purposes may stop all of them: that protects.
        InvalidError: where a purpose does not go with the scope.
        UnknownPurposeError: where there is no such purpose, so that nothing would be stopped.
    """
    found = _wanted(work, contacts, allowed_line(work, NewLine(channel, scope, reason, purpose)))
    write_lines(work, [one for one in found if one is not None])
    return [one is not None for one in found]


def allowed_line(work: Work, new: NewLine) -> NewLine:
    """The line, where the actor may put contacts on the ledger with it.

    Raises:
        ForbiddenError, InvalidError, UnknownPurposeError: as `suppress_many` says.
    """
    if allow(work, Permission.CONSENT_SUPPRESS) is not RowScope.ALL:
        raise ForbiddenError("The ledger counts for everybody who holds a contact; this needs to reach all customers.")
    require_within(work.actor, purpose=new.purpose, channel=new.channel)
    if new.purpose is not None and new.scope is Scope.PURPOSE and new.purpose not in book(work).purposes:
        raise UnknownPurposeError(
            "There is no purpose of this key; see: governance consent purposes",
            errors={"purpose": ["No purpose has this key."]},
        )
    return _checked(new)


def lift(
    work: Work, *, contact: ContactSaid, channel: Channel, scope: Scope | None = None, purpose: str | None = None
) -> list[Line]:
    """Take a contact off the ledger; the lines that it stood by stay, with the instant of their end.

    Args:
        work: the transaction.
        contact: whose.
        channel: of the lines.
        scope: of the lines; every one where nothing is said.
        purpose: of the lines, likewise.

    Raises:
        ForbiddenError: where the actor may not lift.
        InvalidError: where it is no contact of the channel.
    """
    allow(work, Permission.CONSENT_LIFT)
    rows = [
        row
        for row in _rows(work, contact, channel)
        if row.lifted_at is None and scope in {None, row.scope} and purpose in {None, row.purpose}
    ]
    for row in rows:
        row.lifted_at = work.now
    work.session.flush()
    holders = [one.ref for one in find_holders(work, [_kept(work, contact)])[0]] if rows else []
    audit.append_many(work, [line_entry(Action.SUPPRESSION_LIFTED, row.id, line_of(row), holders) for row in rows])
    return [_told(row) for row in rows]


def suppressed_altogether(work: Work, emails: Sequence[str]) -> frozenset[str]:
    """Those of some addresses of mail, as they are kept, that nothing at all may be sent to."""
    forms = dict(zip(emails, normal_forms(ContactKind.EMAIL, list(emails), home=None), strict=True))
    known = [form for form in forms.values() if form is not None]
    if not known:
        return frozenset()
    digests = all_digests(work, ContactKind.EMAIL, known)
    query = select(SuppressionRow.digest).where(
        SuppressionRow.digest == any_of(digests),
        SuppressionRow.channel == Channel.EMAIL.value,
        SuppressionRow.scope == Scope.EVERYTHING.value,
        SuppressionRow.lifted_at.is_(None),
    )
    standing = set(work.session.scalars(query))
    stopped = {known[place % len(known)] for place, one in enumerate(digests) if one in standing}
    return frozenset(email for email, form in forms.items() if form in stopped)


def lines(work: Work, *, contact: ContactSaid, channel: Channel) -> list[Line]:
    """All lines of a contact by a channel, oldest first, with those that were lifted, or said again by a later one.

    Raises:
        InvalidError: where it is no contact of the channel.
    """
    return [_told(row) for row in _rows(work, contact, channel)]


def _checked(new: NewLine) -> NewLine:
    if (new.scope is Scope.PURPOSE) != (new.purpose is not None):
        raise InvalidError(
            "The contact cannot be suppressed so.",
            errors={"purpose": ["Name a purpose where the scope is one purpose, and only there."]},
        )
    if new.purpose is not None and not KEY.fullmatch(new.purpose):
        raise InvalidError("The contact cannot be suppressed so.", errors={"purpose": ["This is no key of a purpose."]})
    return new


def _wanted(work: Work, contacts: Sequence[ContactSaid], line: NewLine) -> list[Wanted | None]:
    forms = [normal_form(work, one, line.channel) for one in contacts]
    known = [NewContact(one.kind, form.decode("utf-8", "surrogatepass")) for one, form in _formed(contacts, forms)]
    holders = iter(find_holders(work, known) if known else ())
    return [
        None if form is None else Wanted(one.kind, form, line, tuple(person.ref for person in next(holders)))
        for one, form in zip(contacts, forms, strict=True)
    ]


def _formed(contacts: Sequence[ContactSaid], forms: Sequence[bytes | None]) -> list[tuple[ContactSaid, bytes]]:
    return [(one, form) for one, form in zip(contacts, forms, strict=True) if form is not None]


def normal_form(work: Work, contact: ContactSaid, channel: Channel) -> bytes | None:
    """A contact in the form that digests are made of; None where it is no contact of the channel."""
    if contact.kind not in CONTACTS_OF[channel]:
        return None
    home = contact.region
    if home is None and contact.kind is ContactKind.PHONE:
        home = home_region(work, contact.value)
    return normal_forms(contact.kind, [contact.value], home=home)[0]


def _kept(work: Work, contact: ContactSaid) -> NewContact:
    normal = normal_form(work, contact, _channel_of(contact.kind)) or b""
    return NewContact(contact.kind, normal.decode("utf-8", "surrogatepass"))


def _channel_of(kind: ContactKind) -> Channel:
    return next(channel for channel, kinds in CONTACTS_OF.items() if kind in kinds)


def _rows(work: Work, contact: ContactSaid, channel: Channel) -> list[SuppressionRow]:
    normal = normal_form(work, contact, channel)
    if normal is None:
        raise InvalidError(_MALFORMED, errors={"contact": [_MALFORMED]})
    digests = all_digests(work, contact.kind, [normal])
    query = select(SuppressionRow).where(
        SuppressionRow.digest == any_of(digests), SuppressionRow.channel == channel.value
    )
    return list(work.session.scalars(query.order_by(SuppressionRow.id)))


def _told(row: SuppressionRow) -> Line:
    channel, scope, reason, purpose = line_of(row)
    return Line(row.id, channel, scope, purpose, reason, row.at, row.lifted_at)
