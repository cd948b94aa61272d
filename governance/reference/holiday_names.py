"""What holidays are called where the package of holidays has no names in a language."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from governance.policies.documents import Titles, parse, titles

_SEVERAL: Final = "; "
_MARKED: Final = re.compile(r" \((?:substituted from|observed|estimated|in lieu)[^)]*\)")
"""What the package says of a day beside its name: that another is kept instead, or that it is not fixed yet."""


@cache
def holiday_names() -> Mapping[str, Titles]:
    """Names in the shipped languages, by the English one of the package.

    Raises:
        DocumentError: where the document is malformed.
    """
    place = files("governance.reference") / "holiday_names.yaml"
    read = parse(place.read_bytes(), name="holiday_names.yaml").fields(required=("holidays",))["holidays"]
    named = (titles(one) for one in read.items())
    return MappingProxyType({one.en: one for one in named})


def holiday_name(english: str, *, language: str) -> str:
    """The name of a day in a language, by its English one; empty where a part of it has none."""
    parts = [holiday_names().get(_MARKED.sub("", one)) for one in english.split(_SEVERAL)]
    found = [one.get(language) for one in parts if one is not None]
    return _SEVERAL.join(found) if len(found) == len(parts) else ""
