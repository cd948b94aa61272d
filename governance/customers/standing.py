"""Marks that stand on people: restrictions stop all use but storage, holds keep what is there from being lost."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, literal, select

from governance.customers.codes import RestrictionReason
from governance.customers.errors import LegalHoldError, RestrictedError
from governance.customers.tables import HoldRow, PersonRow, RestrictionRow
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.classification import Compartment


def restricted(work: Work, people: Iterable[UUID]) -> frozenset[UUID]:
    """Those of *people* whose data may only be stored (GDPR Art. 18(2))."""
    query = select(RestrictionRow.person_id).where(
        RestrictionRow.person_id == any_(literal(list(people), ARRAY(Uuid))), RestrictionRow.lifted_at.is_(None)
    )
    return frozenset(work.session.scalars(query))


def standing_restrictions(work: Work, person: SubjectId) -> dict[RestrictionReason, UUID]:
    """Restrictions of a person that stand, by reason."""
    query = select(RestrictionRow.reason, RestrictionRow.id).where(
        RestrictionRow.person_id == person, RestrictionRow.lifted_at.is_(None)
    )
    return {RestrictionReason(reason): found for reason, found in work.session.execute(query)}


def held(work: Work, people: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """By person, the compartments that a legal hold keeps (GDPR Art. 17(3)(e))."""
    query = select(HoldRow.person_id, HoldRow.compartments).where(
        HoldRow.person_id == any_(literal(list(people), ARRAY(Uuid))), HoldRow.released_at.is_(None)
    )
    found: dict[UUID, frozenset[str]] = {}
    for person, compartments in work.session.execute(query):
        found[person] = found.get(person, frozenset()) | frozenset(compartments)
    return found


def refuse_if_restricted(work: Work, person: PersonRow) -> None:
    """Stop an act that a restriction of processing forbids.

    Raises:
        RestrictedError: where a restriction stands.
    """
    if restricted(work, [person.id]):
        raise RestrictedError(
            "Processing of this person's data is restricted: nothing may be changed until the restriction is lifted."
        )


def refuse_if_held(work: Work, person: PersonRow, compartments: Iterable[str | Compartment]) -> None:
    """Stop an act by which something that is there would be lost.

    Raises:
        LegalHoldError: where a hold keeps one of *compartments*.
    """
    losing = {str(one) for one in compartments}
    if losing and losing & held(work, [person.id]).get(person.id, frozenset()):
        raise LegalHoldError("A legal hold covers this data: nothing that is there may be changed or removed.")
