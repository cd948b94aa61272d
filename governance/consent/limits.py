"""Connected systems are kept to their own purposes and channels."""

from governance.kernel.errors import ForbiddenError
from governance.kernel.work import Actor
from governance.policies.limits import is_within


def require_within(actor: Actor, *, purpose: str | None, channel: str | None) -> None:
    """Keep *actor* to its own purposes and channels; None stands for what an act does not say.

    Raises:
        ForbiddenError: it is kept to others.
    """
    if not is_within(actor, purpose=purpose, channel=channel):
        raise ForbiddenError("This system is kept to other purposes or channels; see: governance clients list")
