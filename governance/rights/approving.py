"""Requests that a second person approves: put forward, approved or sent back; an erasure as a proposal."""

from typing import Final
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.operations import Approved, Executor, ProposalKind
from governance.accounts.proposed import Executors
from governance.customers.reach import allow
from governance.kernel.errors import ConflictError, ForbiddenError
from governance.kernel.ids import OwnerId, SubjectRef
from governance.kernel.work import ActorKind, Work
from governance.policies.deadline_rules import RequestKind
from governance.policies.permissions import Permission
from governance.policies.requests import RequestAct, RequestState
from governance.rights.acting import history, require, step
from governance.rights.addressing import refuse_elsewhere
from governance.rights.deciding import begin_row, in_words
from governance.rights.records import RequestId, RequestView
from governance.rights.rows import locked, told
from governance.rights.tables import RequestRow

_REQUEST: Final = "request"


def submit(work: Work, *, request: RequestId, reason: str) -> RequestView:
    """Put a request before a second person; an erasure by a proposal, which deputies are asked about as well.

    Raises:
        ForbiddenError: without `requests:work`.
        NoSuchRequestError, WrongActError: where there is no such request, or it is not open.
        InvalidError: where no reason is given.
    """
    allow(work, Permission.REQUESTS_WORK)
    row = locked(work, request)
    reason = in_words("reason", reason)
    step(work, row, RequestAct.SUBMIT, reason=reason)
    row.submitted_by = work.actor.id
    work.session.flush()
    if row.kind == RequestKind.ERASURE.value:
        made = accounts.propose(
            work,
            kind=ProposalKind.DISPUTED_ERASURE,
            payload={_REQUEST: str(row.id), "submission": len(history(work, row))},
            reason=reason,
            owner=OwnerId(row.owner_id),
            subject=None if row.subject_ref is None else SubjectRef(row.subject_ref),
        )
        row.proposal_id = made.id
        work.session.flush()
    return told(work, row)


def approve(work: Work, *, request: RequestId) -> RequestView:
    """Approve what somebody else has put forward, and begin it.

    Raises:
        ForbiddenError: without `requests:decide`, or where the actor put it forward.
        NoSuchRequestError, WrongActError: where there is no such request, or it does not await approval.
        ConflictError: where it is decided by a proposal.
        ForeignContactError: where data would go to a contact that is none of the person's, and nobody confirmed it.
    """
    allow(work, Permission.REQUESTS_DECIDE)
    row = locked(work, request)
    require(row, RequestAct.APPROVE)
    _refuse_own(work, row)
    if row.proposal_id is not None:
        raise ConflictError("This is decided by its proposal; see: governance proposals show")
    approve_row(work, row)
    return told(work, row)


def approve_row(work: Work, row: RequestRow) -> None:
    """Approve a locked request, and begin it."""
    require(row, RequestAct.APPROVE)
    refuse_elsewhere(work, row)
    step(work, row, RequestAct.APPROVE)
    begin_row(work, row)


def send_back(work: Work, *, request: RequestId, reason: str) -> RequestView:
    """Send a request that awaits approval back to whoever works on it.

    Raises:
        ForbiddenError: without `requests:decide`.
        NoSuchRequestError, WrongActError: where there is no such request, or it does not await approval.
        InvalidError: where no reason is given.
    """
    allow(work, Permission.REQUESTS_DECIDE)
    row = locked(work, request)
    send_back_row(work, row, in_words("reason", reason))
    return told(work, row)


def send_back_row(work: Work, row: RequestRow, reason: str | None) -> None:
    """Send a locked request back."""
    step(work, row, RequestAct.SEND_BACK, reason=reason)
    row.proposal_id = row.submitted_by = None
    work.session.flush()


def _refuse_own(work: Work, row: RequestRow) -> None:
    if work.actor.kind is ActorKind.STAFF and work.actor.id == row.submitted_by:
        raise ForbiddenError("Whoever puts a request forward does not approve it; somebody else does.")


def _erase(work: Work, approved: Approved) -> None:
    row = locked(work, RequestId(UUID(str(approved.payload[_REQUEST]))))
    if row.state == RequestState.AWAITING_APPROVAL.value:
        approve_row(work, row)
        return
    raise ConflictError("The request does not await approval any more.")


EXECUTORS: Final[Executors] = {ProposalKind.DISPUTED_ERASURE: Executor(Permission.REQUESTS_DECIDE, _erase)}
"""What this package does once it was approved."""
