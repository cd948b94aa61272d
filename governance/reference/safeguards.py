"""What makes it lawful to hand personal data to a recipient abroad: a closed list, with citations, as shipped."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from governance.kernel.records import frozen
from governance.policies.documents import Node, Titles, parse, titles


@frozen
class Safeguard:
    """What makes a transfer lawful.

    Attributes:
        key: stable key, for example `standard_clauses`.
        titles: what it is called.
        citation: laws and articles.
        domestic: whether it says that nothing crosses a border.
        verified: whether the citation has been compared with a published text.
    """

    key: str
    titles: Titles
    citation: str
    domestic: bool
    verified: bool


@cache
def safeguards() -> Mapping[str, Safeguard]:
    """All safeguards, by key."""
    source = files("governance.reference").joinpath("safeguards.yaml").read_bytes()
    return parse_safeguards(source, name="safeguards.yaml")


def parse_safeguards(source: bytes, *, name: str) -> Mapping[str, Safeguard]:
    """Read safeguards.

    Raises:
        DocumentError: where the document is malformed.
    """
    entries = parse(source, name=name).fields(required=("safeguards",))["safeguards"].entries()
    return MappingProxyType({key: _safeguard(node, key) for key, node in entries.items()})


def _safeguard(node: Node, key: str) -> Safeguard:
    said = node.fields(required=("titles", "citation", "domestic", "verified"))
    return Safeguard(
        key, titles(said["titles"]), said["citation"].text(), said["domestic"].flag(), said["verified"].flag()
    )
