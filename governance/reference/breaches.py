"""What follows when personal data came into wrong hands: duties by law, with citations, and when each is due."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from governance.kernel.records import frozen
from governance.policies.documents import Node, Titles, parse, titles
from governance.reference.lookup import laws


@frozen
class BreachDuty:
    """A duty after a breach.

    Attributes:
        law: key of the law.
        to: whom it is owed to: `authority` or `people`.
        hours: within which, from the instant of awareness; None where the law gives no number.
        unless: when it falls away, or how soon it is meant; empty where the law says nothing.
        verified: whether the citation has been compared with a published text.
    """

    law: str
    to: str
    titles: Titles
    hours: int | None
    unless: str
    citation: str
    verified: bool

    def due(self, aware: datetime) -> datetime | None:
        """When it is due at the latest; None where the law gives no number."""
        return None if self.hours is None else aware + timedelta(hours=self.hours)


@frozen
class BreachLaw:
    """What a law says of breaches; *note* tells why there is no duty, where there is none."""

    duties: tuple[BreachDuty, ...]
    note: str


@cache
def breach_laws() -> Mapping[str, BreachLaw]:
    """By key of each law that is known."""
    source = files("governance.reference").joinpath("breach_duties.yaml").read_bytes()
    return parse_breach_laws(source, name="breach_duties.yaml", known=tuple(laws()))


def parse_breach_laws(source: bytes, *, name: str, known: Sequence[str]) -> Mapping[str, BreachLaw]:
    """Read duties after a breach.

    Raises:
        DocumentError: where the document is malformed, or does not speak of each law that is known.
    """
    top = parse(source, name=name).fields(required=("laws",))["laws"]
    entries = top.entries()
    for law in known:
        if law not in entries:
            top.wrong(f"the law {law!r} is missing")
    return MappingProxyType({law: _law(node, law) for law, node in entries.items()})


def _law(node: Node, law: str) -> BreachLaw:
    said = node.fields(required=("duties",), optional=("note",))
    duties = tuple(_duty(one, law) for one in said["duties"].items())
    if not duties and "note" not in said:
        node.wrong("a law without a duty needs a note that says why")
    return BreachLaw(duties, said["note"].text() if "note" in said else "")


def _duty(node: Node, law: str) -> BreachDuty:
    said = node.fields(required=("to", "titles", "citation", "verified"), optional=("hours", "unless"))
    return BreachDuty(
        law=law,
        to=said["to"].text(),
        titles=titles(said["titles"]),
        hours=said["hours"].whole(at_least=1, at_most=24 * 90) if "hours" in said else None,
        unless=said["unless"].text() if "unless" in said else "",
        citation=said["citation"].text(),
        verified=said["verified"].flag(),
    )
