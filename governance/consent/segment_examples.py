"""Segments as they are written in files, the examples that come with the package among them."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from governance.customers.segments.operations import SpecialCondition
from governance.kernel.errors import InvalidError
from governance.kernel.records import frozen
from governance.policies.documents import DocumentError, Node, Titles, parse, titles


@frozen
class WrittenSegment:
    """A segment as a file has it; its rule is not read yet."""

    key: str
    titles: Titles
    rule: Mapping[str, Any]
    special: SpecialCondition | None


@cache
def examples() -> Mapping[str, WrittenSegment]:
    """The examples, by key."""
    source = files("governance.consent").joinpath("segments.yaml").read_bytes()
    told = parse(source, name="segments.yaml").fields(required=("segments",))["segments"]
    return {key: _written(key, node) for key, node in told.entries().items()}


def read_segments(source: bytes) -> list[WrittenSegment]:
    """Segments of a file in the form of the examples.

    Raises:
        InvalidError: where it has another form; the sentence names the place.
    """
    try:
        told = parse(source, name="The file").fields(required=("segments",))["segments"]
        return [_written(key, node) for key, node in told.entries().items()]
    except DocumentError as error:
        raise InvalidError(f"{error}.") from None


def _written(key: str, node: Node) -> WrittenSegment:
    said = node.fields(required=("titles", "rule"), optional=("special",))
    special = None
    if "special" in said:
        told = said["special"].fields(required=("ground", "note"))
        special = SpecialCondition(told["ground"].text(), told["note"].text())
    rule: Any = said["rule"].value
    return WrittenSegment(key, titles(said["titles"]), rule, special)
