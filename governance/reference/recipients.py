"""Recipients: who gets personal data, for what, and what makes it lawful (GDPR Art. 4(9), 30(1)(d)).

Each change is a further version; a disclosure names the version that held then.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

import phonenumbers
from sqlalchemy import ARRAY, Uuid, any_, literal, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import access, disclosing, shipped
from governance.policies.permissions import Permission
from governance.policies.purposes import KEY as PURPOSE
from governance.reference.errors import NoSuchRecipientError, RetiredRecipientError
from governance.reference.operations import find_controller
from governance.reference.safeguards import safeguards
from governance.reference.tables import RecipientVersionRow
from governance.vault.compartments import OwnerKind
from governance.vault.errors import ShreddedError
from governance.vault.runtime import vault_of

RecipientId = NewType("RecipientId", UUID)
"""A version of a recipient."""

KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
NAME_LENGTH: Final = 300
CONTACT_LENGTH: Final = 300
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"


class RecipientKind(StrEnum):
    """On whose account a recipient uses the data."""

    PROCESSOR = "processor"
    """On the controller's, by a contract (GDPR Art. 28; 152-FZ Art. 6(3))."""
    THIRD_PARTY = "third_party"
    """On its own (GDPR Art. 4(10)): only what people agreed to hand to others goes there."""


@frozen(kw_only=True)
class Recipient:
    """A version of a recipient.

    Attributes:
        id: of this version.
        key: stable code, by which it is named.
        version: 1, 2, 3...
        recorded_at: since when the version holds.
        country: ISO 3166-1 alpha-2.
        purposes: keys of the purposes that it gets data for.
        fields: which it may get at most: `person.family_name`, `contact.email`, `extra.KEY`.
        safeguard: key of what makes a transfer lawful.
        contact: whom to ask there; None where nothing was said, or it was erased.
        retired: whether nothing may be handed to it any more.
    """

    id: RecipientId
    key: str
    version: int
    recorded_at: datetime
    name: str
    kind: RecipientKind
    country: str
    purposes: tuple[str, ...]
    fields: tuple[str, ...]
    safeguard: str
    contact: str | None
    retired: bool


def recipients(work: Work, *, retired: bool = False) -> list[Recipient]:
    """The recipients in the versions in force, by key; those that are *retired* only where they are asked for.

    Raises:
        ForbiddenError: without `reference:read`.
    """
    _require(work, Permission.REFERENCE_READ)
    newest = (
        select(RecipientVersionRow)
        .ext(distinct_on(RecipientVersionRow.key))
        .order_by(RecipientVersionRow.key, RecipientVersionRow.version.desc())
    )
    return [_told(row) for row in work.session.scalars(newest) if retired or not row.retired]


def recipient_history(work: Work, *, key: str) -> list[Recipient]:
    """All versions of a recipient, newest first.

    Raises:
        ForbiddenError: without `reference:read`.
        NoSuchRecipientError: where there is none of this key.
    """
    _require(work, Permission.REFERENCE_READ)
    query = select(RecipientVersionRow).where(RecipientVersionRow.key == key)
    rows = work.session.scalars(query.order_by(RecipientVersionRow.version.desc())).all() if KEY.fullmatch(key) else ()
    if not rows:
        raise NoSuchRecipientError("There is no recipient of this key; see: governance recipients list")
    return [_told(row) for row in rows]


def recipient(work: Work, *, key: str) -> Recipient:
    """The version in force of a recipient, for packages that hand something out.

    Raises:
        NoSuchRecipientError: where there is none of this key.
        RetiredRecipientError: where it is retired.
    """
    row = _newest(work, key)
    if row is None:
        raise NoSuchRecipientError("No recipient has this key; see: governance recipients list")
    if row.retired:
        raise RetiredRecipientError(
            f"The recipient {row.key} is retired since {row.recorded_at:%Y-%m-%d}, so nothing goes to it; name another "
            "one, or record it anew with: governance recipients define"
        )
    return _told(row)


def recipients_by_id(work: Work, ids: Sequence[RecipientId]) -> dict[RecipientId, Recipient]:
    """Versions of recipients that other records name."""
    query = select(RecipientVersionRow).where(RecipientVersionRow.id == any_(literal(list(set(ids)), ARRAY(Uuid))))
    return {RecipientId(row.id): _told(row) for row in work.session.scalars(query)}


def define_recipient(
    work: Work,
    *,
    key: str,
    name: str,
    kind: RecipientKind,
    country: str,
    purposes: Sequence[str],
    known_purposes: Collection[str],
    fields: Sequence[str],
    safeguard: str,
    contact: str | None = None,
) -> Recipient:
    """Record a recipient, or a further version of it; nothing where all is as it was.

    *known_purposes* are the keys of those that there are, which a package above keeps.

    Raises:
        ForbiddenError: without `reference:edit`.
        InvalidError: `errors` says by field what cannot be used.
    """
    _require(work, Permission.REFERENCE_EDIT)
    wanted = Recipient(
        id=RecipientId(uuid7()),
        key=key.strip(),
        version=1,
        recorded_at=work.now,
        name=" ".join(name.split()),
        kind=kind,
        country=country.strip().upper(),
        purposes=tuple(sorted(set(purposes))),
        fields=tuple(sorted(set(fields))),
        safeguard=safeguard,
        contact=" ".join((contact or "").split()) or None,
        retired=False,
    )
    _check(work, wanted, known_purposes)
    return _record(work, wanted, Action.RECIPIENT_DEFINED)


