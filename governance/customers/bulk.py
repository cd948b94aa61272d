"""Many rows at once, for files: one COPY per table, keys and entries in bulk. Whoever calls has decided that it may be.

Nothing here is checked that `values` checks: rows come in normal form. Changing people who are there already is in
`enriching`, taking an import back in `undo`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry
from governance.customers.bulk_rows import (
    ContactIn,
    ExtraIn,
    PersonIn,
    came_by,
    copy_contacts,
    copy_extras,
    copy_people,
)
from governance.customers.codes import ContactKind
from governance.customers.extras import known as known_extras
from governance.customers.loading import opened, people_of
from governance.customers.records import NewPerson, Origin
from governance.customers.tables import ContactRow, PersonRow
from governance.kernel.db import driver_connection
from governance.kernel.errors import InvalidError
from governance.kernel.ids import OwnerId, SubjectId, SubjectRef, uuid4, uuid7
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.vault.compartments import OwnerKind
from governance.vault.runtime import vault_of


@frozen
class Candidate:
    """Somebody who holds a contact already, names in the clear: for comparison in memory, never to be shown or kept."""

    id: SubjectId
    family_name: str | None
    given_name: str | None
    patronymic: str | None
    organisation: str | None
    birth_date: str | None
    created_at: datetime


def create_people(work: Work, people: Sequence[NewPerson], *, origin: Origin) -> list[SubjectId]:
    """Keep many new people with their contacts and extra fields, each with an entry of its own.

    Args:
        work: its actor and instant go into every row and entry.
        people: in normal form; of a contact that stands twice on one person, the first is kept.
        origin: batch, and what the people share.

    Returns:
        Their ids, in order.

    Raises:
        InvalidError: where an extra field is not defined, or retired.
    """
    made = [PersonIn(SubjectId(uuid7()), OwnerId(uuid7()), SubjectRef(uuid4()), new) for new in people]
    vault_of(work.session).owners.create(work.session, OwnerKind.PERSON, [one.owner for one in made])
    copy_people(work, made, origin=origin)
    contacts = [ContactIn(one.id, one.owner, contact) for one in made for contact in one.new.contacts]
    counts = copy_contacts(work, contacts, batch=origin.batch, taken=frozenset())
    values = extras_in(work, [(one.id, one.owner, one.new.extras) for one in made])
    copy_extras(work, values, batch=origin.batch)
    audit.append_many(work, [_created(one, origin, counts.get(one.id, 0)) for one in made])
    return [one.id for one in made]


def _created(one: PersonIn, origin: Origin, contacts: int) -> NewEntry:
    source, ground = came_by(one.new, origin)
    facts: dict[str, Fact] = {
        "batch": origin.batch,
        "contacts": contacts,
        "ground": ground.value,
        "source": source.value,
    }
    return NewEntry(Action.PERSON_CREATED, subject=one.ref, facts=facts)


def extras_in(work: Work, people: Sequence[tuple[UUID, UUID, Mapping[str, str]]]) -> list[ExtraIn]:
    """Values of extra fields by person and owner, with the definitions of their fields.

    Raises:
        InvalidError: where a field is not defined, or retired.
    """
    if not any(extras for _, _, extras in people):
        return []
    defined = known_extras(work)
    unknown = {key for _, _, extras in people for key in extras if key not in defined or defined[key].retired_at}
    if unknown:
        sentence = "No extra field of this key takes values; define it first."
        raise InvalidError("Extra fields are not defined.", errors={f"extra.{key}": [sentence] for key in unknown})
    return [
        ExtraIn(person, owner, defined[key], text) for person, owner, extras in people for key, text in extras.items()
    ]


def find_by_contacts(work: Work, contacts: Sequence[tuple[ContactKind, str]]) -> list[tuple[Candidate, ...]]:
    """For each of *contacts* those who hold it, the one known longest first; merged people answer by their survivor.

    Statements do not grow with the number of contacts; each is told by its kind and its value in normal form.
    """
    if not contacts:
        return []
    digests = contact_digests_asked(work, contacts)
    asked = [(place, digest) for place, of_one in enumerate(digests) for digest in of_one]
    holders: dict[bytes, set[UUID]] = defaultdict(set)
    for digest, person in _holders(work, list({digest for _, digest in asked})):
        holders[digest].add(person)
    people = people_of(work, {person for found in holders.values() for person in found})
    candidates = {person.id: _candidate(person) for person in people}
    found: list[set[UUID]] = [set() for _ in digests]
    for place, digest in asked:
        found[place] |= holders.get(digest, set())
    return [
        tuple(sorted((candidates[person] for person in held if person in candidates), key=lambda one: one.created_at))
        for held in found
    ]


def held_digests(work: Work, digests: Sequence[bytes]) -> frozenset[bytes]:
    """Those of *digests* under which somebody's contact stands."""
    return frozenset(digest for digest, _ in _holders(work, list(digests))) if digests else frozenset()


def held_by_others(work: Work, digests: Sequence[bytes], *, people: Sequence[SubjectId]) -> bool:
    """Whether anybody but *people* holds a contact with one of *digests*."""
    if not digests:
        return False
    work.session.flush()
    found = driver_connection(work.session).execute(_OTHERS, (list(digests), list(people))).fetchone()
    return found == (True,)


_OTHERS: Final[LiteralString] = (
    "SELECT EXISTS (SELECT FROM contact WHERE value_index = ANY(%b) AND person_id <> ALL(%b::uuid[]))"
)


def contact_digests_asked(work: Work, contacts: Sequence[tuple[ContactKind, str]]) -> list[list[bytes]]:
    """For each of *contacts* the digests under which it may be found."""
    vault = vault_of(work.session)
    vault.keep_fresh(work.session)
    indexes = ContactRow.sealed_fields["value"].indexes
    return [vault.indexer.ask(indexes[kind], (value,)) for kind, value in contacts]


def _holders(work: Work, digests: list[bytes]) -> list[tuple[bytes, UUID]]:
    work.session.flush()
    # In binary form, since thousands of digests written as text cost more than finding them.
    cursor = driver_connection(work.session).cursor(binary=True)
    found = cursor.execute("SELECT value_index, person_id FROM contact WHERE value_index = ANY(%b)", (digests,))
    return [(digest, person) for digest, person in found]


def _candidate(person: PersonRow) -> Candidate:
    return Candidate(
        id=SubjectId(person.id),
        family_name=opened(person, "family_name"),
        given_name=opened(person, "given_name"),
        patronymic=opened(person, "patronymic"),
        organisation=opened(person, "organisation"),
        birth_date=opened(person, "birth_date"),
        created_at=person.created_at,
    )
