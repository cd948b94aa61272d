"""Proposing an export: who may be told what of whom is decided before anybody is asked to approve it.

A purpose names the categories of data that it needs, a recipient the fields that it may get, a channel the kind of
contact that it reaches people by; an export holds what all of them allow, and people whom the purpose may reach.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.operations import Proposal, ProposalKind
from governance.consent import operations as consent
from governance.consent.codes import CONTACTS_OF
from governance.customers.codes import ContactKind
from governance.customers.handing import Column, columns_of
from governance.customers.holders import find_known
from governance.customers.reach import allow
from governance.disclosures.records import ExportFormat, Selection
from governance.disclosures.tables import SelectionRow
from governance.kernel.errors import ForbiddenError, InvalidError
from governance.kernel.ids import uuid7
from governance.kernel.work import Work
from governance.policies.access import allows
from governance.policies.classification import Visibility
from governance.policies.disclosing import unneeded
from governance.policies.permissions import Permission
from governance.policies.purposes import Channel, Purpose
from governance.policies.roles import RowScope
from governance.reference.errors import NoSuchRecipientError, RetiredRecipientError
from governance.reference.recipients import Recipient, RecipientKind, recipient

MOST_CHOSEN: Final = 1_000_000


def propose_export(
    work: Work,
    *,
    recipient: str,
    purpose: str,
    channels: Sequence[Channel],
    format: ExportFormat,  # noqa: A002 (the file's own word)
    fields: Sequence[str],
    reason: str,
    selection: Selection | None = None,
    until: datetime | None = None,
) -> Proposal:
    """Propose that customers be exported to a recipient; a second person approves, and a job makes the file.

    Args:
        work: the transaction.
        recipient: key of who gets it.
        purpose: key of what they get it for.
        channels: by which people will be reached; whoever may be reached by one of them is in it.
        format: of the file.
        fields: columns in their order: `person.family_name`, `contact.email`, `extra.KEY`.
        reason: why; sealed, for whoever decides.
        selection: whom to look at; everybody by default.
        until: as `accounts.propose` takes it.

    Raises:
        ForbiddenError: where the actor may not export, or not see one of the fields in the clear.
        InvalidError: `errors` says by field what cannot be exported so.
        ConflictError: where the same is proposed already.
    """
    if allow(work, Permission.EXPORTS_MAKE) is not RowScope.ALL:
        raise ForbiddenError("Exports are for those who see all customers.")
    names, by = tuple(dict.fromkeys(fields)), tuple(dict.fromkeys(channels))
    to, columns = checked(work, recipient=recipient, purpose=purpose, channels=by, fields=names)
    closed = [one.name for one in columns if not _sees(work, one)]
    if closed:
        sentence = ["You may not see this field in the clear."]
        raise ForbiddenError("Some of these fields are not yours to export.", errors=dict.fromkeys(closed, sentence))
    payload: dict[str, str | int | Sequence[str] | None] = {
        "recipient": to.key,
        "recipient_version": str(to.id),
        "purpose": purpose,
        "channels": [one.value for one in by],
        "format": format.value,
        "fields": list(names),
        "exporter_kind": work.actor.kind.value,
        "exporter": None if work.actor.id is None else str(work.actor.id),
    }
    if selection is not None:
        payload |= _keep_selection(work, selection)
    return accounts.propose(work, kind=ProposalKind.EXPORT, payload=payload, reason=reason, until=until)


def exportable(work: Work, *, recipient: str, purpose: str) -> list[str]:
    """Fields that the actor may export to a recipient for a purpose, in the order of their names.

    Raises:
        ForbiddenError: without `exports:make` for all customers.
        InvalidError: where there is no such purpose or recipient, or it is not recorded for this purpose.
    """
    if allow(work, Permission.EXPORTS_MAKE) is not RowScope.ALL:
        raise ForbiddenError("Exports are for those who see all customers.")
    errors: dict[str, list[str]] = {}
    known = consent.book(work).purposes.get(purpose)
    if known is None:
        errors["purpose"] = ["Not a purpose of this store; see: governance consent purposes"]
    to = _recipient(work, recipient, errors)
    if to is not None and known is not None:
        _narrow(to, known, (), {}, errors)
    if errors or to is None or known is None:
        raise InvalidError("This cannot be exported.", errors=errors)
    columns = columns_of(work, to.fields)
    without = set(unneeded({one.name: one.category for one in columns.values()}, known.categories))
    return sorted(name for name, one in columns.items() if name not in without and _sees(work, one))


def checked(
    work: Work, *, recipient: str, purpose: str, channels: Sequence[Channel], fields: Sequence[str]
) -> tuple[Recipient, list[Column]]:
    """The recipient in force, and the columns of *fields* in their order, if all of it goes together.

    Raises:
        InvalidError: `errors` says by field what cannot be exported so.
    """
    errors: dict[str, list[str]] = {}
    known = consent.book(work).purposes.get(purpose)
    if known is None:
        errors["purpose"] = ["Not a purpose of this store; see: governance consent purposes"]
    elif not channels or not known.channels.issuperset(channels):
        errors["channels"] = [f"One or more of: {', '.join(sorted(known.channels))}."]
    to = _recipient(work, recipient, errors)
    columns = columns_of(work, fields)
    if not fields or len(columns) < len(fields):
        errors["fields"] = ["Give fields of people, one at least: person.family_name, contact.email, extra.KEY."]
    if to is not None and known is not None:
        _narrow(to, known, channels, columns, errors)
    if errors or to is None:
        raise InvalidError("This cannot be exported.", errors=errors)
    return to, [columns[name] for name in fields]


def _recipient(work: Work, key: str, errors: dict[str, list[str]]) -> Recipient | None:
    try:
        return recipient(work, key=key)
    except (NoSuchRecipientError, RetiredRecipientError) as error:
        errors["recipient"] = [error.detail]
        return None


def _narrow(
    to: Recipient,
    purpose: Purpose,
    channels: Sequence[Channel],
    columns: dict[str, Column],
    errors: dict[str, list[str]],
) -> None:
    if purpose.key not in to.purposes:
        errors["recipient"] = [f"It is recorded for other purposes: {', '.join(to.purposes)}."]
    elif to.kind is RecipientKind.THIRD_PARTY and not purpose.third_parties:
        errors["purpose"] = ["A third party gets only what people agreed to hand to others; this purpose does not."]
    wrong = {
        "The purpose does not need": unneeded({one.name: one.category for one in columns.values()}, purpose.categories),
        "The recipient is not recorded to get": [name for name in columns if name not in to.fields],
        "By these channels nobody is reached by": [
            one.name for one in columns.values() if one.kind is not None and one.kind not in kinds_of(channels)
        ],
    }
    said = [f"{sentence} {', '.join(names)}." for sentence, names in wrong.items() if names]
    if said:
        errors["fields"] = [*errors.get("fields", ()), *said]


def kinds_of(channels: Sequence[Channel]) -> set[ContactKind]:
    """Kinds of contact that people are reached by on *channels*."""
    return {kind for one in channels for kind in CONTACTS_OF[one]}


def _sees(work: Work, column: Column) -> bool:
    if column.field is None:
        return True
    return allows(work.actor, Permission.EXPORTS_MAKE, field=column.field).visibility is Visibility.CLEAR


def _keep_selection(work: Work, selection: Selection) -> dict[str, str | int]:
    """Keep who was chosen, survivors for those who were merged; the proposal names them by their digest."""
    known = find_known(work, selection.people)
    people = sorted({one.id for one in known.values()})
    missing = len(set(selection.people) - set(known))
    if missing or not 1 <= len(people) <= MOST_CHOSEN:
        sentence = f"Give ids of 1 to {MOST_CHOSEN:,} customers; {missing} of these are none."
        raise InvalidError("These cannot be exported.", errors={"customers": [sentence]})
    row = SelectionRow(id=uuid7(), people=people, created_at=work.now)
    work.session.add(row)
    work.session.flush()
    return {"selection": str(row.id), "selection_digest": digest_of(people), "people": len(people)}


def digest_of(people: Sequence[UUID]) -> str:
    """Who was chosen, as a proposal names them: SHA-256 over their ids in order, in hex."""
    return hashlib.sha256(b"".join(one.bytes for one in people)).hexdigest()
