"""Beginning an erasure: people who have the same plan share one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, LiteralString

from sqlalchemy import insert, select

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, ObjectRef
from governance.customers.reach import allow, find_person
from governance.customers.texts import LONG_TEXT, Complaints, words
from governance.erasure.errors import BeingErasedError, NoSuchErasureError
from governance.erasure.planning import Rules, plans_of, rules_of
from governance.erasure.records import COMPARTMENT_OF, ErasureId, ErasureState, Origin, OriginKind, Step, StepState
from governance.erasure.tables import ErasureRow, StepRow, TargetRow
from governance.erasure.targets import Target, targets_of
from governance.kernel import jobs
from governance.kernel.arrays import uuids
from governance.kernel.db import driver_connection, id_list
from governance.kernel.ids import OwnerId, SubjectId, uuid7
from governance.kernel.work import ActorKind, Work
from governance.policies.erasure import Fate, PlanStep
from governance.policies.permissions import Permission
from governance.policies.retention import RetentionPolicy
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of

RUN: Final = "erasure.run"
"""Name of the job that sees an erasure through."""

_TARGETS: Final[LiteralString] = """
INSERT INTO erasure_target (erasure_id, ref, person_id, records, owners)
SELECT %(erasure)s, ref, person_id, records::uuid[], owners::uuid[]
FROM unnest(%(refs)s::uuid[], %(people)s::uuid[], %(records)s::text[], %(owners)s::text[])
    AS target (ref, person_id, records, owners)
