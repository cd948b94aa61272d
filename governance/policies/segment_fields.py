"""What a rule of a segment may ask about: a closed list, and the extra fields that a controller defines.

A field that names one person (a name, a street, a contact, a note) is not among them, whoever asks: a rule chooses
groups, and must not become a way to look somebody up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class ValueKind(StrEnum):
    """What values of a field are compared as."""

    CODE = "code"
    """One of a closed list."""
    TEXT = "text"
    LIST = "list"
    """Several texts."""
    NUMBER = "number"
    INSTANT = "instant"
    """An instant, or a day, which begins at midnight UTC."""
    FLAG = "flag"


class Place(StrEnum):
    """Where a field is found."""

    READABLE = "readable"
    """In columns that are not sealed, or counted from them."""
    SEALED = "sealed"
    """In the sealed record of the person."""
    EXTRA = "extra"
    """Among the sealed values of extra fields."""


class Qualifier(StrEnum):
    """What narrows down the rows that a figure is made of."""

    WITHIN = "within"
    """Those of this long before the evaluation."""
    CURRENCY = "currency"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class SegmentField:
    """A field that rules may ask about.

    Attributes:
        name: as rules write it.
        kind: what it is compared as.
        place: where it is found.
        sealed: attribute of a person that must be opened for it; empty where none is.
        takes: qualifiers that may be given.
        needs: those of them that must be.
    """

    name: str
    kind: ValueKind
    place: Place
    sealed: str = ""
    takes: frozenset[Qualifier] = frozenset()
    needs: frozenset[Qualifier] = frozenset()


EXTRA: Final = "extra."
"""What the names of extra fields begin with."""

_WITHIN, _CURRENCY, _KIND = Qualifier.WITHIN, Qualifier.CURRENCY, Qualifier.KIND


def _readable(name: str, kind: ValueKind, *takes: Qualifier, needs: frozenset[Qualifier] = frozenset()) -> SegmentField:
    return SegmentField(name, kind, Place.READABLE, takes=frozenset(takes) | needs, needs=needs)


def _sealed(name: str, kind: ValueKind, attribute: str = "") -> SegmentField:
    return SegmentField(name, kind, Place.SEALED, sealed=attribute or name)


FIELDS: Final[Mapping[str, SegmentField]] = MappingProxyType(
    {
        one.name: one
        for one in (
            _readable("kind", ValueKind.CODE),
            _readable("language", ValueKind.CODE),
            _readable("country", ValueKind.CODE),
            _readable("source", ValueKind.CODE),
            _readable("acquired_at", ValueKind.INSTANT),
            _readable("customer_since", ValueKind.INSTANT),
            _readable("contacts.count", ValueKind.NUMBER, _KIND),
            _readable("purchases.count", ValueKind.NUMBER, _WITHIN, _CURRENCY),
            _readable("purchases.sum", ValueKind.NUMBER, _WITHIN, needs=frozenset({_CURRENCY})),
            _readable("purchases.average", ValueKind.NUMBER, _WITHIN, needs=frozenset({_CURRENCY})),
            _readable("purchases.largest", ValueKind.NUMBER, _WITHIN, needs=frozenset({_CURRENCY})),
            _readable("purchases.first_at", ValueKind.INSTANT),
            _readable("purchases.last_at", ValueKind.INSTANT),
            _readable("interactions.count", ValueKind.NUMBER, _WITHIN, _KIND),
            _readable("interactions.last_at", ValueKind.INSTANT, _KIND),
            _readable("activity.count", ValueKind.NUMBER, _WITHIN, _KIND),
            _readable("activity.last_at", ValueKind.INSTANT, _KIND),
            _sealed("sex", ValueKind.CODE),
            _sealed("marital_status", ValueKind.CODE),
            _sealed("age", ValueKind.NUMBER, "birth_date"),
            _sealed("birth_month", ValueKind.NUMBER, "birth_date"),
            _sealed("profession", ValueKind.TEXT),
            _sealed("organisation", ValueKind.TEXT),
            _sealed("region", ValueKind.TEXT),
            _sealed("city", ValueKind.TEXT),
            _sealed("preferred_payment", ValueKind.TEXT),
            _sealed("tags", ValueKind.LIST),
            _sealed("interests", ValueKind.LIST),
        )
    }
)
"""By name, all but extra fields."""
