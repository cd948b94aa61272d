"""Disclosures: what was handed to whom, about whom (GDPR Art. 15(1)(c), 19, 30(1)(d); 152-FZ Art. 14(7))."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, Uuid, any_, insert, literal, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.holders import find_known
from governance.customers.references import records_of
from governance.disclosures.records import DisclosureId, ExportId
from governance.disclosures.tables import DisclosurePersonRow, DisclosureRow, ExportRow
from governance.kernel.errors import InvalidError
from governance.kernel.ids import SubjectId, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.reference.recipients import Recipient, RecipientId, recipient, recipients_by_id

MOST_PEOPLE: Final = 100_000
"""In one disclosure."""


@frozen
class Disclosed:
    """That data of a person went to a recipient.

    Attributes:
        recipient: as it was recorded then.
        at: when the data left.
        export: the export that they left by, if any.
    """

    id: DisclosureId
    recipient: Recipient
    purpose: str
    fields: tuple[str, ...]
    at: datetime
    export: ExportId | None


def disclose(
    work: Work, *, recipient_key: str, people: Sequence[SubjectId], fields: Sequence[str], purpose: str
) -> DisclosureId:
    """Record that data of *people* were handed to a recipient, by a caller that has decided that it may be.

    Raises:
        NoSuchRecipientError, RetiredRecipientError: where there is no such recipient, or it is retired.
        InvalidError: where it is not recorded for this purpose or these fields, or for so many people at once.
    """
    to = recipient(work, key=recipient_key)
    errors: dict[str, list[str]] = {}
    if purpose not in to.purposes:
        errors["purpose"] = ["The recipient is recorded for other purposes."]
    if not fields or not set(fields) <= set(to.fields):
        errors["fields"] = ["The recipient is not recorded to get all of these."]
    known = {one.id: one.ref for one in find_known(work, people).values()}
    if not 1 <= len(known) <= MOST_PEOPLE:
        errors["people"] = [f"Name 1 to {MOST_PEOPLE:,} people."]
    if errors:
        raise InvalidError("This cannot be disclosed.", errors=errors)
    row = DisclosureRow(
        id=uuid7(),
        recipient_id=to.id,
        purpose=purpose,
        fields=list(dict.fromkeys(fields)),
        at=work.now,
        export_id=None,
        actor_kind=work.actor.kind.value,
        actor_id=work.actor.id,
    )
    work.session.add(row)
    work.session.flush()
    work.session.execute(
        insert(DisclosurePersonRow), [{"disclosure_id": row.id, "person_id": one} for one in sorted(known)]
    )
    alone = next(iter(known.values())) if len(known) == 1 else None
    facts: dict[str, Fact] = {"recipient": to.id, "purpose": purpose, "fields": list(row.fields), "people": len(known)}
    audit.append(work, Action.DATA_DISCLOSED, subject=alone, object=ObjectRef("disclosure", row.id), facts=facts)
    return DisclosureId(row.id)


def recipients_of(work: Work, *, person: SubjectId) -> list[Disclosed]:
    """To whom data of a person went, newest first; those of people who were merged into them included.

    The caller has decided that it may be told: to the person (Art. 15(1)(c)), or so that recipients hear of an erasure
    or rectification (Art. 19).
    """
    query = (
        select(DisclosureRow)
        .join(DisclosurePersonRow, DisclosurePersonRow.disclosure_id == DisclosureRow.id)
        .where(DisclosurePersonRow.person_id.in_(records_of(person)), DisclosureRow.at.is_not(None))
        .distinct()
        .order_by(DisclosureRow.at.desc(), DisclosureRow.id.desc())
    )
    rows = work.session.scalars(query).all()
    known = recipients_by_id(work, [RecipientId(row.recipient_id) for row in rows])
    return [_told(row, known, row.at) for row in rows if row.at is not None]


def exports_about(work: Work, *, people: Sequence[SubjectId]) -> list[ExportId]:
    """Exports that wait to be fetched and hold data of any of *people*; those merged into them are to be named, too."""
    query = (
        select(ExportRow.id)
        .join(DisclosurePersonRow, DisclosurePersonRow.disclosure_id == ExportRow.id)
        .where(
            DisclosurePersonRow.person_id == any_(literal(list(people), ARRAY(Uuid))), ExportRow.destroyed_at.is_(None)
        )
        .distinct()
        .order_by(ExportRow.id)
    )
    return [ExportId(one) for one in work.session.scalars(query)]


def _told(row: DisclosureRow, known: dict[RecipientId, Recipient], at: datetime) -> Disclosed:
    export = None if row.export_id is None else ExportId(row.export_id)
    to = known[RecipientId(row.recipient_id)]
    return Disclosed(DisclosureId(row.id), to, row.purpose, tuple(row.fields), at, export)
