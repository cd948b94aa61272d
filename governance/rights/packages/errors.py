"""Refusals of packages."""

from governance.kernel.errors import ConflictError, ForbiddenError, NotFoundError


class NoSuchPackageError(NotFoundError):
    """There is no such package, or it is not one of the person who asks."""

    slug = "no-such-package"


class PackageNotReadyError(ConflictError):
    """The package is being made, waits for an officer, or its time is over."""

    slug = "package-not-there"


class StepUpNeededError(ForbiddenError):
    """A second contact has to be proven before data are downloaded."""

    slug = "step-up-needed"
