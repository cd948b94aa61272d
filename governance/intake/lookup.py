"""Who in the store holds the contacts of many rows."""

from collections.abc import Iterable, Mapping, Sequence

from governance.customers.bulk import (
    Candidate,
    contact_digests_asked,
    find_by_contacts,
    held_by_others,
    held_digests,
)
from governance.customers.codes import ContactKind
from governance.intake.people import ContactKey
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work

_KINDS = {kind.value: kind for kind in ContactKind}
Held = dict[ContactKey, tuple[Candidate, ...]]
"""By contact, those who hold it, the one known longest first."""


Digests = Mapping[ContactKey, Sequence[bytes]]
"""By contact, the digests under which it may be found."""


def digests_of(work: Work, keys: Iterable[ContactKey]) -> Digests:
    """Digests of each of *keys*."""
    asked = list(dict.fromkeys(keys))
    found = contact_digests_asked(work, [(_KINDS[kind], value) for kind, value in asked])
    return dict(zip(asked, found, strict=True))


def held_by(work: Work, keys: Iterable[ContactKey]) -> Held:
    """Those who hold each of *keys*; the number of statements does not grow with them."""
    asked = list(dict.fromkeys(keys))
    found = find_by_contacts(work, [(_KINDS[kind], value) for kind, value in asked])
    return {key: holders for key, holders in zip(asked, found, strict=True) if holders}


def known_keys(work: Work, digests: Digests) -> frozenset[ContactKey]:
    """Contacts that somebody in the store has."""
    held = held_digests(work, [digest for of_one in digests.values() for digest in of_one])
    return frozenset(key for key, of_one in digests.items() if not held.isdisjoint(of_one)) if held else frozenset()


def anybody_else(work: Work, digests: Digests, keys: Iterable[ContactKey], *, people: Sequence[SubjectId]) -> bool:
    """Whether anybody but *people* holds any of *keys*."""
    return held_by_others(work, [digest for key in keys for digest in digests[key]], people=people)


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
