"""What every parser of cells answers: a value, or a flaw with a reason that names the remedy."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from governance.kernel.records import frozen


@frozen
class Flaw:
    """Why a cell is refused.

    Attributes:
        code: stable, kebab-case.
        reason: a sentence with the remedy; holds nothing of the cell itself, so that it may be logged.
    """

    code: str
    reason: str


@frozen
class Refusal:
    """A flaw at its place.

    Attributes:
        column: heading of the column, or empty where the whole row is meant.
        code: of the flaw.
        reason: of the flaw.
    """

    column: str
    code: str
    reason: str


_SPACES = re.compile(r"\s+")


def folded_word(text: str) -> str:
    """*text* for looking words up: NFKC, no case, ё as е, single spaces, no trailing stop."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return _SPACES.sub(" ", folded).strip(" :;,!")


@cache
def vocabulary() -> Mapping[str, Any]:
    """Content of `words.yaml`, parsed once."""
    content: Mapping[str, Any] = yaml.safe_load(
        resources.files("governance.intake").joinpath("words.yaml").read_bytes()
    )
    return content


@cache
def codes(list_name: str) -> Mapping[str, str]:
    """Folded word to code, of one list of `words.yaml`."""
    listed = vocabulary()[list_name]
    return {folded_word(word): str(code) for code, words in listed.items() for word in words}


@cache
def words(list_name: str) -> frozenset[str]:
    """Folded words of one flat list of `words.yaml`."""
    return frozenset(folded_word(word) or word for word in vocabulary()[list_name])


def is_nothing(text: str) -> bool:
    """Whether *text* says in words that there is no value."""
    return not text or (len(text) < 18 and folded_word(text) in words("nothing"))
