"""A merge is undone while the two are being erased: whoever nobody asked to erase goes free, where all is there still.

Which of the two was asked for tells the random name that the erasure began with.
"""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import ObjectRef
from governance.erasure.errors import MergeInErasureError
from governance.erasure.records import Step, StepState
from governance.erasure.rows import locked, steps_of, targets_in
from governance.erasure.tables import StepRow
from governance.erasure.targets import Target, targets_of
from governance.erasure.widening import plan_anew, write_target
from governance.kernel.db import driver_connection
from governance.kernel.errors import ConflictError
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

TAKE_NOTHING: Final = frozenset({Step.SUPPRESS.value, Step.WITHDRAW.value})
"""Steps that stop the use of data and leave the data there; what they stopped stays stopped."""
_GONE: Final = (
    "An erasure of this customer is under way and part of the data is gone: the merge cannot be undone any more. "
    "Place a legal hold to keep what is still there."
)
_BUSY: Final = "A step of an erasure of this customer is being done at this moment; try again."
_WHICH: Final[LiteralString] = """
SELECT erasure_id, ref FROM erasure_target WHERE person_id = ANY(%(two)s) ORDER BY erasure_id
"""
_REFS: Final[LiteralString] = "SELECT subject_ref FROM person WHERE id = ANY(%(records)s)"


def let_go(work: Work, survivor: SubjectId, other: SubjectId) -> None:
    """Take whoever an erasure was not asked for out of it, now that two are two again.

    Raises:
        MergeInErasureError: where something of the two is gone already.
        ConflictError: where a step is being done at this moment.
    """
    named = {"two": [survivor, other]}
    found = driver_connection(work.session).execute(_WHICH, named).fetchall()
    if not found:
        return
    parted = targets_of(work, [survivor, other])
    for erasure, ref in found:
        _narrow(work, erasure, ref, parted)


def _narrow(work: Work, erasure: UUID, ref: UUID, parted: Sequence[Target]) -> None:
    row = locked(work, erasure)
    if row is None:
        raise ConflictError(_BUSY)
    targets = targets_in(work, erasure)
    [target] = [one for one in targets if one.ref == ref]
    stays = next((one for one in parted if ref in _refs(work, one)), None)
    if stays is not None and set(target.records) <= set(stays.records):
        return  # the other one never was in it
    made = steps_of(work, erasure)
    if stays is None or any(_took(one) for one in made):
        raise MergeInErasureError(_GONE)
    target.person, target.records, target.owners = stays.person, list(stays.records), list(stays.owners)
    write_target(work, row, target)
    plan_anew(work, row, targets, [one for one in made if one.state != StepState.DONE.value])
    freed = [one for one in parted if one is not stays]
    for one in freed:
        audit.append(work, Action.ERASURE_FREED, subject=one.ref, object=ObjectRef("erasure", erasure))


def _took(step: StepRow) -> bool:
    return step.done_at is not None and step.step not in TAKE_NOTHING


def _refs(work: Work, target: Target) -> set[UUID]:
    rows = driver_connection(work.session).execute(_REFS, {"records": target.records}).fetchall()
    return {ref for (ref,) in rows}