def retire_recipient(work: Work, *, key: str) -> Recipient:
    """Hand nothing to a recipient any more; what was handed to it stays on record.

    Raises:
        ForbiddenError: without `reference:edit`.
        NoSuchRecipientError: where there is none of this key.
    """
    _require(work, Permission.REFERENCE_EDIT)
    row = _newest(work, key)
    if row is None:
        raise NoSuchRecipientError("There is no recipient of this key; see: governance recipients list")
    return _record(work, _told(row), Action.RECIPIENT_RETIRED, retired=True)


def _require(work: Work, permission: Permission) -> None:
    if not access.allows(work.actor, permission).allowed:
        raise ForbiddenError(f"This needs the permission {permission.value}, which you do not have.")


def _check(work: Work, wanted: Recipient, known_purposes: Collection[str]) -> None:
    errors: dict[str, list[str]] = {}
    if not KEY.fullmatch(wanted.key):
        errors["key"] = ["A code of 1 to 50 lower-case letters, digits, dots, dashes and underscores."]
    for field, said, longest in (("name", wanted.name, NAME_LENGTH), ("contact", wanted.contact, CONTACT_LENGTH)):
        if (field == "name" and not said) or (said and (len(said) > longest or not said.isprintable())):
            errors[field] = [f"Give 1 to {longest} printable characters."]
    if wanted.country not in phonenumbers.SUPPORTED_REGIONS:
        errors["country"] = ["Give the two letters of a country, such as UA."]
    if wrong := _wrong_purposes(wanted.purposes, known_purposes):
        errors["purposes"] = [f"{wrong}; see: governance consent purposes"]
    unknown = [one for one in wanted.fields if not disclosing.can_be_named(one)]
    if not wanted.fields or unknown:
        errors["fields"] = ["Give fields such as person.family_name, contact.email or extra.KEY, one at least."]
    known = safeguards().get(wanted.safeguard)
    if known is None:
        errors["safeguard"] = [f"One of: {', '.join(safeguards())}."]
    elif "country" not in errors and known.domestic and not _same_law(work, wanted.country):
        errors["safeguard"] = ["The recipient is in another country; name what makes the transfer lawful."]
    if errors:
        raise InvalidError("This recipient cannot be recorded.", errors=errors)


def _wrong_purposes(purposes: Sequence[str], known: Collection[str]) -> str | None:
    if not purposes or not all(PURPOSE.fullmatch(one) for one in purposes):
        return "Give keys of purposes, one at least"
    missing = [one for one in purposes if one not in known]
    return f"There is no purpose {', '.join(missing)}" if missing else None


def _same_law(work: Work, country: str) -> bool:
    """Whether nothing crosses a border: the controller's own country, or both under one law (the EEA)."""
    found = find_controller(work)
    if found is None or found.country == country:
        return found is not None
    by_country = shipped.purposes().by_country
    return country in by_country and by_country[country] == by_country.get(found.country)


def _record(work: Work, wanted: Recipient, action: Action, *, retired: bool = False) -> Recipient:
    work.session.execute(text(_LOCK), {"key": f"recipient:{wanted.key}"})
    newest = _newest(work, wanted.key)
    if newest is not None and newest.retired == retired and _said(_told(newest)) == _said(wanted):
        return _told(newest)
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.STAFF, [owner])
    row = RecipientVersionRow(
        id=uuid7(),
        owner_id=owner,
        key=wanted.key,
        version=1 if newest is None else newest.version + 1,
        recorded_at=work.now,
        name=wanted.name,
        kind=wanted.kind.value,
        country=wanted.country,
        purposes=list(wanted.purposes),
        fields=list(wanted.fields),
        safeguard=wanted.safeguard,
        retired=retired,
        contact=wanted.contact,
    )
    work.session.add(row)
    work.session.flush()
    audit.append(
        work,
        action,
        object=ObjectRef("recipient", row.id),
        facts={
            "recipient": row.key,
            "version": row.version,
            "kind": row.kind,
            "country": row.country,
            "purposes": list(row.purposes),
            "fields": list(row.fields),
            "safeguard": row.safeguard,
        },
    )
    return _told(row)


def _said(one: Recipient) -> tuple[object, ...]:
    return (one.name, one.kind, one.country, one.purposes, one.fields, one.safeguard, one.contact)


def _newest(work: Work, key: str) -> RecipientVersionRow | None:
    if not KEY.fullmatch(key):
        return None
    query = select(RecipientVersionRow).where(RecipientVersionRow.key == key)
    return work.session.scalars(query.order_by(RecipientVersionRow.version.desc()).limit(1)).first()


def _told(row: RecipientVersionRow) -> Recipient:
    try:
        contact = row.contact
    except ShreddedError:
        contact = None
    return Recipient(
        id=RecipientId(row.id),
        key=row.key,
        version=row.version,
        recorded_at=row.recorded_at,
        name=row.name,
        kind=RecipientKind(row.kind),
        country=row.country,
        purposes=tuple(row.purposes),
        fields=tuple(row.fields),
        safeguard=row.safeguard,
        contact=contact,
        retired=row.retired,
    )
