"""Releasing legal holds by four eyes."""

from typing import Final
from uuid import UUID

from governance.accounts import operations as accounts
from governance.accounts.operations import Approved, Executor, Proposal, ProposalKind
from governance.accounts.proposed import Executors
from governance.customers.marks import release_hold, standing_hold
from governance.customers.reach import find_person
from governance.kernel.ids import OwnerId, SubjectId, SubjectRef
from governance.kernel.work import Work
from governance.policies.permissions import Permission


def propose_release(work: Work, *, subject: SubjectId, hold: UUID, reason: str) -> Proposal:
    """Propose that a hold be released; released at once where nobody else could decide.

    The reason is sealed with the person's data, and goes with them.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does, and where there is no such hold.
        ConflictError: where it was released before, or the same is proposed.
        InvalidError: where no reason is given.
    """
    person = find_person(work, subject, Permission.CUSTOMERS_RELEASE)
    standing_hold(work, person, hold)
    return accounts.propose(
        work,
        kind=ProposalKind.RELEASE_HOLD,
        payload={"customer": str(person.id), "hold": str(hold)},
        reason=reason,
        owner=OwnerId(person.owner_id),
        subject=SubjectRef(person.subject_ref),
    )


def _release(work: Work, approved: Approved) -> None:
    customer, hold = (UUID(str(approved.payload[name])) for name in ("customer", "hold"))
    release_hold(work, subject=SubjectId(customer), hold=hold, reason=approved.reason)


EXECUTORS: Final[Executors] = {ProposalKind.RELEASE_HOLD: Executor(Permission.CUSTOMERS_RELEASE, _release)}
"""What this package does once it was approved."""
