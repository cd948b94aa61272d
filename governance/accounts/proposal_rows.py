"""What all verbs of proposals share: the row under lock, its digest, and what of it is shown to whom."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import rfc8785
from sqlalchemy import select

from governance.accounts.deciders import may_decide
from governance.accounts.errors import NoSuchProposalError
from governance.accounts.proposed import Approved, Proposal, ProposalId, ProposalKind, ProposalState, executors_of
from governance.accounts.tables import ProposalRow
from governance.audit.entries import Fact, ObjectRef
from governance.kernel.errors import InvalidError
from governance.kernel.ids import StaffId
from governance.kernel.work import Actor, ActorKind, Work
from governance.vault.errors import SealError, ShreddedError

REASON_LENGTH: Final = 4000


def locked_proposal(work: Work, proposal: UUID) -> ProposalRow:
    """The row of a proposal, locked until the transaction ends.

    Raises:
        NoSuchProposalError: where there is none.
    """
    query = (
        select(ProposalRow)
        .where(ProposalRow.id == proposal)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = work.session.scalars(query).one_or_none()
    if row is None:
        raise NoSuchProposalError("There is no such proposal.")
    return row


def digest_of(row: ProposalRow) -> bytes:
    """SHA-256 of all that is proposed; the salt keeps a short reason from being guessed from it.

    Sealed words that somebody changed give the digest of nothing, which nobody approves.

    Raises:
        ShreddedError: where the person concerned was erased.
    """
    try:
        salt, reason = row.salt, row.reason
    except SealError:
        return b""
    until = row.until.isoformat()
    told = {"id": str(row.id), "kind": row.kind, "payload": dict(row.payload), "reason": reason, "until": until}
    return hashlib.sha256(rfc8785.dumps({**told, "salt": salt})).digest()


def decidable_by(work: Work, row: ProposalRow) -> bool:
    """Whether the actor is a person who may decide over such acts, whoever proposed this one."""
    executor = executors_of(work).get(ProposalKind(row.kind))
    is_person = work.actor.kind in (ActorKind.STAFF, ActorKind.OPERATOR)
    return is_person and executor is not None and may_decide(work.actor, executor.permission)


def is_own(actor: Actor, row: ProposalRow) -> bool:
    """Whether *actor* proposed it; all who run commands at the host count as one."""
    return (row.proposed_by_kind, row.proposed_by) == (actor.kind.value, actor.id)


def proposer_of(row: ProposalRow) -> StaffId | None:
    """The member of staff who proposed it, if it was one."""
    is_staff = row.proposed_by_kind == ActorKind.STAFF.value and row.proposed_by is not None
    return StaffId(row.proposed_by) if is_staff and row.proposed_by is not None else None


def free_text(said: str, field: str) -> str:
    """What a person wrote, trimmed.

    Raises:
        InvalidError: where it is empty or too long.
    """
    told = said.strip()
    if not told or len(told) > REASON_LENGTH:
        sentence = f"Say why, in 1 to {REASON_LENGTH} characters."
        raise InvalidError("A reason is needed.", errors={field: [sentence]})
    return told


def as_approved(row: ProposalRow) -> Approved:
    """What its executor is told."""
    return Approved(ProposalId(row.id), ProposalKind(row.kind), row.payload, row.reason or "")


def ref_of(row: ProposalRow) -> ObjectRef:
    """The proposal, as the log names it."""
    return ObjectRef("proposal", row.id)


def facts_of(row: ProposalRow) -> dict[str, Fact]:
    """What each entry about it tells."""
    return {"kind": row.kind, "digest": row.digest.hex()}


def shown(work: Work, row: ProposalRow, *, with_words: bool = True) -> Proposal:
    """The proposal as the actor may see it."""
    opened = with_words and not row.forgotten and (is_own(work.actor, row) or decidable_by(work, row))
    reason, answer = _words(row) if opened else (None, None)
    return Proposal(
        id=ProposalId(row.id),
        kind=ProposalKind(row.kind),
        state=ProposalState(row.state),
        payload=dict(row.payload),
        digest=row.digest.hex(),
        reason=reason,
        answer=answer,
        alone=row.alone,
        proposed_by_kind=ActorKind(row.proposed_by_kind),
        proposed_by=row.proposed_by,
        created_at=row.created_at,
        until=row.until,
        decided_by_kind=None if row.decided_by_kind is None else ActorKind(row.decided_by_kind),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        ended_at=row.ended_at,
        failure=row.failure,
        failure_words=row.failure_words,
    )


def _words(row: ProposalRow) -> Sequence[str | None]:
    try:
        return row.reason, row.answer
    except ShreddedError:
        return None, None
