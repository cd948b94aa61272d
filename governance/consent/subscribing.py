"""Subscribing by a public form with double opt-in: what is shown, what is asked for, and what confirming comes to.

Whoever fills in a form may enter anybody's address. So nothing is looked up and nobody becomes a customer before the
mail to that address was answered: what happens until then is the same for known and unknown addresses, and is deleted
after seven days.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from governance.consent.confirming import Visit, digest_of
from governance.consent.errors import TextChangedError
from governance.consent.ledger import digest
from governance.consent.showing import ShownForm, ShownItem, show_form, snapshot
from governance.consent.tables import ConsentRequestRow
from governance.custody.shredding import Reason, shred
from governance.customers.codes import ContactKind
from governance.customers.confirming import check_fields, normal_email
from governance.customers.records import Json
from governance.kernel.errors import InvalidError
from governance.kernel.ids import OwnerId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.messages import operations as messages
from governance.reference.operations import controller
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

KEPT: Final = timedelta(days=7)
MOST_IN_AN_HOUR: Final = 3
MOST_IN_A_DAY: Final = 5
"""Mails to one address, so that the form cannot be used to fill somebody's mailbox."""
_TOKEN_BYTES: Final = 32
_PURGED_AT_ONCE: Final = 500


@frozen(kw_only=True)
class Filled:
    """A form as somebody sent it; personal values.

    Attributes:
        email: as it was written.
        ticked: keys of purposes.
        marks: by purpose, the mark of the notice that was on the page.
        fields: what was entered besides, by name; empty ones left out.
    """

    email: str
    ticked: Sequence[str]
    marks: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)


def subscribe(work: Work, *, key: str, filled: Filled, language: str, visit: Visit, base_url: str) -> None:
    """Ask whoever reads the mail of an address whether they want what was ticked.

    The same happens for every address, whether anybody is known by it or not. An address that was written to often
    lately is not written to again, and nobody is told.

    Args:
        work: the transaction.
        key: of the form.
        filled: what was sent.
        language: ISO 639, of the page; the mail is in it, too.
        visit: from where.
        base_url: what the link in the mail begins with.

    Raises:
        NotFoundError, ClosedFormError: as `show_form` does.
        InvalidError: `errors` says by field what is wrong: `email`, `choices`, or one of the form's fields.
        TextChangedError: where the page showed other words than those in force now, or none.
    """
    shown = show_form(work, key=key, language=language)
    email = _checked(work, shown, filled)
    chosen = [item for item in shown.items if item.purpose in filled.ticked]
    _take_turns(work, email)
    if _written_to_often(work, email):
        return
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.MESSAGE, [owner])
    asked = ConsentRequestRow(
        owner_id=owner,
        form=key,
        form_version=shown.form.version,
        choices=[_choice(item) for item in chosen],
        language=language,
        token_digest=digest_of(token),
        created_at=work.now,
        expires_at=work.now + KEPT,
        contact=email,
        said={"fields": dict(filled.fields), "form": snapshot(shown), "requested": visit.evidence(work.now)},
    )
    work.session.add(asked)
    work.session.flush()
    asked.message_id = messages.enqueue(
        work,
        template=messages.Template.CONFIRM_SUBSCRIPTION,
        language=language,
        recipient=email,
        values={
            "controller": controller(work).legal_name,
            "purposes": [item.title for item in chosen],
            "link": f"{base_url}/confirm/{token}?lang={language}",
            "days": KEPT.days,
        },
        expires_at=work.now + KEPT,
    )


def purge(work: Work) -> int:
    """Delete subscriptions whose time is over, and destroy their keys; answers how many."""
    query = select(ConsentRequestRow).where(ConsentRequestRow.expires_at <= work.now).limit(_PURGED_AT_ONCE)
    rows = work.session.scalars(query.with_for_update(skip_locked=True)).all()
    shred(work, owners=[OwnerId(row.owner_id) for row in rows], reason=Reason.OBJECT_EXPIRED)
    for row in rows:
        work.session.delete(row)
    work.session.flush()
    return len(rows)


def _checked(work: Work, shown: ShownForm, filled: Filled) -> str:
    """The address in normal form.

    Raises:
        InvalidError, TextChangedError: as `subscribe` says.
    """
    errors: dict[str, list[str]] = {}
    email = ""
    try:
        email = normal_email(filled.email)
    except InvalidError as wrong:
        errors |= wrong.errors
    if not {item.purpose for item in shown.items} & set(filled.ticked):
        errors["choices"] = ["Tick at least one box."]
    asked = {one.value for one in shown.form.document.fields}
    try:
        check_fields(work, {name: value for name, value in filled.fields.items() if name in asked})
    except InvalidError as wrong:
        errors |= wrong.errors
    if set(filled.fields) - asked:
        errors["fields"] = ["The form does not ask for this."]
    if errors:
        raise InvalidError("Some of what was entered cannot be used.", errors=errors)
    current = {item.purpose: item.notice.mark for item in shown.items}
    if any(filled.marks.get(purpose) != mark for purpose, mark in current.items() if purpose in filled.ticked):
        raise TextChangedError("The words have changed, or were not on the page; read them, then send the form again.")
    return email


def _take_turns(work: Work, email: str) -> None:
    """Let forms of one address be looked at one after the other, so that each sees the mails of those before it."""
    key = int.from_bytes(digest(work, ContactKind.EMAIL, email)[1:9], "big", signed=True)
    work.session.execute(select(func.pg_advisory_xact_lock(key)))


def _written_to_often(work: Work, email: str) -> bool:
    row = ConsentRequestRow
    lately = select(row.created_at).where(row.contact == email, row.created_at > work.now - timedelta(days=1))
    instants = list(work.session.scalars(lately))
    within_hour = [one for one in instants if one > work.now - timedelta(hours=1)]
    return len(instants) >= MOST_IN_A_DAY or len(within_hour) >= MOST_IN_AN_HOUR


def _choice(item: ShownItem) -> dict[str, Json]:
    return {
        "purpose": item.purpose,
        "channels": [channel.value for channel in item.channels],
        "notice": item.notice.version,
        "language": item.notice.language,
    }
