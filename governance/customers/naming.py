"""What people are called: their names alone, for lists that show nothing else of them."""

from collections.abc import Collection
from dataclasses import fields

from sqlalchemy import ARRAY, Uuid, any_, func, literal, select
from sqlalchemy.orm import aliased

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import NewEntry
from governance.customers.loading import warm
from governance.customers.merged import merged_into, speaking
from governance.customers.reach import within
from governance.customers.shown import Lens
from governance.customers.tables import PersonRow
from governance.kernel.ids import SubjectId, SubjectRef
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.policies.classification import Compartment
from governance.policies.permissions import Permission

_asked = aliased(PersonRow)


@frozen
class PersonName:
    """The names of a person as they may be seen; None where there is none, or it may not be seen."""

    family_name: str | None
    given_name: str | None
    patronymic: str | None
    organisation: str | None


NAMES = tuple(one.name for one in fields(PersonName))


def names(work: Work, *, subjects: Collection[SubjectId]) -> dict[SubjectId, PersonName]:
    """What people are called, by id; nothing else of them is opened, and each is told in the log.

    One who was merged into another goes by the survivor's names. Whoever is not there, or not within reach, is left
    out. The number of statements does not grow with them.

    Raises:
        ForbiddenError: where the actor may not read people.
    """
    query = (
        select(_asked.id, PersonRow)
        .join(PersonRow, PersonRow.id == func.coalesce(_asked.merged_into, _asked.id))
        .where(_asked.id == any_(literal(list(subjects), ARRAY(Uuid))), within(work, Permission.CUSTOMERS_READ))
    )
    asked = {SubjectId(one): person for one, person in work.session.execute(query)}
    people = {person.id: person for person in asked.values()}
    warm(work, people.values(), Compartment.PROFILE)
    merged = merged_into(work, people)
    found = {}
    for person in people.values():
        lens, others = Lens(work, Permission.CUSTOMERS_READ, person), merged.get(person.id, ())
        found[person.id] = PersonName(*(lens.show(speaking(person, others, name), name) for name in NAMES))
    told = [
        NewEntry(Action.PERSON_READ, SubjectRef(one.subject_ref), facts={"part": "names"}) for one in people.values()
    ]
    audit.append_many(work, told)
    return {one: found[person.id] for one, person in asked.items()}
