"""The suppression ledger: contacts that are not to be written to, known by keyed digests alone.

A line names no person and outlives every one: it stands through erasure, merging, and the import of an old list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, any_, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import CollectionAggregate

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.consent.codes import CONTACTS_OF
from governance.consent.events import ContactSaid
from governance.consent.limits import require_within
from governance.consent.tables import SuppressionRow
from governance.customers.codes import ContactKind
from governance.customers.contacts import home_region
from governance.customers.holders import find_holders
from governance.customers.loading import contacts_of, opened
from governance.customers.normal import normal_forms
from governance.customers.reach import allow
from governance.customers.records import NewContact
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY, Channel
from governance.vault.blind import NORMALISER_VERSION
from governance.vault.runtime import vault_of

MOST_CONTACTS: Final = 5000
"""In one batch."""

_MALFORMED: Final = "This is no contact of this channel."


def index_name(kind: ContactKind) -> str:
    """Frozen name of the digests of one kind of contact."""
    return f"suppression/{kind.value}"


@dataclass(frozen=True, slots=True)
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


class NewLine(NamedTuple):
    """What a line is to say, apart from the contact."""

    channel: Channel
    scope: Scope
    reason: SuppressionReason
    purpose: str | None = None


class _Wanted(NamedTuple):
    """A contact in normal form, the line for it, and the random names of those who hold it."""

    kind: ContactKind
    normal: bytes
    line: NewLine
    holders: tuple[UUID, ...]


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
    """Put a contact on the ledger, for whoever has decided that it may be; nothing happens where it stands there.

    Raises:
        InvalidError: where it is no contact of the channel, or a purpose does not go with the scope.
    """
    new = _checked(NewLine(channel, scope, reason, purpose))
    (wanted,) = _wanted(work, [contact], new)
    if wanted is None:
        raise InvalidError(_MALFORMED, errors={"contact": [_MALFORMED]})
    _write(work, [wanted])


def suppress_each(work: Work, *, lines: Iterable[tuple[ContactSaid, NewLine]]) -> None:
    """Put contacts on the ledger, each with a line of its own, for whoever has decided that it may be.

    What is no contact of its line's channel is passed over.
    """
    by_line: dict[NewLine, list[ContactSaid]] = {}
    for contact, line in lines:
        by_line.setdefault(_checked(line), []).append(contact)
    found = [one for line, contacts in by_line.items() for one in _wanted(work, contacts, line)]
    _write(work, [one for one in found if one is not None])


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
        ForbiddenError: where the actor may not suppress, or not for this purpose or channel. A system that is kept to
            some purposes may stop all of them: that protects.
        InvalidError: where a purpose does not go with the scope.
    """
    allow(work, Permission.CONSENT_SUPPRESS)
    require_within(work.actor, purpose=purpose, channel=channel)
    found = _wanted(work, contacts, _checked(NewLine(channel, scope, reason, purpose)))
    _write(work, [one for one in found if one is not None])
    return [one is not None for one in found]


def suppress_erased(work: Work, *, people: Iterable[SubjectId]) -> None:
    """Keep people who are about to be erased from being written to again, should an old list bring them back.

    To be called while their contacts can still be read. What somebody else holds as well is suppressed for advertising
    only: that person is asked anew, and gets no less of what does not advertise.
    """
    rows = [row for held in contacts_of(work, people).values() for row in held]
    values = [NewContact(ContactKind(row.kind), value) for row in rows if (value := opened(row, "value"))]
    gone, wanted = {row.person_id for row in rows}, list[_Wanted]()
    known = find_holders(work, values) if values else []
    for contact, holders in zip(values, known, strict=True):
        alone = all(one.id in gone for one in holders)
        scope = Scope.EVERYTHING if alone else Scope.ADVERTISING
        (normal,) = normal_forms(contact.kind, [contact.value], home=None)
        lines = [
            NewLine(channel, scope, SuppressionReason.ERASED)
            for channel, kinds in CONTACTS_OF.items()
            if contact.kind in kinds
        ]
        refs = tuple(one.ref for one in holders)
        wanted += [_Wanted(contact.kind, normal, line, refs) for line in lines if normal is not None]
    _write(work, wanted)


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
    audit.append_many(work, [_entry(Action.SUPPRESSION_LIFTED, row.id, _line(row), holders) for row in rows])
    return [_told(row) for row in rows]


