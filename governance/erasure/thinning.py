"""What a retention policy takes of people besides all: a compartment, or whatever tells who they were.

Whoever calls has decided that it is to go, has locked the people, and tells of it in each of their histories.
"""

from collections.abc import Sequence
from typing import Final, LiteralString

from governance.custody.shredding import Reason, shred
from governance.erasure import steps
from governance.erasure.records import OriginKind, Step
from governance.erasure.steps import Task
from governance.erasure.targets import targets_of
from governance.kernel.db import driver_connection
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.classification import Compartment
from governance.vault.renewing import renew
from governance.vault.runtime import vault_of

_STEPS: Final = {
    Compartment.CONTACT: Step.CONTACT,
    Compartment.BEHAVIOUR: Step.BEHAVIOUR,
    Compartment.FINANCE: Step.FINANCE,
}
_PROFILE: Final[tuple[LiteralString, ...]] = (
    "DELETE FROM person_enrichment WHERE person_id = ANY(%(records)s)",
    "DELETE FROM extra_value WHERE person_id = ANY(%(records)s) AND profile_sealed IS NOT NULL",
)
_BARE: Final[LiteralString] = """
SELECT person.owner_id FROM data_key JOIN person USING (owner_id) WHERE compartment = %(compartment)s
    AND NOT EXISTS (SELECT FROM erasure_target WHERE person_id = coalesce(person.merged_into, person.id))
GROUP BY person.owner_id HAVING bool_and(wrapped IS NULL)
"""
# In no order, so that rows of one person do not lie together; the month alone, so that no day tells of anybody.
_KEEP: Final[LiteralString] = """
INSERT INTO anonymous_row (id, kind, code, country, month, total)
SELECT gen_random_uuid(), gone.kind, code, person.country, month, total FROM (
    SELECT 'purchase' AS kind, purchase.currency AS code, person_id, paid_at AS at, total FROM purchase
    WHERE person_id = ANY(%(records)s) AND NOT %(finance)s
    UNION ALL SELECT 'interaction', kind, person_id, at, NULL FROM interaction WHERE person_id = ANY(%(records)s)
    UNION ALL SELECT 'activity', kind, person_id, at, NULL FROM activity WHERE person_id = ANY(%(records)s)
) AS gone JOIN person ON person.id = person_id,
LATERAL (SELECT date_trunc('month', at AT TIME ZONE %(zone)s)::date AS month) AS coarse
ORDER BY random()
"""


def shred_compartment(work: Work, *, people: Sequence[SubjectId], compartment: Compartment) -> int:
    """Delete the rows of a compartment of people, and destroy its keys; answers how many rows and values went.

    They stay customers: `renew_compartment` lets new data come once this is committed.
    """
    targets = targets_of(work, people, locked=True)
    task = Task(work, None, targets, OriginKind.POLICY_RUN, frozenset(), held=False)
    if compartment is Compartment.PROFILE:
        gone = _empty_profiles(task)
    else:
        gone = sum(steps.do(_STEPS[compartment], task).values())
    shred(work, owners=task.owners, reason=Reason.RETENTION_ENDED, compartments=[compartment])
    return gone


def renew_compartment(work: Work, *, compartment: Compartment, people: Sequence[SubjectId] | None = None) -> int:
    """Let data come again into a compartment that was shredded, of people who are still there; answers of how many.

    Args:
        work: the transaction; another one than that in which it was shredded.
        compartment: which.
        people: whose; of everybody where left out, as after a restore, or where a process died in between.
    """
    if people is None:
        rows = driver_connection(work.session).execute(_BARE, {"compartment": compartment.value}).fetchall()
        owners = [owner for (owner,) in rows]
    else:
        owners = [owner for one in targets_of(work, people) for owner in one.owners]
    return renew(work.session, vault_of(work.session).keys, owners=owners, compartment=compartment.value)


def keep_anonymous(task: Task, *, zone: str) -> int:
    """Keep what people did as rows that lead to nobody, before it goes; answers how many.

    What a law keeps of them stays as it is, and goes on its day.
    """
    named = {**task.named, "finance": Compartment.FINANCE in task.waiting, "zone": zone}
    return driver_connection(task.work.session).execute(_KEEP, named).rowcount


def _empty_profiles(task: Task) -> int:
    cursor = driver_connection(task.work.session)
    sealed = [f"{name}_sealed" for name in shipped.catalogue().tables["person"].fields]
    emptied = ", ".join(f"{name} = NULL" for name in sealed)
    statement = f"UPDATE person SET {emptied}, version = version + 1 WHERE id = ANY(%(records)s)"  # noqa: S608 - of ours
    gone = cursor.execute(statement, task.named).rowcount
    return gone + sum(cursor.execute(one, task.named).rowcount for one in _PROFILE)
