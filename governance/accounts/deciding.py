"""Deciding over proposals: another person approves exactly what was looked at, or refuses."""

from typing import Final

from governance.accounts.deciders import is_concerned
from governance.accounts.errors import AlteredError, DecidedError, OwnProposalError
from governance.accounts.proposal_rows import (
    decidable_by,
    digest_of,
    facts_of,
    free_text,
    is_own,
    locked_proposal,
    ref_of,
    shown,
)
from governance.accounts.proposed import Proposal, ProposalId, ProposalState
from governance.accounts.tables import ProposalRow
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.kernel import jobs
from governance.kernel.errors import ForbiddenError
from governance.kernel.ids import OwnerId
from governance.kernel.work import Work

EXECUTE: Final = "proposals.execute"
"""Name of the job that carries an approved proposal out."""


def approve(work: Work, *, proposal: ProposalId, digest: str) -> Proposal:
    """Approve a proposal as it was looked at; a job carries it out.

    Args:
        work: the unit of work.
        proposal: which.
        digest: of what was looked at, as `Proposal.digest` tells it.

    Raises:
        NoSuchProposalError: where there is no such proposal.
        ForbiddenError: where the actor may not decide over such acts.
        OwnProposalError: where the actor proposed it, or it is about the actor's own account.
        DecidedError: where it was decided before, or its time is over.
        AlteredError: where it is not what was looked at.
    """
    row = _to_decide(work, proposal)
    if is_own(work.actor, row):
        raise OwnProposalError("You proposed this; another person with the permission has to approve it.")
    if is_concerned(work.actor.id, row.payload):
        raise OwnProposalError("This is about your own account; another person has to approve it.")
    looked_at = digest.strip().lower()
    if looked_at != row.digest.hex() or digest_of(row) != row.digest:
        raise AlteredError("This is not what the proposal says; read it again and approve the digest that it shows.")
    row.approved_digest = row.digest
    _decide(work, row, ProposalState.APPROVED)
    audit.append(work, Action.PROPOSAL_APPROVED, object=ref_of(row), facts=facts_of(row))
    jobs.defer(work, EXECUTE, proposal=row.id)
    return shown(work, row)


def refuse(work: Work, *, proposal: ProposalId, reason: str) -> Proposal:
    """Refuse a proposal; whoever proposed it may take it back so.

    Raises:
        NoSuchProposalError, ForbiddenError, DecidedError: as `approve` does.
        InvalidError: where no reason is given.
    """
    row = _to_decide(work, proposal, own=True)
    row.answer = free_text(reason, "reason")
    row.ended_at = work.now
    _decide(work, row, ProposalState.REFUSED)
    audit.append(
        work,
        Action.PROPOSAL_REFUSED,
        object=ref_of(row),
        facts=facts_of(row),
        personal={"reason": row.answer},
        owner=OwnerId(row.owner_id),
    )
    return shown(work, row)


def _to_decide(work: Work, proposal: ProposalId, *, own: bool = False) -> ProposalRow:
    row = locked_proposal(work, proposal)
    if not (own and is_own(work.actor, row)) and not decidable_by(work, row):
        raise ForbiddenError("Deciding over this needs proposals:decide and the permission for the act itself.")
    if row.state != ProposalState.OPEN.value:
        raise DecidedError(f"This proposal is {row.state} already.")
    if row.until <= work.now:
        raise DecidedError("The time of this proposal is over; propose it anew.")
    return row


def _decide(work: Work, row: ProposalRow, state: ProposalState) -> None:
    row.state, row.decided_at, row.deputy_due_at = state.value, work.now, None
    row.decided_by_kind, row.decided_by = work.actor.kind.value, work.actor.id
    work.session.flush()
