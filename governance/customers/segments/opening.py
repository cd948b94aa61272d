"""Sealed values of a condition: how each is decoded from its bytes, and what it is compared as."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from governance.customers.codes import ExtraType
from governance.policies.segment_fields import ValueKind
from governance.policies.segment_logic import Held, Span, age_of, compared, month_of
from governance.policies.segments import Compare, folded

Test: TypeAlias = Callable[[bytes | None], bool | None]
"""Whether a condition is true of an opened value; None where that is not known."""

EXTRA_KINDS: Final[Mapping[ExtraType, ValueKind]] = {
    ExtraType.TEXT: ValueKind.TEXT,
    ExtraType.NUMBER: ValueKind.NUMBER,
    ExtraType.DATE: ValueKind.INSTANT,
    ExtraType.BOOLEAN: ValueKind.FLAG,
    ExtraType.LIST: ValueKind.LIST,
}
"""What values of extra fields are compared as."""


def test_of(leaf: Compare, *, at: datetime) -> Test:
    """The test of one condition; it holds values in the clear, and must not outlive the chunk that it is asked about.

    Args:
        leaf: on a sealed field.
        at: the instant that ages and periods count back from.
    """
    kind = leaf.field.kind
    if kind in {ValueKind.CODE, ValueKind.TEXT} and leaf.op != "known":
        return _one_of(frozenset(leaf.values), as_it_is=kind is ValueKind.CODE)
    decode = _decoder(leaf, at)

    def told(content: bytes | None) -> bool | None:
        return compared(leaf, None if content is None else decode(content), at=at)

    return told


def _one_of(values: frozenset[object], *, as_it_is: bool) -> Test:
    """Remembers what was said of a value, since the same cities and codes come again and again."""
    known: dict[bytes | None, bool | None] = {None: None}

    def told(content: bytes | None) -> bool | None:
        if content in known:
            return known[content]
        text = (content or b"").decode("utf-8", "surrogatepass")
        verdict = known[content] = (text if as_it_is else folded(text)) in values
        return verdict

    return told


def _decoder(leaf: Compare, at: datetime) -> Callable[[bytes], Held | None]:
    name, kind = leaf.field.name, leaf.field.kind
    if name == "age":
        return lambda content: age_of(content.decode(), at=at)
    if name == "birth_month":
        return lambda content: month_of(content.decode())
    return _DECODERS[kind]


def _text(content: bytes) -> str:
    return folded(content.decode("utf-8", "surrogatepass"))


def _list(content: bytes) -> frozenset[str]:
    return frozenset(folded(one) for one in json.loads(content) if isinstance(one, str))


def _number(content: bytes) -> Span:
    number = Decimal(content.decode())
    return Span(number, number)


def _day(content: bytes) -> datetime:
    return datetime.fromisoformat(content.decode()).replace(tzinfo=UTC)


_DECODERS: Final[Mapping[ValueKind, Callable[[bytes], Held | None]]] = {
    ValueKind.CODE: _text,
    ValueKind.TEXT: _text,
    ValueKind.LIST: _list,
    ValueKind.NUMBER: _number,
    ValueKind.INSTANT: _day,
    ValueKind.FLAG: lambda content: content == b"true",
}
