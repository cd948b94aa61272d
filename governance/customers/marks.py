"""Legal holds and restrictions of processing: placed, looked at, lifted. `standing` asks for those that stand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.customers.codes import RestrictionReason
from governance.customers.errors import DuplicateError
from governance.customers.loading import warm
from governance.customers.reach import find_person
from governance.customers.shown import Lens
from governance.customers.tables import HoldRow, PersonRow, RestrictionRow
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.kernel import jobs
from governance.kernel.errors import ConflictError, NotFoundError
from governance.kernel.ids import OwnerId, StaffId, SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import ActorKind, Work
from governance.policies.classification import Compartment
from governance.policies.permissions import Permission

HOLDABLE = (Compartment.PROFILE, Compartment.CONTACT, Compartment.BEHAVIOUR, Compartment.FINANCE, Compartment.EVIDENCE)
"""What a hold may keep; the log keeps itself."""
AFTER_RELEASE: Final = ("erasure.tend", "retention.resume")
"""Name of the job that lets go on what waited for a hold."""


@frozen(kw_only=True)
class HoldView:
    """A legal hold as it may be seen.

    Attributes:
        compartments: groups of fields that it keeps.
        reason, case_ref: masked where the actor may not see them in full.
        review_at: when it is to be looked at again.
        released_at: until when it stood; None while it stands.
    """

    id: UUID
    compartments: tuple[str, ...]
    reason: str | None
    case_ref: str | None
    placed_at: datetime
    placed_by: StaffId | None
    review_at: datetime
    released_at: datetime | None
    released_by: StaffId | None


@frozen(kw_only=True)
class RestrictionView:
    """A restriction of processing; *lifted_at* is None while it stands."""

    id: UUID
    reason: str
    placed_at: datetime
    placed_by: StaffId | None
    lifted_at: datetime | None
    lifted_by: StaffId | None


@frozen
class Marks:
    """All marks of a person, those that stand no more included, oldest first."""

    holds: tuple[HoldView, ...]
    restrictions: tuple[RestrictionView, ...]


def marks(work: Work, *, subject: SubjectId) -> Marks:
    """Holds and restrictions of a person; told in the log as reading.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_READ)
    holds = work.session.scalars(select(HoldRow).where(HoldRow.person_id == person.id).order_by(HoldRow.id)).all()
    restrictions = select(RestrictionRow).where(RestrictionRow.person_id == person.id).order_by(RestrictionRow.id)
    warm(work, holds, Compartment.EVIDENCE)
    found = Marks(
        holds=tuple(_hold_view(Lens(work, Permission.CUSTOMERS_READ, person), row) for row in holds),
        restrictions=tuple(_restriction_view(row) for row in work.session.scalars(restrictions)),
    )
    facts = {"holds": len(found.holds), "restrictions": len(found.restrictions)}
    audit.append(work, Action.PERSON_READ, subject=SubjectRef(person.subject_ref), facts=facts)
    return found


def place_hold(
    work: Work,
    *,
    subject: SubjectId,
    compartments: Sequence[Compartment],
    reason: str,
    review_at: datetime,
    case_ref: str | None = None,
) -> HoldView:
    """Keep compartments of a person from being lost until the hold is released (GDPR Art. 17(3)(e)).

    Args:
        work: the transaction.
        subject: whom.
        compartments: what is kept; a hold covers no more than it says.
        reason: why; sealed.
        review_at: when somebody must look at it again.
        case_ref: name of the case; sealed, found by exact value.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
        InvalidError: where something cannot be kept; `errors` says by field what is wrong.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_HOLD, locked=True)
    errors = Complaints()
    with errors.at("reason"):
        reason = words(reason, longest=LONG_TEXT, lines=True)
    with errors.at("case_ref"):
        case_ref = None if case_ref is None else words(case_ref)
    if not compartments or any(one not in HOLDABLE for one in compartments):
        errors.add("compartments", "Name some of " + ", ".join(one.value for one in HOLDABLE) + ".")
    if review_at <= work.now:
        errors.add("review_at", "A hold is looked at again at some time to come.")
    errors.end("The hold cannot be placed as it is.")
    row = HoldRow(
        owner_id=person.owner_id,
        person_id=person.id,
        compartments=sorted({one.value for one in compartments}),
        placed_at=work.now,
        placed_by=_staff(work),
        review_at=review_at,
        reason=reason,
        case_ref=case_ref,
    )
    work.session.add(row)
    work.session.flush()
    _tell_hold(work, Action.HOLD_PLACED, person, row, reason)
    return _hold_view(Lens(work, Permission.CUSTOMERS_READ, person), row)


def release_hold(work: Work, *, subject: SubjectId, hold: UUID, reason: str) -> HoldView:
    """Release a hold; what waited for it may go on.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where there is no such hold.
        ConflictError: where it was released before.
        InvalidError: where no reason is given.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_RELEASE, locked=True)
    errors = Complaints()
    with errors.at("reason"):
        reason = words(reason, longest=LONG_TEXT, lines=True)
    errors.end("The hold cannot be released as it is.")
    row = standing_hold(work, person, hold)
    row.released_at, row.released_by = work.now, _staff(work)
    work.session.flush()
    _tell_hold(work, Action.HOLD_LIFTED, person, row, reason)
    for job in AFTER_RELEASE:
        jobs.defer_once(work, job, waiting=job)
    return _hold_view(Lens(work, Permission.CUSTOMERS_READ, person), row)


