"""Confirming a subscription: the second half of double opt-in, done by whoever reads the mail of the address."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text

from governance.consent.codes import NoticeKind
from governance.consent.errors import SharedContactError, SpentTokenError
from governance.consent.events import ContactSaid, NewEvent, Refused
from governance.consent.informing import note_shown
from governance.consent.notices import notice
from governance.consent.purposes import book
from governance.consent.recording import record_many
from governance.consent.showing import ShownItem, ShownNotice
from governance.consent.tables import ConsentEventRow, ConsentFormRow, ConsentRequestRow
from governance.customers.codes import ContactKind
from governance.customers.confirming import as_new, confirm_from_form, record_from_form
from governance.customers.holders import find_holders, find_known, tie_message
from governance.customers.records import Json
from governance.kernel.errors import ConflictError
from governance.kernel.ids import SubjectId
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.consent_state import EventKind, Method
from governance.policies.purposes import Channel

LONGEST_AGENT: Final = 300


@frozen(kw_only=True)
class Visit:
    """From where a form was sent; goes into the evidence, sealed.

    Attributes:
        address: IP address. agent: what the browser calls itself.
    """

    address: str
    agent: str

    def evidence(self, at: datetime) -> dict[str, Json]:
        """As it is kept."""
        return {"at": at.isoformat(), "address": self.address, "agent": self.agent[:LONGEST_AGENT]}


@frozen
class Waiting:
    """A subscription as its confirmation page shows it.

    Attributes:
        items: titles of the purposes, and the words agreed to.
        confirmed: whether that was done before.
    """

    form: str
    language: str
    items: tuple[ShownItem, ...]
    confirmed: bool


def show_waiting(work: Work, *, token: str, language: str) -> Waiting:
    """What confirming would come to; changes nothing and spends nothing, since mail scanners open every link.

    Raises:
        SpentTokenError: where nothing waits under this token (any more).
    """
    row = _find(work, token)
    return _waiting(work, row, language)


def confirm(work: Work, *, token: str, language: str, visit: Visit) -> Waiting:
    """Record the consents that were asked for, given by the proven holder of the address; once, however often asked.

    Who was not known becomes a customer by it. The consents count from when the form was sent: a stop since then stays,
    be it in somebody's history or in the suppression ledger.

    Raises:
        SpentTokenError: where nothing waits under this token (any more).
        SharedContactError: where several customers hold the address, so that nobody knows whose consent this is.
        ConflictError: where a purpose no longer takes what was ticked.
    """
    row = _find(work, token, locked=True)
    if row.confirmed_at is None:
        _record(work, row, visit)
        tie_message(work, message=row.message_id, kind=ContactKind.EMAIL, value=row.contact or "")
        row.confirmed_at, row.contact, row.said = work.now, None, None
        work.session.flush()
    return _waiting(work, row, language)


def digest_of(token: str) -> bytes:
    """What is kept of the token in a mail."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _find(work: Work, token: str, *, locked: bool = False) -> ConsentRequestRow:
    query = select(ConsentRequestRow).where(ConsentRequestRow.token_digest == digest_of(token))
    row = work.session.scalars(query.with_for_update() if locked else query).one_or_none()
    if row is None or row.expires_at <= work.now:
        raise SpentTokenError("This link is not valid any more; subscribe again.")
    return row


def _waiting(work: Work, row: ConsentRequestRow, language: str) -> Waiting:
    purposes, items = book(work).purposes, []
    for choice in row.choices:
        purpose = purposes.get(choice["purpose"])
        words = notice(work, kind=NoticeKind.CONSENT, key=choice["purpose"], version=choice["notice"])
        shown = ShownNotice(choice["purpose"], choice["notice"], choice["language"], words.texts[choice["language"]])
        title = shown.text.title if purpose is None else purpose.titles.get(language)
        items.append(ShownItem(choice["purpose"], title, tuple(map(Channel, choice["channels"])), shown))
    return Waiting(row.form, row.language, tuple(items), row.confirmed_at is not None)


def _record(work: Work, row: ConsentRequestRow, visit: Visit) -> None:
    email, said = row.contact, row.said
    if email is None or said is None:
        raise SpentTokenError("This link is not valid any more; subscribe again.")
    subject = _whose(work, row, email, said["fields"])
    person = find_known(work, [subject])[subject]
    themselves = replace(work, actor=replace(work.actor, id=UUID(bytes=person.ref.bytes)))
    note_shown(
        themselves,
        person=person,
        notice=_privacy_notice(work, row),
        language=row.language,
        at=min(row.created_at, work.now),
    )
    evidence: dict[str, Json] = {**said, "confirmed": visit.evidence(work.now)}
    seen = _seen(work, subject, row.created_at)
    events = [
        NewEvent(
            kind=EventKind.CONFIRMED,
            purpose=choice["purpose"],
            channel=Channel(channel),
            method=Method.WEB_FORM,
            subject=subject,
            contact=ContactSaid(ContactKind.EMAIL, email),
            notice=choice["notice"],
            language=choice["language"],
            # Said by the form, proven by the mail: what was stopped in between stays so, by history and ledger alike.
            valid_at=min(row.created_at, work.now),
            seen=seen,
            evidence=evidence,
        )
        for choice in row.choices
        for channel in choice["channels"]
    ]
    refused = [one for one in record_many(themselves, events=events) if isinstance(one, Refused)]
    if refused:
        raise ConflictError("What was ticked is no longer offered; subscribe again.")


def _privacy_notice(work: Work, row: ConsentRequestRow) -> str:
    """Key of the notice that the form showed, in the version of it that was sent."""
    form = ConsentFormRow
    query = select(form.document["privacy_notice"].astext).where(form.key == row.form, form.version == row.form_version)
    key: str = work.session.scalars(query).one()
    return key


def _whose(work: Work, row: ConsentRequestRow, email: str, fields: Mapping[str, str]) -> SubjectId:
    """The one customer who holds the address, recorded now where there is none.

    Two confirmations of the same address go one after the other, so that they make one customer.
    """
    digest: bytes = row.contact_index  # type: ignore[attr-defined]  # a column that the sealed field makes
    work.session.execute(
        text("SELECT pg_advisory_xact_lock(:key)"), {"key": int.from_bytes(digest[1:9], "big", signed=True)}
    )
    (holders,) = find_holders(work, [as_new(ContactKind.EMAIL, email)])
    if len(holders) > 1:
        raise SharedContactError("Several customers hold this address; a consent is one person's.")
    if not holders:
        return record_from_form(work, email=email, fields=fields, language=row.language)
    confirm_from_form(work, subject=holders[0].id, email=email)
    return holders[0].id


def _seen(work: Work, subject: SubjectId, at: datetime) -> int:
    """Place of the last event that there was when the form was sent; later ones its sender did not know of."""
    event = ConsentEventRow
    query = select(func.max(event.sequence)).where(event.person_id == subject, event.recorded_at <= at)
    return work.session.scalar(query) or 0
