"""What a hold kept from going goes once it is released: nobody waits for the night, and the fuse is asked as ever."""

from datetime import timedelta
from typing import Final

from sqlalchemy import exists, select

from governance.customers.expiring import released_since
from governance.kernel import jobs
from governance.kernel.work import Work
from governance.policies.retention import TargetKind
from governance.reference.operations import find_controller
from governance.reference.retention_rules import active_versions
from governance.retention.beginning import begin
from governance.retention.due import Rules, columns, due, rules_of
from governance.retention.errors import RunOpenError
from governance.retention.records import Run, RunOrigin
from governance.retention.runs import open_runs

RESUME: Final = "retention.resume"
"""Name of the job that looks whether a release lets something go."""
LOOKED_BACK: Final = timedelta(days=2)
AGAIN: Final = timedelta(minutes=5)


def begin_released(work: Work, *, hour: int) -> Run | None:
    """Begin a run of those policies that reach people whose holds were released; None where nothing is to be begun.

    What goes in waves waits for its wave. While another run is under way this is looked at again some minutes later;
    while one waits to be approved, the run of the night does it.

    Args:
        work: the transaction.
        hour: from which on the run of the night begins; -1 where runs are begun by hand alone, as this one is then.
    """
    if hour < 0 or find_controller(work) is None:
        return None
    rules = rules_of(work, at=work.now)
    keys = [
        one.policy.key for one in active_versions(work) if not one.waves_left and _frees(work, rules, one.policy.key)
    ]
    if not keys:
        return None
    try:
        return begin(work, origin=RunOrigin.RELEASE, keys=keys)
    except RunOpenError:
        if open_runs(work):
            jobs.defer(work, RESUME, at=work.now + AGAIN)
        return None


def _frees(work: Work, rules: Rules, key: str) -> bool:
    """Whether a policy reaches something of people who were held lately."""
    policy = next(one for one in rules.policies if one.key == key)
    if policy.target.kind is TargetKind.LOG or not rules.can(policy):
        return False
    released = released_since(work.now - LOOKED_BACK)
    reached = due(rules, policy).where(columns(rules.stock(policy))["person_id"].in_(released))
    return bool(work.session.scalar(select(exists(reached))))
