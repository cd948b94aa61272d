"""Who in the store holds the contacts of many rows."""

from collections.abc import Iterable, Sequence

from governance.customers.bulk import Candidate, find_by_contacts, held_by_others
from governance.customers.codes import ContactKind
from governance.intake.people import ContactKey
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

_KINDS = {kind.value: kind for kind in ContactKind}
Held = dict[ContactKey, tuple[Candidate, ...]]
"""By contact, those who hold it, the one known longest first."""


def held_by(work: Work, keys: Iterable[ContactKey]) -> Held:
    """Those who hold each of *keys*; the number of statements does not grow with them."""
    asked = list(dict.fromkeys(keys))
    contacts = [(_KINDS[kind], value) for kind, value in asked]
    return {key: found for key, found in zip(asked, find_by_contacts(work, contacts), strict=True) if found}


def anybody_else(work: Work, keys: Iterable[ContactKey], *, people: Sequence[SubjectId]) -> bool:
    """Whether anybody but *people* holds any of *keys*."""
    return held_by_others(work, [(_KINDS[kind], value) for kind, value in keys], people=people)


def ranked(held: Held, keys: Sequence[ContactKey]) -> list[Candidate]:
    """People who hold any of *keys*: those with most of them first, then the one known longest.

    The same file thus always comes to the same people.
    """
    if not held:
        return []
    counts: dict[SubjectId, int] = {}
    people: dict[SubjectId, Candidate] = {}
    for key in dict.fromkeys(keys):
        for one in held.get(key, ()):
            people[one.id] = one
            counts[one.id] = counts.get(one.id, 0) + 1
    return sorted(people.values(), key=lambda one: (-counts[one.id], one.created_at, one.id))
