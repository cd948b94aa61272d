"""Refusals of this package."""

from governance.kernel.errors import ConflictError, NotFoundError


class NoSuchErasureError(NotFoundError):
    """There is no such erasure."""

    slug = "no-such-erasure"


class BeingErasedError(ConflictError):
    """An erasure of this person was begun already."""

    slug = "being-erased"


class MergeInErasureError(ConflictError):
    """A merge cannot be undone any more: an erasure took something of the two already."""

    slug = "merge-in-erasure"


class NotCertifiedError(ConflictError):
    """There is no certificate yet: something is still to be done, or no checkpoint covers it."""

    slug = "not-certified"
