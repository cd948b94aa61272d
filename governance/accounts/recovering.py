"""A lost second factor, and an account that ends: what a staff member proves things with is taken away at once."""

from governance.accounts.alerts import AlertKind, raise_alert
from governance.accounts.errors import OwnFactorError
from governance.accounts.executing import end_proposals_of
from governance.accounts.invitations import Invitation, end_invitations, forget_credentials, invite
from governance.accounts.sessions import end_sessions
from governance.accounts.staff import StaffMember, disable_staff
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.kernel.ids import StaffId
from governance.kernel.work import ActorKind, Work


def reset_factor(work: Work, *, staff: StaffId) -> Invitation:
    """Take password, second factor and sessions from a staff member who lost the factor, and invite anew.

    A second person does it, or the operator on the host, who alone can where there is one person only.

    Raises:
        OwnFactorError: where the actor is that staff member.
        NoSuchStaffError, DisabledError: as they say.
    """
    if work.actor.kind is ActorKind.STAFF and work.actor.id == staff:
        raise OwnFactorError("Another person resets it; or run `governance staff reset-factor` on the host.")
    invitation = invite(work, staff=staff, again=True)
    forget_credentials(work, staff)
    facts = {"sessions_ended": end_sessions(work, staff)}
    audit.append(work, Action.FACTOR_RESET, object=ObjectRef("staff", staff), facts=facts)
    raise_alert(work, kind=AlertKind.FACTOR_RESET, staff=staff, facts={"by": work.actor.id or work.actor.kind.value})
    return invitation


def end_account(work: Work, *, staff: StaffId) -> StaffMember:
    """Cut the access of a staff member from this instant on, and delete all that it could be got back with.

    What that person proposed and nobody decided yet expires.

    Raises:
        NoSuchStaffError: where there is no such staff member.
    """
    left = disable_staff(work, staff=staff)
    end_sessions(work, staff)
    end_invitations(work, staff)
    end_proposals_of(work, staff)
    forget_credentials(work, staff)
    return left
