"""Erasures as they stand: locked, loaded, shown."""

from typing import Final, LiteralString
from uuid import UUID

from sqlalchemy import func, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.reach import allow
from governance.erasure.errors import NoSuchErasureError
from governance.erasure.records import (
    Erasure,
    ErasureId,
    ErasureState,
    ErasureStep,
    Origin,
    OriginKind,
    Step,
    StepState,
    ToldRecipient,
)
from governance.erasure.tables import CertificateRow, ErasureRow, StepRow, ToldRecipientRow
from governance.erasure.targets import Target
from governance.kernel.db import driver_connection
from governance.kernel.ids import EntryId, SubjectId, SubjectRef
from governance.kernel.work import ActorKind, Work
from governance.policies.permissions import Permission

_TARGETS: Final[LiteralString] = """
SELECT ref, person_id, records, owners FROM erasure_target WHERE erasure_id = %(erasure)s ORDER BY ref
"""
_FORGET_IDS: Final[LiteralString] = """
UPDATE erasure_target SET person_id = NULL, records = '{}' WHERE erasure_id = %(erasure)s
"""
MISSING = "There is no such erasure; see: governance erasure list"


def locked(work: Work, erasure: UUID) -> ErasureRow | None:
    """The row of an erasure, locked until the transaction ends; None where somebody else has it, or there is none."""
    query = select(ErasureRow).where(ErasureRow.id == erasure).with_for_update(skip_locked=True)
    return work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def steps_of(work: Work, erasure: UUID) -> list[StepRow]:
    """All steps in order."""
    query = select(StepRow).where(StepRow.erasure_id == erasure).order_by(StepRow.number)
    return list(work.session.scalars(query.execution_options(populate_existing=True)))


def targets_in(work: Work, erasure: UUID) -> list[Target]:
    """Those who are erased; of whom nothing is left, without the ids that they were kept under."""
    cursor = driver_connection(work.session).cursor(binary=True)  # a batch has a thousand lists of ids
    rows = cursor.execute(_TARGETS, {"erasure": erasure}).fetchall()
    return [Target(SubjectId(person or ref), SubjectRef(ref), records, owners) for ref, person, records, owners in rows]


def forget_ids(work: Work, erasure: UUID) -> None:
    """Forget under which ids those were kept who are erased: nothing is left that has them."""
    driver_connection(work.session).execute(_FORGET_IDS, {"erasure": erasure})


def show(work: Work, *, erasure: ErasureId) -> Erasure:
    """An erasure as it stands; told in the log.

    Raises:
        ForbiddenError: without `erasure:read`.
        NoSuchErasureError: where there is none.
    """
    allow(work, Permission.ERASURE_READ)
    row = work.session.get(ErasureRow, erasure, populate_existing=True)
    if row is None:
        raise NoSuchErasureError(MISSING)
    audit.append(work, Action.ERASURE_READ, object=ObjectRef("erasure", erasure))
    return told(work, row)


def note_told(work: Work, *, erasure: ErasureId, recipient: UUID) -> Erasure:
    """Note that a recipient of past disclosures was told of the erasure (GDPR Art. 19).

    Raises:
        ForbiddenError: without `erasure:begin`.
        NoSuchErasureError: where there is none, or the recipient is not one of those to be told.
    """
    allow(work, Permission.ERASURE_BEGIN)
    row = work.session.get(ToldRecipientRow, (erasure, recipient))
    if row is None:
        raise NoSuchErasureError(MISSING)
    if row.told_at is None:
        row.told_at, row.told_by_kind, row.told_by = work.now, work.actor.kind.value, work.actor.id
        work.session.flush()
        facts = {"recipient": recipient}
        audit.append(work, Action.ERASURE_RECIPIENT_TOLD, object=ObjectRef("erasure", erasure), facts=facts)
    return told(work, work.session.get_one(ErasureRow, erasure))


def list_erasures(work: Work, *, before: ErasureId | None = None, limit: int = 50) -> list[Erasure]:
    """Erasures, newest first.

    Raises:
        ForbiddenError: without `erasure:read`.
    """
    allow(work, Permission.ERASURE_READ)
    query = select(ErasureRow).order_by(ErasureRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(ErasureRow.id < before)
    return [told(work, row) for row in work.session.scalars(query)]


def of_origin(work: Work, *, origin: UUID) -> list[Erasure]:
    """Erasures that a request or a run began; for the package that did."""
    query = select(ErasureRow).where(ErasureRow.origin_id == origin).order_by(ErasureRow.id)
    return [told(work, row) for row in work.session.scalars(query)]


def state_of(work: Work, *, erasure: UUID) -> ErasureState | None:
    """How far an erasure is, for the package that began it; None where there is none."""
    found = work.session.scalar(select(ErasureRow.state).where(ErasureRow.id == erasure))
    return None if found is None else ErasureState(found)


def told(work: Work, row: ErasureRow) -> Erasure:
    """The erasure as it is shown."""
    recipients = select(ToldRecipientRow).where(ToldRecipientRow.erasure_id == row.id)
    certificates = select(func.count()).where(CertificateRow.erasure_id == row.id)
    return Erasure(
        id=ErasureId(row.id),
        origin=Origin(OriginKind(row.origin), row.origin_id, row.rule),
        state=ErasureState(row.state),
        people=row.people,
        refs=tuple(SubjectRef(one.ref) for one in targets_in(work, row.id)),
        begun_at=row.begun_at,
        begun_by_kind=ActorKind(row.begun_by_kind),
        begun_by=row.begun_by,
        completed_at=row.completed_at,
        closed_at=row.closed_at,
        steps=tuple(_step(one) for one in steps_of(work, row.id)),
        recipients=tuple(
            ToldRecipient(one.recipient_id, tuple(one.disclosures), one.told_at)
            for one in work.session.scalars(recipients.order_by(ToldRecipientRow.recipient_id))
        ),
        certificates=work.session.scalar(certificates) or 0,
    )


def _step(row: StepRow) -> ErasureStep:
    return ErasureStep(
        step=Step(row.step),
        state=StepState(row.state),
        until=row.until,
        rule=row.rule,
        citation=row.citation,
        holds=tuple(row.holds),
        attempts=row.attempts,
        failure=row.failure,
        next_at=row.next_at,
        done_at=row.done_at,
        entry=None if row.entry is None else EntryId(row.entry),
        counts=dict(row.counts),
        first_until=row.first_until,
        in_force=row.in_force,
    )
