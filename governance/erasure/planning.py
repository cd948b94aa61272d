"""What may go of people, and what must stay: the facts, for `policies.erasure.plan`.

Only finance and evidence are ever kept under a law: there each row says by itself what it proves.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.customers.reach import find_person
from governance.erasure.errors import NoSuchErasureError
from governance.erasure.records import Origin, OriginKind, Plan
from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId, SubjectRef
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
    last_day,
    minimum_until,
)
from governance.reference.operations import find_controller

COMPARTMENTS: Final = (
    Compartment.BEHAVIOUR,
    Compartment.CONTACT,
    Compartment.PROFILE,
    Compartment.FINANCE,
    Compartment.EVIDENCE,
)

_PEOPLE: Final[LiteralString] = """
SELECT coalesce(asked.merged_into, asked.id), person.id, person.owner_id, person.subject_ref
FROM person AS asked JOIN person
    ON person.id = coalesce(asked.merged_into, asked.id) OR person.merged_into = coalesce(asked.merged_into, asked.id)
WHERE asked.id = ANY(%(people)s) ORDER BY person.id
"""
_FACTS: Final[LiteralString] = """
SELECT person.id,
    ARRAY(SELECT paid_at FROM purchase WHERE person_id = person.id ORDER BY paid_at DESC LIMIT 1),
    EXISTS (SELECT FROM extra_value WHERE person_id = person.id AND finance_sealed IS NOT NULL),
    EXISTS (SELECT FROM contact WHERE person_id = person.id),
    EXISTS (SELECT FROM interaction WHERE person_id = person.id)
        OR EXISTS (SELECT FROM activity WHERE person_id = person.id)
FROM unnest(%(records)s::uuid[]) AS person (id)
"""
_SAID: Final[LiteralString] = """
SELECT event.person_id, event.channel, max(event.recorded_at),
    max(event.recorded_at) FILTER (WHERE event.kind IN ('given', 'confirmed', 'renewed'))
FROM consent_event AS event WHERE event.person_id = ANY(%(records)s) GROUP BY 1, 2
"""
_USED: Final[LiteralString] = """
SELECT person_id, channel, max(last_used_at) FROM consent_state
WHERE person_id = ANY(%(records)s) AND last_used_at IS NOT NULL GROUP BY 1, 2
"""
_HOLDS: Final[LiteralString] = """
SELECT person_id, id, compartments FROM person_hold WHERE person_id = ANY(%(records)s) AND released_at IS NULL
"""
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


@dataclass(slots=True)
class Target:
    """A person with all their records.

    Attributes:
        person: the survivor, where they were merged.
        records: ids of the survivor's row and of those merged into it.
        owners: key owners of those rows.
    """

    person: SubjectId
    ref: SubjectRef
    records: list[UUID] = field(default_factory=list)
    owners: list[UUID] = field(default_factory=list)


@dataclass(slots=True)
class _Known:
    """What is known of one person's data."""

    paid_at: datetime | None = None
    finance: bool = False
    contact: bool = False
    behaviour: bool = False
    said: dict[str, datetime] = field(default_factory=dict)
    given: dict[str, datetime] = field(default_factory=dict)
    used: dict[str, datetime] = field(default_factory=dict)
    holds: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Rules:
    """What the plan goes by: policies, the zone in which days are counted, when the fiscal year begins."""

    policies: Mapping[str, RetentionPolicy]
    zone: ZoneInfo
    country: str | None
    fiscal: YearStart = CALENDAR_YEAR


def rules_of(work: Work, policies: Mapping[str, RetentionPolicy] | None = None) -> Rules:
    """The statutory minimums of the controller's country, unless a caller brings its own policies."""
    known = find_controller(work)
    country = None if known is None else known.country
    zone = ZoneInfo("UTC" if known is None else known.zone)
    fiscal = CALENDAR_YEAR if known is None else known.fiscal_year
    return Rules(shipped.retention_policies(country) if policies is None else policies, zone, country, fiscal)


def targets_of(work: Work, people: Sequence[SubjectId], *, locked: bool = False) -> list[Target]:
    """Each of *people* who exists with all their records; the records locked until the transaction ends."""
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(_PEOPLE + (" FOR UPDATE OF person" if locked else ""), {"people": list(people)})
    found: dict[UUID, Target] = {}
    for survivor, record, owner, ref in cursor.fetchall():
        target = found.setdefault(survivor, Target(SubjectId(survivor), SubjectRef(ref)))
        if record not in target.records:
            target.records.append(record)
            target.owners.append(owner)
        if record == survivor:
            target.ref = SubjectRef(ref)
    return [found[person] for person in sorted(found)]


