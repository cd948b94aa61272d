"""Refusals of accounts."""

from governance.kernel.errors import (
    ConflictError,
    ForbiddenError,
    GovernanceError,
    InvalidError,
    NotFoundError,
    TooManyError,
)


class NoSuchStaffError(NotFoundError):
    """There is no such staff member."""

    slug = "no-such-staff"


class NoSuchClientError(NotFoundError):
    """There is no such API client, or no such key of it."""

    slug = "no-such-client"


class NoSuchInvitationError(NotFoundError):
    """The invitation is unknown, spent, replaced or expired."""

    slug = "no-such-invitation"


class NoSuchSessionError(NotFoundError):
    """The actor has no such session, or it is over."""

    slug = "no-such-session"


class ConfirmationNeededError(GovernanceError):
    """A dangerous act needs password and second factor to have been shown lately."""

    slug = "confirmation-needed"


class EnrolledError(ConflictError):
    """The staff member has a password and a second factor already."""

    slug = "already-enrolled"


class OwnFactorError(ForbiddenError):
    """Nobody resets their own second factor."""

    slug = "own-factor"


class QuotaExceededError(TooManyError):
    """The member of staff has seen as many people in the clear today as allowed."""

    slug = "quota-exceeded"


class OwnQuotaError(ForbiddenError):
    """Nobody grants themselves more to read."""

    slug = "own-quota"


class UnknownRoleError(InvalidError):
    """The role does not exist, or is not for staff."""

    slug = "unknown-role"


class UnknownScopeError(InvalidError):
    """A scope is no permission, or none that a system may hold."""

    slug = "unknown-scope"


class AccountTakenError(ConflictError):
    """A staff member with this address, or an API client with this name, exists."""

    slug = "account-taken"


class DisabledError(ConflictError):
    """The account is disabled or revoked; make a new one."""

    slug = "account-disabled"


class RotationUnderWayError(ConflictError):
    """Two keys of the client are in use already; end one of them first."""

    slug = "rotation-under-way"


class NoSuchAlertError(NotFoundError):
    """There is no such alert."""

    slug = "no-such-alert"


class NoSuchProposalError(NotFoundError):
    """There is no such proposal."""

    slug = "no-such-proposal"


class NotProposableError(ConflictError):
    """Nothing in this installation carries out proposals of this kind."""

    slug = "not-proposable"


class OwnProposalError(ForbiddenError):
    """Whoever proposes something does not approve it."""

    slug = "own-proposal"


class DecidedError(ConflictError):
    """The proposal was decided, or its time is over."""

    slug = "proposal-decided"


class AlteredError(ConflictError):
    """The proposal is not what it was when it was looked at, or approved."""

    slug = "proposal-altered"


class NoMailboxError(ConflictError):
    """Whoever asks has no address on record that mail could go to."""

    slug = "no-mailbox"
