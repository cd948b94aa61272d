"""Recipients of past disclosures, who are told of corrections and restrictions (GDPR Art. 19), tracked one by one."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.reach import allow
from governance.disclosures.operations import recipients_of
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.work import Work
from governance.policies.permissions import Permission
from governance.reference.recipients import RecipientId, recipients_by_id
from governance.rights.errors import NoSuchRequestError
from governance.rights.records import RecipientToTell
from governance.rights.tables import RequestRow, ToldRecipientRow

RESTRICTION: Final = "restriction"
"""Stands among the fields where recipients are told that the data may only be stored (GDPR Art. 18)."""


def owe_telling(work: Work, row: RequestRow, person: SubjectId, *, fields: Collection[str]) -> None:
    """Note whom a correction, or a restriction, has to be told: who got one of these fields, or anything at all."""
    found: dict[UUID, set[UUID]] = {}
    for one in recipients_of(work, person=person):
        if RESTRICTION in fields or not set(fields).isdisjoint(one.fields):
            found.setdefault(one.recipient.id, set()).add(one.id)
    for recipient, disclosures in found.items():
        kept = work.session.get(ToldRecipientRow, (row.id, recipient), with_for_update=True)
        if kept is None:
            kept = ToldRecipientRow(request_id=row.id, recipient_id=recipient, disclosures=[], fields=[])
            work.session.add(kept)
        kept.disclosures = sorted(disclosures.union(kept.disclosures))
        kept.fields = sorted({*kept.fields, *fields})
        kept.told_at = kept.told_by_kind = kept.told_by = None  # of what is new they know nothing yet
    work.session.flush()


def to_tell(work: Work, row: RequestRow) -> Sequence[RecipientToTell]:
    """Whom a request is to be told, and who was."""
    query = select(ToldRecipientRow).where(ToldRecipientRow.request_id == row.id)
    rows = work.session.scalars(query.order_by(ToldRecipientRow.recipient_id)).all()
    known = recipients_by_id(work, [RecipientId(one.recipient_id) for one in rows]) if rows else {}
    return tuple(
        RecipientToTell(
            recipient=one.recipient_id,
            name=known[RecipientId(one.recipient_id)].name,
            disclosures=tuple(one.disclosures),
            fields=tuple(one.fields),
            told_at=one.told_at,
        )
        for one in rows
    )


def note_recipient_told(work: Work, *, request: UUID, recipient: UUID) -> RecipientToTell:
    """Note that a recipient of past disclosures was told of what a request changed (GDPR Art. 19).

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError: where there is no such request, or the recipient is not one of those to be told.
    """
    allow(work, Permission.REQUESTS_WORK)
    about = work.session.get(RequestRow, request)
    row = work.session.get(ToldRecipientRow, (request, recipient), with_for_update=True)
    if about is None or row is None:
        raise NoSuchRequestError("The request has no such recipient.")
    if row.told_at is None:
        row.told_at, row.told_by_kind, row.told_by = work.now, work.actor.kind.value, work.actor.id
        work.session.flush()
        subject = None if about.subject_ref is None else SubjectRef(about.subject_ref)
        facts: dict[str, Any] = {"recipient": recipient, "fields": list(row.fields)}
        audit.append(
            work, Action.REQUEST_RECIPIENT_TOLD, subject=subject, object=ObjectRef("request", request), facts=facts
        )
    return next(one for one in to_tell(work, about) if one.recipient == recipient)


def has_untold() -> ColumnElement[bool]:
    """Whether a request has recipients who were not told yet."""
    untold = (ToldRecipientRow.request_id == RequestRow.id, ToldRecipientRow.told_at.is_(None))
    return select(ToldRecipientRow.recipient_id).where(*untold).exists()
