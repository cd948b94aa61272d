"""Who in the store holds the contacts of many rows."""

from collections.abc import Iterable, Mapping, Sequence

from governance.customers.bulk import Candidate, contact_digests_asked, find_by_digests, held_by_others
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
    return held_under(work, digests_of(work, keys))


def held_under(work: Work, digests: Digests) -> Held:
    """As `held_by`, of contacts whose digests are known."""
    found = find_by_digests(work, list(digests.values()))
    return {key: holders for key, holders in zip(digests, found, strict=True) if holders}


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
