"""Refusals of the customer store."""

from governance.kernel.errors import ConflictError, GovernanceError


class WrongCodeError(GovernanceError):
    """A one-time code is wrong, spent, too old, or was tried too often."""

    slug = "wrong-code"


class NotConfirmedError(GovernanceError):
    """A second fact does not tell which person a visitor is."""

    slug = "not-confirmed"


class RestrictedError(ConflictError):
    """Processing of this person's data is restricted (GDPR Art. 18)."""

    slug = "restricted"


class LegalHoldError(ConflictError):
    """A legal hold covers this data (GDPR Art. 17(3)(e))."""

    slug = "legal-hold"


class LoginTakenError(ConflictError):
    """Somebody else holds this contact, verified, to sign in with."""

    slug = "login-taken"


class DuplicateError(ConflictError):
    """What is to be added is there already."""

    slug = "already-there"
