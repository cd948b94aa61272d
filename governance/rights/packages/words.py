"""The words of packages in English, Russian and Ukrainian, from `words.yaml`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from governance.kernel import packs
from governance.kernel.records import frozen
from governance.policies.documents import Node, Titles, parse, titles
from governance.policies.periods import Period

LANGUAGES: Final = tuple(packs.SHIPPED)
_HERE: Final = files("governance.rights.packages")


@frozen
class Words:
    """What a package says in one language.

    Attributes:
        sections: titles of sections; intros: a sentence before each, where it needs one.
        columns: titles of columns; codes: words for codes.
        texts: everything else.
    """

    language: str
    sections: Mapping[str, str]
    intros: Mapping[str, str]
    columns: Mapping[str, str]
    codes: Mapping[str, str]
    texts: Mapping[str, str]

    def period(self, period: Period) -> str:
        """How long, in words: "2 years", "13 months", "7 days"."""
        years, months = divmod(period.months, 12)
        if years and months:
            years, months = 0, period.months
        parts = ((years, "year"), (months, "month"), (period.days, "day"))
        return " ".join(f"{count} {self._counted(unit, count)}" for count, unit in parts if count)

    def of(self, told: Titles) -> str:
        """A title in this language."""
        return title(told, self.language)

    def _counted(self, unit: str, count: int) -> str:
        forms = self.texts[unit].split("|")
        if self.language == "en":
            return forms[0] if count == 1 else forms[1]
        tens, ones = count % 100, count % 10
        if 10 < tens < 20 or ones == 0 or ones > 4:
            return forms[2]
        return forms[0] if ones == 1 else forms[1]


def language_of(wanted: str | None) -> str:
    """The language a package is written in, where *wanted* (ISO 639, maybe with a country) is wished for."""
    short = (wanted or "").partition("-")[0].lower()
    return short if short in LANGUAGES else LANGUAGES[0]


def title(told: Titles, language: str) -> str:
    """A title in a language."""
    said: str = getattr(told, language)
    return said


@cache
def words(language: str) -> Words:
    """The words in a language."""
    top = parse(_HERE.joinpath("words.yaml").read_bytes(), name="words.yaml").fields(
        required=("sections", "intros", "columns", "codes", "texts")
    )
    said = {name: _in(node, language) for name, node in top.items()}
    return Words(language=language, **said)


@cache
def style() -> str:
    """The style sheet that stands in the page, which is read without us."""
    return _HERE.joinpath("page.css").read_text()


def _in(node: Node, language: str) -> Mapping[str, str]:
    return MappingProxyType({key: title(titles(one), language) for key, one in node.entries().items()})