def lines(work: Work, *, contact: ContactSaid, channel: Channel) -> list[Line]:
    """All lines of a contact by a channel, those that were lifted included, oldest first.

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


def _wanted(work: Work, contacts: Sequence[ContactSaid], line: NewLine) -> list[_Wanted | None]:
    forms = [normal_form(work, one, line.channel) for one in contacts]
    known = [NewContact(one.kind, form.decode("utf-8", "surrogatepass")) for one, form in _formed(contacts, forms)]
    holders = iter(find_holders(work, known) if known else ())
    return [
        None if form is None else _Wanted(one.kind, form, line, tuple(person.ref for person in next(holders)))
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
        SuppressionRow.digest == _any(digests), SuppressionRow.channel == channel.value
    )
    return list(work.session.scalars(query.order_by(SuppressionRow.id)))


def all_digests(work: Work, kind: ContactKind, normal: Sequence[bytes]) -> list[bytes]:
    """Digests under which contacts may stand on the ledger, in all layers that there are; those of a layer together."""
    ledger = vault_of(work.session).ledger
    return ledger.of(index_name(kind), normal, layers=range(1, ledger.layers + 1))


def _write(work: Work, wanted: Sequence[_Wanted]) -> None:
    """Keep the lines that do not stand yet, each with an entry of its own."""
    standing = _standing(work, wanted)
    layers = vault_of(work.session).ledger.layers
    fresh: dict[tuple[bytes, NewLine], _Wanted] = {}
    for one in wanted:
        digests = all_digests(work, one.kind, [one.normal])
        if not any((each, one.line) in standing for each in digests):
            fresh.setdefault((digests[layers - 1], one.line), one)
    ids = [uuid7() for _ in fresh]
    rows = [
        {
            "id": line_id,
            "digest": each,
            "channel": line.channel.value,
            "scope": line.scope.value,
            "purpose": line.purpose,
            "reason": line.reason.value,
            "normaliser": NORMALISER_VERSION,
            "at": work.now,
        }
        for line_id, (each, line) in zip(ids, fresh, strict=True)
    ]
    if not rows:
        return
    # Somebody else may be writing the same line at this instant; then theirs is the one.
    statement = insert(SuppressionRow).on_conflict_do_nothing().returning(SuppressionRow.id)
    kept = set(work.session.scalars(statement, rows))
    told = zip(ids, fresh.values(), strict=True)
    audit.append_many(
        work,
        [_entry(Action.CONTACT_SUPPRESSED, line_id, one.line, one.holders) for line_id, one in told if line_id in kept],
    )


def _standing(work: Work, wanted: Iterable[_Wanted]) -> set[tuple[bytes, NewLine]]:
    by_kind: dict[ContactKind, list[bytes]] = {}
    for one in wanted:
        by_kind.setdefault(one.kind, []).append(one.normal)
    digests = [each for kind, normal in by_kind.items() for each in all_digests(work, kind, normal)]
    query = select(SuppressionRow).where(SuppressionRow.digest == _any(digests), SuppressionRow.lifted_at.is_(None))
    return {(row.digest, _line(row)) for row in work.session.scalars(query)} if digests else set()


def _any(digests: Sequence[bytes]) -> CollectionAggregate[bool]:
    return any_(literal(list(digests), ARRAY(LargeBinary)))


def _line(row: SuppressionRow) -> NewLine:
    return NewLine(Channel(row.channel), Scope(row.scope), SuppressionReason(row.reason), row.purpose)


def _told(row: SuppressionRow) -> Line:
    channel, scope, reason, purpose = _line(row)
    return Line(row.id, channel, scope, purpose, reason, row.at, row.lifted_at)


def _entry(action: Action, line_id: UUID, line: NewLine, holders: Sequence[UUID]) -> NewEntry:
    facts: dict[str, Fact] = {
        "channel": line.channel.value,
        "holders": list(holders),
        "purpose": line.purpose,
        "reason": line.reason.value,
        "scope": line.scope.value,
    }
    return NewEntry(action, object=ObjectRef("suppression", line_id), facts=facts)