def standing_hold(work: Work, person: PersonRow, hold: UUID) -> HoldRow:
    """A hold that has not been released.

    Raises:
        NotFoundError: where the person has no such hold.
        ConflictError: where it was released before.
    """
    row = work.session.scalars(select(HoldRow).where(HoldRow.id == hold, HoldRow.person_id == person.id)).one_or_none()
    if row is None:
        raise NotFoundError("The person has no such hold.")
    if row.released_at is not None:
        raise ConflictError("This hold was released before.")
    return row


def restrict(work: Work, *, subject: SubjectId, reason: RestrictionReason) -> RestrictionView:
    """Restrict processing: from now on the data are stored and nothing else (GDPR Art. 18).

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
        DuplicateError: where a restriction of this reason stands already.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_RESTRICT, locked=True)
    standing = select(RestrictionRow.id).where(
        RestrictionRow.person_id == person.id,
        RestrictionRow.reason == reason.value,
        RestrictionRow.lifted_at.is_(None),
    )
    if work.session.scalars(standing).first() is not None:
        raise DuplicateError("Processing is restricted for this reason already.")
    row = RestrictionRow(person_id=person.id, reason=reason.value, placed_at=work.now, placed_by=_staff(work))
    work.session.add(row)
    work.session.flush()
    _tell_restriction(work, Action.RESTRICTION_PLACED, person, row)
    return _restriction_view(row)


def lift_restriction(work: Work, *, subject: SubjectId, restriction: UUID) -> RestrictionView:
    """Lift a restriction. The person is told before (GDPR Art. 18(3)), which is not done here.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where there is no such restriction.
        ConflictError: where it was lifted before.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_RESTRICT, locked=True)
    row = work.session.scalars(
        select(RestrictionRow).where(RestrictionRow.id == restriction, RestrictionRow.person_id == person.id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("The person has no such restriction.")
    if row.lifted_at is not None:
        raise ConflictError("This restriction was lifted before.")
    row.lifted_at, row.lifted_by = work.now, _staff(work)
    work.session.flush()
    _tell_restriction(work, Action.RESTRICTION_LIFTED, person, row)
    return _restriction_view(row)


def _staff(work: Work) -> UUID | None:
    return work.actor.id if work.actor.kind is ActorKind.STAFF else None


def _tell_hold(work: Work, action: Action, person: PersonRow, row: HoldRow, reason: str) -> None:
    audit.append(
        work,
        action,
        subject=SubjectRef(person.subject_ref),
        object=ObjectRef("hold", row.id),
        facts={"compartments": list(row.compartments), "review_at": row.review_at},
        personal={"reason": reason},
        owner=OwnerId(person.owner_id),
    )


def _tell_restriction(work: Work, action: Action, person: PersonRow, row: RestrictionRow) -> None:
    audit.append(
        work,
        action,
        subject=SubjectRef(person.subject_ref),
        object=ObjectRef("restriction", row.id),
        facts={"reason": row.reason},
    )


def _hold_view(lens: Lens, row: HoldRow) -> HoldView:
    return HoldView(
        id=row.id,
        compartments=tuple(row.compartments),
        reason=lens.show(row, "reason"),
        case_ref=lens.show(row, "case_ref"),
        placed_at=row.placed_at,
        placed_by=None if row.placed_by is None else StaffId(row.placed_by),
        review_at=row.review_at,
        released_at=row.released_at,
        released_by=None if row.released_by is None else StaffId(row.released_by),
    )


def _restriction_view(row: RestrictionRow) -> RestrictionView:
    return RestrictionView(
        id=row.id,
        reason=row.reason,
        placed_at=row.placed_at,
        placed_by=None if row.placed_by is None else StaffId(row.placed_by),
        lifted_at=row.lifted_at,
        lifted_by=None if row.lifted_by is None else StaffId(row.lifted_by),
    )
