"""Finding duplicates among many profiles: who is compared with whom, the pairs that hold, the groups that they make.

What comes out does not depend on the order of the profiles. Comparing all with all would take days; only those are
compared who share a contact, the names in whatever order, or the day of birth and one of the names.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from governance.intake.duplicates_profiles import Profile
from governance.intake.duplicates_scores import Scale, Score

LARGEST_BLOCK = 64
"""Who share a value that more share are compared only where they share something else besides."""
WINDOW = 16
"""Where even so too many are left, each is compared with so many that stand next when they are sorted."""
CLEAR_BITS = 1.0
"""Somebody who fits two people who cannot be one is put to the better, if it is better by so much."""
TOLD_EVERY = 20_000

Key = tuple[str, ...]
OnPairs = Callable[[int, int], None]
"""Told how many comparisons are done, and of how many."""


class Pair(NamedTuple):
    """Two profiles that are taken for one person, by their places; the lower place first."""

    first: int
    second: int
    score: Score


class Comparison:
    """All profiles compared with one another, once.

    Args:
        profiles: all who are compared; equal ones are compared with others but once.
        on_pairs: told now and then how far it is.

    Attributes:
        compared: how many pairs were looked at.
        crowded: how many values are shared by so many that not all of these were compared.
    """

    def __init__(self, profiles: Iterable[Profile], *, on_pairs: OnPairs | None = None) -> None:
        places: dict[Profile, list[int]] = defaultdict(list)
        for place, profile in enumerate(profiles):
            places[profile].append(place)
        # Sorted, so that nothing hangs on the order in which they came.
        self._profiles = sorted(places, key=_words)
        self._places = [places[profile] for profile in self._profiles]
        self._scale = Scale(self._profiles)
        candidates, self.crowded = _candidates(self._profiles)
        self.compared = len(candidates)
        self._pairs = self._that_hold(candidates, on_pairs)
        self._repeated = self._equal_ones()

    def _that_hold(self, candidates: Iterable[tuple[int, int]], on_pairs: OnPairs | None) -> list[Pair]:
        pairs: list[Pair] = []
        for done, (first, second) in enumerate(candidates):
            score = self._scale.same_person(self._profiles[first], self._profiles[second])
            if score is not None:
                pairs.append(Pair(first, second, score))
            if on_pairs is not None and done % TOLD_EVERY == 0:
                on_pairs(done, self.compared)
        return sorted(pairs, key=lambda pair: (-pair.score.bits, pair.first, pair.second))

    def _equal_ones(self) -> dict[int, Score]:
        """Profiles that stand more than once and tell enough to be one person."""
        found: dict[int, Score] = {}
        for number, (profile, places) in enumerate(zip(self._profiles, self._places, strict=True)):
            score = self._scale.same_person(profile, profile) if len(places) > 1 else None
            if score is not None:
                found[number] = score
        return found

    def pairs(self) -> list[Pair]:
        """Pairs that are probably one person, the surest first.

        Of equal profiles each is paired with the next, and the first stands for them in pairs with others.
        """
        found = [
            Pair(first, second, score)
            for number, score in self._repeated.items()
            for first, second in pairwise(self._places[number])
        ]
        for first, second, score in self._pairs:
            one, other = sorted((self._places[first][0], self._places[second][0]))
            found.append(Pair(one, other, score))
        return sorted(found, key=lambda pair: (-pair.score.bits, pair.first, pair.second))

    def clusters(self) -> list[tuple[int, ...]]:
        """Groups of profiles that are one person each, by their places, ascending.

        Pairs join groups, the surest first, unless somebody of one contradicts somebody of the other: a row without
        birth date fits the father and the son of the same name and must not make one of the two. Where it fits both
        alike, it is left out.
        """
        group: dict[int, list[int]] = {number: [number] for number in self._repeated}
        for pair in self._unambiguous():
            first, second = group.get(pair.first, [pair.first]), group.get(pair.second, [pair.second])
            if first is second or self._contradict(first, second):
                continue
            joined = first + second
            for number in joined:
                group[number] = joined
        members = {tuple(sorted(place for number in one for place in self._places[number])) for one in group.values()}
        return sorted(members)

    def _contradict(self, first: Sequence[int], second: Sequence[int]) -> bool:
        return any(not self._may_be_one(one, other) for one in first for other in second)

    def _may_be_one(self, one: int, other: int) -> bool:
        return self._scale.score(self._profiles[one], self._profiles[other]) is not None

    def _unambiguous(self) -> Iterator[Pair]:
        """Pairs without those of somebody who fits about as well to another whom the partner contradicts."""
        partners: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for pair in self._pairs:
            partners[pair.first].append((pair.second, pair.score.bits))
            partners[pair.second].append((pair.first, pair.score.bits))

        def is_clear(one: int, partner: int, bits: float) -> bool:
            return all(
                rival == partner or rival_bits <= bits - CLEAR_BITS or self._may_be_one(partner, rival)
                for rival, rival_bits in partners[one]
            )

        for pair in self._pairs:
            bits = pair.score.bits
            if is_clear(pair.first, pair.second, bits) and is_clear(pair.second, pair.first, bits):
                yield pair


def _words(profile: Profile) -> tuple[object, ...]:
    return tuple(sorted(part) if isinstance(part, frozenset) else part for part in profile)


def _candidates(profiles: Sequence[Profile]) -> tuple[set[tuple[int, int]], int]:
    """Those to be compared, the lower number first; and how many blocks were too large to be compared as a whole."""
    blocks: dict[Key, list[int]] = defaultdict(list)
    for number, profile in enumerate(profiles):
        for key in set(_keys(profile)):
            blocks[key].append(number)
    candidates: set[tuple[int, int]] = set()
    crowded = 0
    for members in blocks.values():
        if len(members) <= LARGEST_BLOCK:
            candidates.update(combinations(members, 2))
        else:
            crowded += 1
            for part in _parts(members, profiles):
                candidates.update(_neighbours(part))
    return candidates, crowded


def _keys(profile: Profile) -> Iterator[Key]:
    """What a profile must share with another to be compared with it."""
    for contact in profile.contacts:
        yield ("contact", contact)
    names = profile.names or frozenset((profile.given,))
    if profile.family and profile.given:
        for name in names:
            yield ("names", profile.family, name)
        yield ("order", *sorted((profile.family, profile.given)))
    if profile.birth_date:
        if profile.family:
            yield ("born", profile.birth_date, profile.family)
        if profile.given:
            for name in names:
                yield ("born", profile.birth_date, name)


def _parts(members: Iterable[int], profiles: Sequence[Profile]) -> Iterable[Sequence[int]]:
    """Members of a block that is too large, by what else they share."""
    parts: dict[Key, list[int]] = defaultdict(list)
    for number in members:
        profile = profiles[number]
        for kind in ("family", "given", "patronymic", "birth_date", "street"):
            value = getattr(profile, kind)
            if value:
                parts[(kind, value)].append(number)
    return parts.values()


def _neighbours(members: Sequence[int]) -> Iterator[tuple[int, int]]:
    if len(members) <= LARGEST_BLOCK:
        yield from combinations(members, 2)
        return
    for at, number in enumerate(members):
        for other in members[at + 1 : at + 1 + WINDOW]:
            yield number, other
