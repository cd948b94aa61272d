"""Purposes of processing: what is done, by which channels, and on which lawful grounds where. Data, in `purposes.yaml`.

A *basis* is a lawful ground in one jurisdiction, with its citation. A purpose names the bases that it rests on and, for
each, the channels that it holds for. Consent is the person's own word and counts everywhere; every other ground counts
only where a basis says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from governance.policies.classification import CategoryBook
from governance.policies.documents import Node, Titles, parse, titles
from governance.policies.periods import Period, parse_period

KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")
"""Key of a purpose, as it stands in calls and rows."""
_COUNTRY = re.compile(r"[A-Z]{2}")


class Channel(StrEnum):
    """How a person is reached."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    """A call."""
    POST = "post"
    MESSENGER = "messenger"
    PUSH = "push"
    AUDIENCE = "audience"
    """Upload to an advertising platform, which then shows advertisements."""


class Ground(StrEnum):
    """What makes a message lawful (GDPR Art. 6(1); Directive 2002/58/EC Art. 13(2) for the soft opt-in)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_DUTY = "legal_duty"
    SOFT_OPT_IN = "soft_opt_in"
    LEGITIMATE_INTEREST = "legitimate_interest"


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Countries under the same rules.

    Attributes:
        key: code of it.
        titles: what it is called.
        countries: ISO 3166-1 alpha-2.
        soft_opt_in: whether its law knows advertising to one's own buyers without consent.
    """

    key: str
    titles: Titles
    countries: frozenset[str]
    soft_opt_in: bool


@dataclass(frozen=True, slots=True)
class Basis:
    """A lawful ground in one jurisdiction.

    Attributes:
        key: code of it.
        ground: which ground.
        jurisdiction: key of the jurisdiction.
        citation: law and article.
        verified: whether the citation was compared with a published text.
    """

    key: str
    ground: Ground
    jurisdiction: str
    citation: str
    verified: bool


@dataclass(frozen=True, slots=True, eq=False)
class Purpose:
    """What personal data is used for.

    Attributes:
        key: code of it.
        titles: what it is called.
        descriptions: what a person is told of it.
        channels: channels that it may use.
        advertising: whether it advertises; a suppression of all advertising covers it.
        third_parties: whether it hands data to others.
        own_goods: whether it offers only the controller's own goods, similar to those bought.
        double_opt_in: channels by which the holder of the contact must confirm a consent before it counts.
        categories: keys of the data categories that it uses.
        valid_for: how long a consent lasts; None where it does not lapse by itself (EDPB Guidelines 05/2020, 110).
        sale_within: how old the last sale may be that soft opt-in and legitimate interest rest on; None for any.
        minimum_age: age in years below which, or where the age is unknown, the answer is no; None for any age.
        bases: bases with the channels that each holds for, in the order in which they are asked.
    """

    key: str
    titles: Titles
    descriptions: Titles
    channels: frozenset[Channel]
    advertising: bool
    third_parties: bool
    own_goods: bool
    double_opt_in: frozenset[Channel]
    categories: tuple[str, ...]
    valid_for: Period | None
    sale_within: Period | None
    minimum_age: int | None
    bases: tuple[tuple[Basis, frozenset[Channel]], ...]

    @property
    def asks_consent(self) -> bool:
        """Whether a consent makes it lawful."""
        return any(basis.ground is Ground.CONSENT for basis, _ in self.bases)

    def bases_for(self, channel: Channel, jurisdiction: Jurisdiction | None) -> tuple[Basis, ...]:
        """The bases that hold for *channel* in *jurisdiction*; none where the jurisdiction is not known."""
        if jurisdiction is None:
            return ()
        return tuple(
            basis for basis, channels in self.bases if channel in channels and basis.jurisdiction == jurisdiction.key
        )


@dataclass(frozen=True, slots=True, eq=False)
class PurposeBook:
    """All purposes, with the law that they stand on.

    Attributes:
        jurisdictions: by key.
        bases: by key.
        purposes: by key.
        by_country: jurisdiction of a country, by ISO code.
    """

    jurisdictions: Mapping[str, Jurisdiction]
    bases: Mapping[str, Basis]
    purposes: Mapping[str, Purpose]
    by_country: Mapping[str, Jurisdiction]


_SOFT_BY: Final = frozenset({Channel.EMAIL, Channel.SMS})
_MAIL: Final = frozenset({Channel.EMAIL, Channel.SMS, Channel.MESSENGER})
"""Electronic mail: messages that are kept until they are fetched (Directive 2002/58/EC Art. 2(h))."""


def problems(one: Purpose, *, jurisdictions: Mapping[str, Jurisdiction], categories: CategoryBook) -> list[str]:
    """What is wrong with a purpose, as sentences; the same rules for those shipped and those defined at run time."""
    special = any(categories[key].special for key in one.categories if key in categories)
    grounds = {basis.ground for basis, _ in one.bases}
    rules = (
        (not KEY.fullmatch(one.key), "a key is at most 50 lower-case letters, digits and underscores"),
        (not one.channels, "a purpose has at least one channel"),
        (not one.double_opt_in <= one.channels, "double opt-in is asked by channels of the purpose only"),
        (not grounds, "a purpose rests on at least one basis"),
        (
            any(not channels or not channels <= one.channels for _, channels in one.bases),
            "a basis holds for channels of the purpose only, and for one at least",
        ),
        (
            one.advertising and bool(grounds & {Ground.CONTRACT, Ground.LEGAL_DUTY}),
            "advertising never rests on a contract or a legal duty",
        ),
        (
            any(basis.ground is Ground.SOFT_OPT_IN and not channels <= _SOFT_BY for basis, channels in one.bases),
            "soft opt-in is for e-mail and SMS only (Directive 2002/58/EC Art. 13(2))",
        ),
        (
            one.advertising
            and any(basis.ground is Ground.LEGITIMATE_INTEREST and channels & _MAIL for basis, channels in one.bases),
            "advertising by electronic mail rests on consent or soft opt-in (Directive 2002/58/EC Art. 13(1))",
        ),
        (
            one.third_parties and grounds != {Ground.CONSENT},
            "handing data to others rests on consent alone",
        ),
        (
            Ground.SOFT_OPT_IN in grounds and not (one.advertising and one.own_goods),
            "soft opt-in is for advertising of one's own similar goods (Directive 2002/58/EC Art. 13(2))",
        ),
        (
            special and grounds != {Ground.CONSENT},
            "special categories of data are used on consent alone (GDPR Art. 9(2)(a))",
        ),
    )
    return [
        *(f"the category {key!r} is not known" for key in one.categories if key not in categories),
        *(sentence for broken, sentence in rules if broken),
        *(
            f"the jurisdiction {basis.jurisdiction!r} has no soft opt-in"
            for basis, _ in one.bases
            if basis.ground is Ground.SOFT_OPT_IN and not jurisdictions[basis.jurisdiction].soft_opt_in
        ),
    ]


def parse_purposes(source: bytes, *, name: str, categories: CategoryBook) -> PurposeBook:
    """Read purposes.

    Args:
        source: YAML, see `purposes.yaml`.
        name: what complaints call the document.
        categories: the known data categories.

    Raises:
        DocumentError: where the document is malformed or a purpose breaks a rule; the text names document and key.
    """
    top = parse(source, name=name).fields(required=("jurisdictions", "bases", "purposes"))
    jurisdictions = {key: _jurisdiction(node, key) for key, node in top["jurisdictions"].entries().items()}
    by_country: dict[str, Jurisdiction] = {}
    for key, jurisdiction in jurisdictions.items():
        for country in sorted(jurisdiction.countries):
            if by_country.setdefault(country, jurisdiction) is not jurisdiction:
                top["jurisdictions"].entries()[key].wrong(
                    f"{country} belongs to the jurisdiction {by_country[country].key!r} already"
                )
    bases = {key: _basis(node, key, jurisdictions) for key, node in top["bases"].entries().items()}
    purposes = {key: _purpose(node, key, bases) for key, node in top["purposes"].entries().items()}
    for key, purpose in purposes.items():
        for problem in problems(purpose, jurisdictions=jurisdictions, categories=categories):
            top["purposes"].entries()[key].wrong(problem)
    return PurposeBook(
        jurisdictions=MappingProxyType(jurisdictions),
        bases=MappingProxyType(bases),
        purposes=MappingProxyType(purposes),
        by_country=MappingProxyType(by_country),
    )


def parse_purpose(node: Node, *, key: str, book: PurposeBook, categories: CategoryBook) -> Purpose:
    """Read one purpose, as it stands in `purposes.yaml`, that rests on the law of *book*.

    Raises:
        DocumentError: where it is malformed or breaks a rule.
    """
    purpose = _purpose(node, key, book.bases)
    for problem in problems(purpose, jurisdictions=book.jurisdictions, categories=categories):
        node.wrong(problem)
    return purpose


def _jurisdiction(node: Node, key: str) -> Jurisdiction:
    said = node.fields(required=("titles", "countries", "soft_opt_in"))
    countries = said["countries"].texts()
    for place, country in zip(said["countries"].items(), countries, strict=True):
        if not _COUNTRY.fullmatch(country):
            place.wrong("must be two capital letters (ISO 3166-1)")
    return Jurisdiction(
        key=key, titles=titles(said["titles"]), countries=frozenset(countries), soft_opt_in=said["soft_opt_in"].flag()
    )


def _basis(node: Node, key: str, jurisdictions: Mapping[str, Jurisdiction]) -> Basis:
    said = node.fields(required=("ground", "jurisdiction", "citation", "verified"))
    jurisdiction = said["jurisdiction"].text()
    if jurisdiction not in jurisdictions:
        said["jurisdiction"].wrong(f"{jurisdiction!r} is no jurisdiction of the document")
    return Basis(
        key=key,
        ground=said["ground"].choice(Ground),
        jurisdiction=jurisdiction,
        citation=said["citation"].text(),
        verified=said["verified"].flag(),
    )


def _purpose(node: Node, key: str, bases: Mapping[str, Basis]) -> Purpose:
    said = node.fields(
        required=("titles", "descriptions", "channels", "advertising", "categories", "bases"),
        optional=("third_parties", "own_goods", "double_opt_in", "valid_for", "sale_within", "minimum_age"),
    )
    rests_on = said["bases"].entries()
    for word, place in rests_on.items():
        if word not in bases:
            place.wrong("is no basis of the document")
    return Purpose(
        key=key,
        titles=titles(said["titles"]),
        descriptions=titles(said["descriptions"]),
        channels=frozenset(said["channels"].choices(Channel)),
        advertising=said["advertising"].flag(),
        third_parties="third_parties" in said and said["third_parties"].flag(),
        own_goods="own_goods" in said and said["own_goods"].flag(),
        double_opt_in=frozenset(said["double_opt_in"].choices(Channel)) if "double_opt_in" in said else frozenset(),
        categories=tuple(said["categories"].texts()),
        valid_for=parse_period(said["valid_for"]) if "valid_for" in said else None,
        sale_within=parse_period(said["sale_within"]) if "sale_within" in said else None,
        minimum_age=said["minimum_age"].whole(at_least=1, at_most=21) if "minimum_age" in said else None,
        bases=tuple((bases[word], frozenset(place.choices(Channel))) for word, place in rests_on.items()),
    )
