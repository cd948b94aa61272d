"""Laws and countries, as shipped: what is proposed for a controller, and what it may be given."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from governance.kernel.records import frozen
from governance.policies.documents import Node, Titles, parse, titles

_HERE = files("governance.reference")


@frozen
class Law:
    """A law on personal data.

    Attributes:
        key: stable key, for example `ru_152fz`.
        titles: what people call it.
        citation: its official name.
        verified: whether the citation has been compared with a published text.
    """

    key: str
    titles: Titles
    citation: str
    verified: bool


@frozen
class Country:
    """What is proposed for a controller in this country.

    Attributes:
        code: ISO 3166-1 alpha-2; also the region that phone numbers without a country code are read in.
        zone: IANA time zone.
        language: ISO 639 code of the first language of texts.
        laws: keys of laws.
        authority: supervisory authority, where the whole country has one.
    """

    code: str
    zone: str
    language: str
    laws: tuple[str, ...]
    authority: str | None


@cache
def laws() -> Mapping[str, Law]:
    """All laws known, by key."""
    return parse_laws(_HERE.joinpath("laws.yaml").read_bytes(), name="laws.yaml")


@cache
def countries() -> Mapping[str, Country]:
    """The countries with proposals, by ISO code."""
    return parse_countries(_HERE.joinpath("countries.yaml").read_bytes(), name="countries.yaml", known_laws=laws())


def parse_laws(source: bytes, *, name: str) -> Mapping[str, Law]:
    """Read laws.

    Raises:
        DocumentError: where the document is malformed.
    """
    entries = parse(source, name=name).fields(required=("laws",))["laws"].entries()
    return MappingProxyType({key: _law(node, key) for key, node in entries.items()})


def parse_countries(source: bytes, *, name: str, known_laws: Mapping[str, Law]) -> Mapping[str, Country]:
    """Read countries.

    Raises:
        DocumentError: where the document is malformed or names a law that is not known.
    """
    entries = parse(source, name=name).fields(required=("countries",))["countries"].entries()
    return MappingProxyType({code: _country(node, code, known_laws) for code, node in entries.items()})


def _law(node: Node, key: str) -> Law:
    said = node.fields(required=("titles", "citation", "verified"))
    return Law(key, titles(said["titles"]), said["citation"].text(), said["verified"].flag())


def _country(node: Node, code: str, known_laws: Mapping[str, Law]) -> Country:
    said = node.fields(required=("zone", "language", "laws"), optional=("authority",))
    for law in said["laws"].items():
        if law.text() not in known_laws:
            law.wrong(f"the law {law.text()!r} is not known")
    return Country(
        code=code,
        zone=said["zone"].text(),
        language=said["language"].text(),
        laws=tuple(said["laws"].texts()),
        authority=said["authority"].text() if "authority" in said else None,
    )
