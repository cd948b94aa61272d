"""What this package refuses."""

from governance.kernel.errors import ConflictError, GovernanceError, NotFoundError


class PolicyConflictError(GovernanceError):
    """A policy makes no sense beside those in force: it is shorter than a law wants, or fights another one."""

    slug = "policy-conflict"


class NotSimulatedError(ConflictError):
    """A policy is put into force only once it was looked at what it would take away."""

    slug = "not-simulated"


class NoSuchRunError(NotFoundError):
    """There is no such run."""

    slug = "no-such-run"


class RunOpenError(ConflictError):
    """A run is under way, or waits to be approved."""

    slug = "run-open"
