"""Whoever comes back after a policy had their data restricted is treated like everybody else again."""

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.customers.codes import RestrictionReason
from governance.customers.expiring import lift_restrictions_of_policies
from governance.kernel.ids import SubjectRef
from governance.kernel.work import Work
from governance.policies.retention import RetentionAction
from governance.reference.operations import find_controller
from governance.reference.retention_rules import active
from governance.retention.due import columns, overdue, rules_of


def lift_ended(work: Work) -> int:
    """Lift restrictions by policies whose reason is gone: the person acted since, and no policy in force wants it.

    What was restricted at somebody's request, or for claims, is not touched: that ends as GDPR Art. 18(3) has it.

    Returns:
        Number of restrictions that were lifted.
    """
    if find_controller(work) is None:
        return 0
    restricting = [one for one in active(work).values() if one.action is RetentionAction.RESTRICT]
    rules = rules_of(work, at=work.now)
    still = [
        overdue(rules, one, again=True).with_only_columns(
            columns(rules.stock(one))["person_id"].label("id"), maintain_column_froms=True
        )
        for one in restricting
    ]
    lifted = lift_restrictions_of_policies(work, unless=still)
    facts: dict[str, Fact] = {"reason": RestrictionReason.PERIOD_OVER.value}
    audit.append_many(
        work,
        [
            NewEntry(Action.RESTRICTION_LIFTED, SubjectRef(ref), ObjectRef("restriction", one), facts)
            for one, ref in sorted(lifted.items())
        ],
    )
    return len(lifted)
