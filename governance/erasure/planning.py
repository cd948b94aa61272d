"""What may go of people, and what must stay: the facts, for `policies.erasure.plan`.

Only finance and evidence are ever kept under a law: there each row says by itself what it proves.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, LiteralString
from zoneinfo import ZoneInfo

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.customers.reach import find_person
from governance.erasure.errors import NoSuchErasureError
from governance.erasure.histories import kept_until
from governance.erasure.knowing import Known, look
from governance.erasure.records import Origin, OriginKind, Plan
from governance.erasure.targets import Target, targets_of
from governance.kernel.db import driver_connection, id_list
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.classification import Compartment
from governance.policies.erasure import CompartmentFacts, Minimum, PlanStep, plan
from governance.policies.permissions import Permission
from governance.policies.retention import (
    CALENDAR_YEAR,
    Clock,
    RetentionPolicy,
    TargetKind,
    YearStart,
    minimum_until,
)
from governance.reference.operations import find_controller
from governance.reference.retention_rules import active

COMPARTMENTS: Final = (
    Compartment.BEHAVIOUR,
    Compartment.CONTACT,
    Compartment.PROFILE,
    Compartment.FINANCE,
    Compartment.EVIDENCE,
)

_SHARED: Final[LiteralString] = """
SELECT count(DISTINCT other.person_id)
FROM contact AS mine JOIN contact AS other ON other.value_index = mine.value_index
WHERE mine.person_id = ANY(%(records)s) AND other.person_id <> ALL(%(records)s)
"""
_RECIPIENTS: Final[LiteralString] = """
SELECT count(DISTINCT disclosure.recipient_id) FROM disclosure_person
JOIN disclosure ON disclosure.id = disclosure_id AND disclosure.at IS NOT NULL
WHERE person_id = ANY(%(records)s)
"""


@frozen
class Rules:
    """What the plan goes by.

    Attributes:
        by_compartment: the policies that say how long something of finance or evidence must stay; of finance, those by
            which a law wants purchases kept.
        zone: the one in which days are counted.
        fiscal: when the fiscal year begins.
        not_in_force: of which compartments the policies are those shipped, since the controller has put none in force.
    """

    by_compartment: Mapping[Compartment, tuple[RetentionPolicy, ...]]
    zone: ZoneInfo
    country: str | None
    fiscal: YearStart = CALENDAR_YEAR
    not_in_force: frozenset[Compartment] = frozenset()


def rules_of(work: Work, policies: Mapping[str, RetentionPolicy] | None = None) -> Rules:
    """The policies in force in this store, unless a caller brings its own.

    What a law wants kept does not wait for the controller to approve of it: where no policy in force says anything of a
    compartment, the period shipped for the controller's country is heeded, and every plan and certificate says so.
    """
    known = find_controller(work)
    country = None if known is None else known.country
    zone = ZoneInfo("UTC" if known is None else known.zone)
    fiscal = CALENDAR_YEAR if known is None else known.fiscal_year
    if policies is not None:
        return Rules(_by_compartment(policies.values()), zone, country, fiscal)
    in_force = active(work)
    missing = binding(in_force.values(), country)
    return Rules({**_by_compartment(in_force.values()), **missing}, zone, country, fiscal, frozenset(missing))


def binding(
    in_force: Iterable[RetentionPolicy], country: str | None
) -> Mapping[Compartment, tuple[RetentionPolicy, ...]]:
    """Policies shipped for a country that count although not approved: of what those *in_force* say nothing of."""
    found = _by_compartment(in_force)
    return {
        compartment: rules
        for compartment, rules in _by_compartment(shipped.retention_policies(country).values()).items()
        if compartment not in found
    }


def _by_compartment(policies: Iterable[RetentionPolicy]) -> dict[Compartment, tuple[RetentionPolicy, ...]]:
    found: dict[Compartment, list[RetentionPolicy]] = defaultdict(list)
    for policy in policies:
        compartment = _place(policy)
        if compartment is Compartment.EVIDENCE or (compartment is Compartment.FINANCE and _keeps_purchases(policy)):
            found[compartment].append(policy)
    return {compartment: tuple(rules) for compartment, rules in found.items()}


def _keeps_purchases(policy: RetentionPolicy) -> bool:
    """Whether it names a law that wants each purchase kept from its own day on; others set no such law aside."""
    return policy.clock is Clock.PURCHASE_PAID and policy.minimum is not None


def plans_of(
    work: Work, targets: Sequence[Target], *, origin: Origin, rules: Rules
) -> dict[SubjectId, tuple[PlanStep, ...]]:
    """By person, what becomes of each compartment; statements do not grow with the number of people."""
    on = work.now.astimezone(rules.zone).date()
    known = look(work, targets)
    asked = origin.kind is not OriginKind.POLICY_RUN
    plans: dict[Hashable, tuple[PlanStep, ...]] = {}
    found: dict[SubjectId, tuple[PlanStep, ...]] = {}
    for target in targets:
        its = known[target.person]
        alike = its.by_days(rules.zone)
        if alike not in plans:
            facts = [_facts(one, its, rules, on, requested=asked, rule=origin.rule) for one in COMPARTMENTS]
            plans[alike] = plan(facts, on=on)
        found[target.person] = plans[alike]
    return found


def plan_for(
    work: Work,
    *,
    person: SubjectId,
    origin: Origin | None = None,
    policies: Mapping[str, RetentionPolicy] | None = None,
) -> Plan:
    """What would become of a person's data if they were erased now; for whoever has decided that it may be told.

    Args:
        work: the transaction.
        person: whom.
        origin: who asks; the person where nothing is said.
        policies: whose minimums count; those in force (`rules_of`) where nothing is given.

    Raises:
        NoSuchErasureError: where there is no such person.
    """
    rules = rules_of(work, policies)
    found = targets_of(work, [person])
    if not found:
        raise NoSuchErasureError("There is no such person; nothing of them could be erased.")
    [target] = found
    steps = plans_of(work, found, origin=origin or Origin(OriginKind.REQUEST), rules=rules)[target.person]
    cursor = driver_connection(work.session)
    records = {"records": id_list(target.records)}
    [(others,)] = cursor.execute(_SHARED, records).fetchall()
    [(recipients,)] = cursor.execute(_RECIPIENTS, records).fetchall()
    return Plan(target.person, steps, recipients, others, work.now.astimezone(rules.zone).date())


def look_ahead(work: Work, *, person: SubjectId) -> Plan:
    """As `plan_for`, for an officer who may begin it; told in the log.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
    """
    found = find_person(work, person, Permission.ERASURE_BEGIN)
    audit.append(work, Action.ERASURE_READ, subject=SubjectRef(found.subject_ref), facts={"plan": True})
    return plan_for(work, person=SubjectId(found.id))


def _facts(
    compartment: Compartment, known: Known, rules: Rules, on: date, *, requested: bool, rule: str | None
) -> CompartmentFacts:
    empty = {
        Compartment.FINANCE: not known.finance,
        Compartment.EVIDENCE: not (known.histories or known.evidence),
        Compartment.CONTACT: not known.contact,
    }
    return CompartmentFacts(
        compartment,
        holds=tuple(sorted(map(str, known.holds.get(compartment.value, ())))),
        minimums=tuple(_minimums(compartment, known, rules, on)),
        requested=requested,
        maximum=None if requested else rule or "retention",
        empty=empty.get(compartment, False),
    )


def _minimums(compartment: Compartment, known: Known, rules: Rules, on: date) -> list[Minimum]:
    in_force = compartment not in rules.not_in_force
    policies = rules.by_compartment.get(compartment, ())
    if compartment is Compartment.EVIDENCE:
        return _proofs(known, rules, policies, on, in_force=in_force)
    found: list[Minimum] = []
    for policy in policies:
        if known.first_paid is None or known.last_paid is None:
            continue
        first, last = (at.astimezone(rules.zone).date() for at in (known.first_paid, known.last_paid))
        until = minimum_until(policy, last, fiscal=rules.fiscal)
        if policy.minimum is not None and until is not None:
            earliest = minimum_until(policy, first, fiscal=rules.fiscal)
            found.append(Minimum(until, policy.key, policy.minimum.citation, earliest, in_force))
    return found


def _proofs(
    known: Known, rules: Rules, policies: Sequence[RetentionPolicy], on: date, *, in_force: bool
) -> list[Minimum]:
    """Proof of what was agreed to is kept for claims as long as policies say (Art. 17(3)(e), 7(1), 5(2))."""
    days = [
        {policy.key: day for policy, day in kept_until(one, policies, zone=rules.zone, fiscal=rules.fiscal, on=on)}
        for one in known.histories
    ]
    first = min((max(each.values()) for each in days if each), default=None)
    found = []
    for policy in policies:
        own = [each[policy.key] for each in days if policy.key in each]
        if own:
            found.append(Minimum(max(own), policy.key, policy.citation, first, in_force))
    return found


def _place(policy: RetentionPolicy) -> Compartment | None:
    target = policy.target
    if target.kind is TargetKind.TABLE:
        return {"purchase": Compartment.FINANCE, "consent_event": Compartment.EVIDENCE}.get(target.name)
    if target.kind is TargetKind.COMPARTMENT and target.name in (Compartment.FINANCE, Compartment.EVIDENCE):
        return Compartment(target.name)
    return None
