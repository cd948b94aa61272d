"""Every verb of this room."""

from governance.accounts.clients import (
    Client,
    ClientKey,
    NewClient,
    create_client,
    limit_client,
    list_clients,
    revoke_client,
    revoke_client_key,
    rotate_client_key,
)
from governance.accounts.deciders import proposal_findings
from governance.accounts.deciding import approve, refuse
from governance.accounts.demonstration import is_demonstration, mark_demonstration
from governance.accounts.executing import execute, forget_words, tend
from governance.accounts.granting import propose_grant
from governance.accounts.invitations import Enrolment, Invitation, accept_invitation, invite
from governance.accounts.limiting import Limits
from governance.accounts.proposals import find_proposal, list_proposals, propose
from governance.accounts.proposed import (
    Approved,
    Executor,
    Payload,
    Proposal,
    ProposalId,
    ProposalKind,
    ProposalState,
    install_executors,
)
from governance.accounts.recognising import authenticate_client, authenticate_clients
from governance.accounts.staff import (
    StaffMember,
    create_staff,
    disable_staff,
    find_staff,
    grant_role,
    list_staff,
    staff_actor,
    withdraw_role,
)

__all__ = [
    "Approved",
    "Client",
    "ClientKey",
    "Enrolment",
    "Executor",
    "Invitation",
    "Limits",
    "NewClient",
    "Payload",
    "Proposal",
    "ProposalId",
    "ProposalKind",
    "ProposalState",
    "StaffMember",
    "accept_invitation",
    "approve",
    "authenticate_client",
    "authenticate_clients",
    "create_client",
    "create_staff",
    "disable_staff",
    "execute",
    "find_proposal",
    "find_staff",
    "forget_words",
    "grant_role",
    "install_executors",
    "invite",
    "is_demonstration",
    "limit_client",
    "list_clients",
    "list_proposals",
    "list_staff",
    "mark_demonstration",
    "proposal_findings",
    "propose",
    "propose_grant",
    "refuse",
    "revoke_client",
    "revoke_client_key",
    "rotate_client_key",
    "staff_actor",
    "tend",
    "withdraw_role",
]
