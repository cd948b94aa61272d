"""Refusals on record: who asked for what they may not."""

from governance.audit import operations as audit
from governance.audit.actions import Action, Outcome
from governance.kernel.work import Work


def record_refusal(work: Work, *, permission: str, reason: str) -> None:
    """Record that the actor of *work* was refused an act; in a unit of work that is not rolled back for it.

    Args:
        work: the unit of work.
        permission: the act that was asked for, as `area:act`.
        reason: slug of the refusal.
    """
    audit.append(
        work, Action.ACCESS_REFUSED, facts={"permission": permission, "reason": reason}, outcome=Outcome.REFUSED
    )
