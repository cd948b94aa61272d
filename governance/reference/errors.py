"""Refusals of the reference data."""

from governance.kernel.errors import ConflictError, NotFoundError


class NoControllerError(NotFoundError):
    """Nobody has said yet whose store this is; `governance init` asks for it."""

    slug = "no-controller"


class NoSuchRecipientError(NotFoundError):
    """There is no such recipient."""

    slug = "no-such-recipient"


class RetiredRecipientError(ConflictError):
    """Nothing may be handed to the recipient any more."""

    slug = "recipient-retired"