def plans_of(
    work: Work, targets: Sequence[Target], *, origin: Origin, rules: Rules
) -> dict[SubjectId, tuple[PlanStep, ...]]:
    """By person, what becomes of each compartment; statements do not grow with the number of people."""
    on = work.now.astimezone(rules.zone).date()
    known = _look(work, targets)
    asked = origin.kind is not OriginKind.POLICY_RUN
    return {
        target.person: plan(
            [_facts(one, known[target.person], rules, on, requested=asked, rule=origin.rule) for one in COMPARTMENTS],
            on=on,
        )
        for target in targets
    }


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
        policies: whose minimums count; those shipped for the controller's country where nothing is given.

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
    records = {"records": target.records}
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


def _look(work: Work, targets: Sequence[Target]) -> dict[SubjectId, _Known]:
    whose = {record: target.person for target in targets for record in target.records}
    found = {target.person: _Known() for target in targets}
    records = {"records": list(whose)}
    cursor = driver_connection(work.session).cursor(binary=True)
    for record, paid, extra, contact, behaviour in cursor.execute(_FACTS, records).fetchall():
        known = found[whose[record]]
        known.paid_at = max(filter(None, (known.paid_at, *paid)), default=None)
        known.finance |= bool(paid) or extra
        known.contact |= contact
        known.behaviour |= behaviour
    for record, channel, said, given in cursor.execute(_SAID, records).fetchall():
        _later(found[whose[record]].said, channel, said)
        _later(found[whose[record]].given, channel, given)
    for record, channel, used in cursor.execute(_USED, records).fetchall():
        _later(found[whose[record]].used, channel, used)
    for record, hold, compartments in cursor.execute(_HOLDS, records).fetchall():
        for compartment in compartments:
            found[whose[record]].holds[compartment].append(hold)
    return found


def _later(by: dict[str, datetime], channel: str, at: datetime | None) -> None:
    if at is not None:
        by[channel] = max(at, by.get(channel, at))


def _facts(
    compartment: Compartment, known: _Known, rules: Rules, on: date, *, requested: bool, rule: str | None
) -> CompartmentFacts:
    empty = {
        Compartment.FINANCE: not known.finance,
        Compartment.EVIDENCE: not known.said,
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


def _minimums(compartment: Compartment, known: _Known, rules: Rules, on: date) -> list[Minimum]:
    found: list[Minimum] = []
    for policy in rules.policies.values():
        if _place(policy) is not compartment:
            continue
        event = _event(policy, known, rules.zone, on)
        if event is None:
            continue
        if compartment is Compartment.FINANCE:
            until = minimum_until(policy, event, fiscal=rules.fiscal)
            citation = "" if policy.minimum is None else policy.minimum.citation
        else:
            # Proof of what was agreed to is kept for claims as long as the policy says (Art. 17(3)(e), 7(1), 5(2)).
            until, citation = last_day(policy, event, fiscal=rules.fiscal), policy.citation
        if until is not None:
            found.append(Minimum(until, policy.key, citation))
    return found


def _place(policy: RetentionPolicy) -> Compartment | None:
    target = policy.target
    if target.kind is TargetKind.TABLE:
        return {"purchase": Compartment.FINANCE, "consent_event": Compartment.EVIDENCE}.get(target.name)
    if target.kind is TargetKind.COMPARTMENT and target.name in (Compartment.FINANCE, Compartment.EVIDENCE):
        return Compartment(target.name)
    return None


def _event(policy: RetentionPolicy, known: _Known, zone: ZoneInfo, on: date) -> date | None:
    """The day from which the period of a policy runs for this person; None where it says nothing of them."""
    if policy.clock is Clock.PURCHASE_PAID:
        return None if known.paid_at is None else known.paid_at.astimezone(zone).date()
    channels = None if policy.narrowing is None else policy.narrowing.values
    if policy.clock is Clock.CONSENT_WITHDRAWN:  # what stands is withdrawn by the erasure itself
        return on if known.said and (channels is None or channels & known.said.keys()) else None
    by = {Clock.CONSENT_GIVEN: known.given, Clock.CONSENT_LAST_USED: {**known.given, **known.used}}.get(policy.clock)
    found = [at for channel, at in (by or {}).items() if channels is None or channel in channels]
    return max(found).astimezone(zone).date() if found else None
