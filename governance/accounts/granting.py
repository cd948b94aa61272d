"""Granting roles by four eyes."""

from typing import Final
from uuid import UUID

from governance.accounts.errors import DisabledError, NoSuchStaffError
from governance.accounts.proposals import propose
from governance.accounts.proposed import Approved, Executor, Executors, Proposal, ProposalKind
from governance.accounts.staff import grant_role, known_role
from governance.accounts.tables import StaffRow
from governance.kernel.errors import ConflictError, ForbiddenError
from governance.kernel.ids import StaffId
from governance.kernel.work import Work
from governance.policies import access
from governance.policies.permissions import Permission


def propose_grant(work: Work, *, staff: StaffId, role: str, reason: str) -> Proposal:
    """Propose that a staff member be given a role; given at once where nobody else could decide.

    Raises:
        ForbiddenError: where the actor may not grant roles.
        NoSuchStaffError, UnknownRoleError, DisabledError: as they say.
        ConflictError: where the role is held already, or the same is proposed.
        InvalidError: where no reason is given.
    """
    if not access.allows(work.actor, Permission.ACCOUNTS_GRANT).allowed:
        raise ForbiddenError(f"This needs the permission {Permission.ACCOUNTS_GRANT.value}, which you do not have.")
    known_role(role)
    row = work.session.get(StaffRow, staff)
    if row is None:
        raise NoSuchStaffError("There is no such staff member.")
    if row.disabled_at is not None:
        raise DisabledError("The account is disabled; no role can be given to it.")
    if role in {one.role for one in row.roles}:
        raise ConflictError("This role is held already.")
    payload = {"staff": str(staff), "role": role}
    return propose(work, kind=ProposalKind.GRANT_ROLE, payload=payload, reason=reason)


def _grant(work: Work, approved: Approved) -> None:
    grant_role(work, staff=StaffId(UUID(str(approved.payload["staff"]))), role=str(approved.payload["role"]))


EXECUTORS: Final[Executors] = {ProposalKind.GRANT_ROLE: Executor(Permission.ACCOUNTS_GRANT, _grant)}
"""What this package does once it was approved."""
