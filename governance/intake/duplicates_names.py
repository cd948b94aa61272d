"""How alike two names are: another spelling, short form or slip of the pen of one name, or another person's.

All comparisons are symmetric. They work on skeletons made by `folding`, except that given names are known by their
exact forms (`given_names.yaml`): twins called Яна and Анна must stay two, however alike their skeletons are.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import yaml

from governance.intake.folding import fold_name, plain_name
from governance.intake.letters import is_one_letter_apart

NEAR_LENGTH = 5
"""Shorter names of one letter's difference are too often two names (Нина, Инна)."""
PART_LENGTH = 4
REMEMBERED = 65_536
_VOWELS = "aeiou"
_PATRONYMIC_ENDING = re.compile(r"(?:ovich|evich|ivich|ovna|evna|ivna|inichna|ichna|ich)$")


class Likeness(Enum):
    """What comparing two values of one kind came to."""

    EQUAL = "equal"
    FORM = "form"
    """Another form or part of the same name: Наташа, Петрова-Иванова, a missing ending of the sex."""
    NEAR = "near"
    """One letter is missing, wrong, too many or swapped."""
    INITIAL = "initial"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """One of them is not there."""


class _GivenNames(NamedTuple):
    """Names, each as `sex:name`, by what they may be written as.

    Attributes:
        exact: by form. folded: by skeleton of a form, for other scripts and spellings.
        fathers: by stem of a patronymic; from Cyrillic forms, since Latin short ones (Alex) are of several names.
    """

    exact: Mapping[str, frozenset[str]]
    folded: Mapping[str, frozenset[str]]
    fathers: Mapping[str, str]


@cache
def _given_names() -> _GivenNames:
    told = yaml.safe_load(resources.files("governance.intake").joinpath("given_names.yaml").read_bytes())
    exact: dict[str, set[str]] = defaultdict(set)
    folded: dict[str, set[str]] = defaultdict(set)
    fathers: dict[str, set[str]] = defaultdict(set)
    for sex, lines in told.items():
        for forms in map(str.split, lines):
            name = f"{sex}:{forms[0]}"
            for form in forms:
                exact[plain_name(form)].add(name)
                folded[fold_name(form)].add(name)
                if sex == "men" and not form.isascii():
                    fathers[_stem(fold_name(form))].add(name)
    return _GivenNames(
        {form: frozenset(names) for form, names in exact.items()},
        {form: frozenset(names) for form, names in folded.items()},
        {stem: min(names) for stem, names in fathers.items() if len(names) == 1},
    )


@lru_cache(maxsize=REMEMBERED)
def known_names(given: str) -> frozenset[str]:
    """The names that *given* may be a form of; none where it is not in the list."""
    names = _given_names()
    return names.exact.get(plain_name(given)) or names.folded.get(fold_name(given), frozenset())


def _stem(folded: str) -> str:
    return folded.rstrip(_VOWELS) or folded


@lru_cache(maxsize=REMEMBERED)
def fold_patronymic(patronymic: str) -> str:
    """The father's name that a patronymic is made of, as a stem; an initial stays one letter.

    Николаевич, Миколайович and Николаевна come to the same.
    """
    folded = fold_name(patronymic)
    stem = _stem(_PATRONYMIC_ENDING.sub("", folded)) if len(folded) > 1 else folded
    return _given_names().fathers.get(stem, stem)


def given_likeness(one: str, other: str, *, names: tuple[frozenset[str], frozenset[str]]) -> Likeness:
    """How alike two given names are.

    Args:
        one: skeleton, or empty.
        other: likewise.
        names: `known_names` of both.
    """
    if not one or not other:
        return Likeness.UNKNOWN
    first, second = names
    if first and second:
        if not first & second:
            return Likeness.DIFFERENT
        return Likeness.EQUAL if one == other else Likeness.FORM
    if one == other:
        return Likeness.EQUAL
    if min(len(one), len(other)) == 1:
        return Likeness.INITIAL if one[0] == other[0] else Likeness.DIFFERENT
    return Likeness.NEAR if _is_slip(one, other) else Likeness.DIFFERENT


def family_likeness(one: str, other: str) -> Likeness:
    """How alike two family names are, each a skeleton of one or several words, or empty."""
    if not one or not other:
        return Likeness.UNKNOWN
    if one == other:
        return Likeness.EQUAL
    if min(len(one), len(other)) == 1:
        return Likeness.INITIAL if one[0] == other[0] else Likeness.DIFFERENT
    if _parts(one) & _parts(other) or _without_sex(one) == _without_sex(other):
        return Likeness.FORM
    return Likeness.NEAR if _is_slip(one, other) else Likeness.DIFFERENT


def patronymic_likeness(one: str, other: str) -> Likeness:
    """How alike two patronymics are, each as `fold_patronymic` made it, or empty."""
    if not one or not other:
        return Likeness.UNKNOWN
    if one == other:
        return Likeness.EQUAL
    first, second = (name.rpartition(":")[2] for name in (one, other))
    if min(len(first), len(second)) == 1:
        same = fold_name(first)[:1] == fold_name(second)[:1]
        return Likeness.INITIAL if same else Likeness.DIFFERENT
    known = one != first and other != second
    return Likeness.NEAR if not known and _is_slip(*map(fold_name, (first, second))) else Likeness.DIFFERENT


def _without_sex(family: str) -> str:
    """A family name without the ending that tells sex: Иванова as Иванов, Заславская as Заславский."""
    return family[:-1] if len(family) > NEAR_LENGTH and family[-1] in "ai" else family


def _parts(family: str) -> set[str]:
    """Words of a family name, without particles."""
    return {word for word in family.split() if len(word) >= PART_LENGTH}


def _is_slip(one: str, other: str) -> bool:
    """Whether one letter apart, not the first nor the last: those tell Иван from Яна and Виктор from Виктория."""
    if min(len(one), len(other)) < NEAR_LENGTH or one[0] != other[0] or one[-1] != other[-1]:
        return False
    return is_one_letter_apart(one, other)
