"""Refusals of this package."""

from governance.kernel.errors import GovernanceError


class NoSuchRequestError(GovernanceError):
    """There is no such request, or it is not the actor's."""

    slug = "no-such-request"


class WrongActError(GovernanceError):
    """The request stands where this cannot be done to it."""

    slug = "request-act"


class NotProvenError(GovernanceError):
    """It has not been proved who asks."""

    slug = "identity-not-proven"


class ApprovalNeededError(GovernanceError):
    """A second person has to approve what is to be done."""

    slug = "approval-needed"


class ForeignContactError(GovernanceError):
    """The person is not on record with the contact that the answer goes to."""

    slug = "foreign-contact"


class NotExcessiveError(GovernanceError):
    """Nothing on record says that the person asked too often."""

    slug = "not-excessive"