"""
# Most people have one record; an array for each of them is made by the server.
_SINGLE_TARGETS: Final[LiteralString] = """
INSERT INTO erasure_target (erasure_id, ref, person_id, records, owners)
SELECT %(erasure)s, ref, person_id, ARRAY[record], ARRAY[owner]
FROM unnest(%(refs)b, %(people)b, %(records)b, %(owners)b) AS target (ref, person_id, record, owner)
"""
_STATES: Final[Mapping[Fate, StepState]] = {
    Fate.DELETE: StepState.PENDING,
    Fate.KEEP: StepState.KEPT,
    Fate.HELD: StepState.HELD,
}


def begin(
    work: Work,
    *,
    person: SubjectId,
    origin: Origin,
    policies: Mapping[str, RetentionPolicy] | None = None,
) -> ErasureId:
    """Begin to erase a person, for callers that have decided that it may be; a job does it once this is committed.

    Args:
        work: the transaction.
        person: whom; those who were merged with them go along.
        origin: who asked for it.
        policies: whose minimums count; those in force (`planning.rules_of`) where nothing is given.

    Raises:
        NoSuchErasureError: where there is no such person.
        BeingErasedError: where an erasure of this person was begun already.
    """
    targets = targets_of(work, [person], locked=True)
    if not targets:
        raise NoSuchErasureError("There is no such person; nothing of them could be erased.")
    known = work.session.scalar(select(TargetRow.erasure_id).where(TargetRow.person_id == targets[0].person))
    if known is not None:
        raise BeingErasedError(f"An erasure of this person was begun already; see: governance erasure show {known}")
    [(erasure, _)] = record(work, targets, origin=origin, rules=rules_of(work, policies))
    jobs.defer_once(work, RUN, waiting=f"erasure {erasure}", erasure=erasure)
    return erasure


def order(work: Work, *, person: SubjectId, reason: str) -> ErasureId:
    """Begin to erase a person, as an officer or operator who has a reason; it is sealed and stays with the log.

    Raises:
        ForbiddenError, NotFoundError: as `reach.find_person` does.
        InvalidError: where no reason is given.
        BeingErasedError: where an erasure of this person was begun already.
    """
    allow(work, Permission.ERASURE_BEGIN)
    errors = Complaints()
    with errors.at("reason"):
        reason = words(reason, longest=LONG_TEXT, lines=True)
    errors.end("Nobody is erased without a reason.")
    found = find_person(work, person, Permission.ERASURE_BEGIN)
    kind = OriginKind.OPERATOR if work.actor.kind is ActorKind.OPERATOR else OriginKind.OFFICER
    erasure = begin(work, person=SubjectId(found.id), origin=Origin(kind))
    owner = OwnerId(uuid7())
    vault_of(work.session).owners.create(work.session, OwnerKind.ERASURE, [owner])
    audit.append(
        work,
        Action.ERASURE_ORDERED,
        object=ObjectRef("erasure", erasure),
        personal={"reason": reason},
        owner=owner,
    )
    return erasure


def record(
    work: Work, targets: Sequence[Target], *, origin: Origin, rules: Rules
) -> list[tuple[ErasureId, list[Target]]]:
    """Write down plans as erasures with their steps, one for all who have the same plan; answers whom each is of."""
    plans = plans_of(work, targets, origin=origin, rules=rules)
    groups: dict[tuple[PlanStep, ...], list[Target]] = defaultdict(list)
    for target in targets:
        groups[plans[target.person]].append(target)
    return [(_record(work, plan, group, origin, rules), group) for plan, group in groups.items()]


def _record(work: Work, plan: Sequence[PlanStep], targets: Sequence[Target], origin: Origin, rules: Rules) -> ErasureId:
    erasure = ErasureId(uuid7())
    fates: dict[str, Fact] = {one.compartment.value: one.fate.value for one in plan}
    facts: dict[str, Fact] = {"origin": origin.kind.value, "people": len(targets), "plan": fates}
    if origin.id is not None:
        facts["origin_id"] = origin.id
    if origin.rule is not None:
        facts["rule"] = origin.rule
    alone = targets[0].ref if len(targets) == 1 else None
    entry = audit.append(work, Action.ERASURE_BEGUN, subject=alone, object=ObjectRef("erasure", erasure), facts=facts)
    work.session.add(
        ErasureRow(
            id=erasure,
            origin=origin.kind.value,
            origin_id=origin.id,
            state=ErasureState.RUNNING.value,
            people=len(targets),
            rule=origin.rule,
            country=rules.country,
            zone=rules.zone.key,
            begun_at=work.now,
            begun_by_kind=work.actor.kind.value,
            begun_by=work.actor.id,
            entry=entry,
        )
    )
    work.session.flush()
    _record_targets(work, erasure, targets)
    work.session.execute(insert(StepRow), _steps(erasure, plan))
    return erasure


def _record_targets(work: Work, erasure: ErasureId, targets: Sequence[Target]) -> None:
    connection = driver_connection(work.session)
    single = [one for one in targets if len(one.records) == 1]
    if single:
        connection.execute(
            _SINGLE_TARGETS,
            {
                "erasure": erasure,
                "refs": uuids(one.ref for one in single),
                "people": uuids(one.person for one in single),
                "records": uuids(one.records[0] for one in single),
                "owners": uuids(one.owners[0] for one in single),
            },
        )
    merged = [one for one in targets if len(one.records) != 1]
    if merged:
        connection.execute(
            _TARGETS,
            {
                "erasure": erasure,
                "refs": id_list(one.ref for one in merged),
                "people": id_list(one.person for one in merged),
                "records": [id_list(one.records) for one in merged],
                "owners": [id_list(one.owners) for one in merged],
            },
        )


def _steps(erasure: ErasureId, plan: Sequence[PlanStep]) -> list[dict[str, object]]:
    by_compartment = {one.compartment: one for one in plan}
    held = sorted({hold for one in plan if one.fate is Fate.HELD for hold in one.holds})
    made: list[dict[str, object]] = []
    for number, step in enumerate(Step, start=1):
        planned = by_compartment.get(COMPARTMENT_OF[step]) if step in COMPARTMENT_OF else None
        state, holds = StepState.PENDING, list[str]()
        if planned is not None:
            state, holds = _STATES[planned.fate], list(planned.holds)
        elif step is Step.RECORD and held:
            state, holds = StepState.HELD, held
        made.append(
            {
                "erasure_id": erasure,
                "number": number,
                "step": step.value,
                "state": state.value,
                "until": None if planned is None else planned.until,
                "first_until": None if planned is None else planned.first,
                "in_force": planned is None or planned.in_force,
                "rule": "" if planned is None else planned.rule,
                "citation": "" if planned is None else planned.citation,
                "holds": holds,
                "attempts": 0,
                "counts": {},
            }
        )
    return made
