"""Refusals of the reference data."""

from governance.kernel.errors import NotFoundError


class NoControllerError(NotFoundError):
    """Nobody has said yet whose store this is; `governance init` asks for it."""

    slug = "no-controller"


class NoSuchRecipientError(NotFoundError):
    """There is no such recipient, or nothing may be handed to it any more."""

    slug = "no-such-recipient"
