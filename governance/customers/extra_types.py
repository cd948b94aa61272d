"""What an extra field is, and how its values are written: one canonical text per value, so that equality holds."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from types import MappingProxyType
from uuid import UUID

from governance.customers.codes import ExtraType
from governance.customers.records import Json
from governance.customers.texts import LONG_TEXT, Wrong, words
from governance.policies.classification import Compartment, Field, Sensitivity, ValueType, Visibility
from governance.policies.documents import Titles
from governance.policies.masking import Mask

VALUE_TYPES: Mapping[ExtraType, ValueType] = MappingProxyType(
    {
        ExtraType.TEXT: ValueType.TEXT,
        ExtraType.NUMBER: ValueType.DECIMAL,
        ExtraType.DATE: ValueType.DATE,
        ExtraType.BOOLEAN: ValueType.JSON,
        ExtraType.LIST: ValueType.JSON,
    }
)
COMPARTMENTS = (Compartment.PROFILE, Compartment.CONTACT, Compartment.BEHAVIOUR, Compartment.FINANCE)
"""Where extra fields may lie; evidence, log and operation are the service's own."""
MOST_ITEMS = 100
_NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True)
class ExtraField:
    """Definition of an extra field.

    Attributes:
        key: name in documents and files; never changes.
        type, compartment, indexed: never change either.
        version: number of changes, for ETag.
        retired_at: since when it takes no new values.
    """

    id: UUID
    key: str
    labels: Titles
    type: ExtraType
    category: str
    sensitivity: Sensitivity
    compartment: Compartment
    mask: Mask
    indexed: bool
    visibility: Visibility
    version: int
    created_at: datetime
    retired_at: datetime | None

    @cached_property
    def field(self) -> Field:
        """The field as the catalogue describes the shipped ones."""
        return Field(
            table="extra_value",
            name=self.key,
            titles=self.labels,
            category=self.category,
            sensitivity=self.sensitivity,
            compartment=self.compartment,
            mask=self.mask,
            visibility=self.visibility,
            type=VALUE_TYPES[self.type],
            indexed=self.indexed,
        )


def written(kind: ExtraType, value: object) -> str:
    """The text that *value* is kept as.

    Args:
        kind: type of the field.
        value: as a JSON document has it, or, for numbers, dates, lists and yes or no, as text.

    Raises:
        Wrong: where it is no value of this type; the sentence says what is.
    """
    return _WRITERS[kind](value)


def read(kind: ExtraType, text: str) -> Json:
    """What `written` was given, as a JSON document has it."""
    if kind is ExtraType.BOOLEAN:
        return text == "true"
    if kind is ExtraType.LIST:
        items: Json = json.loads(text)
        return items
    if kind is ExtraType.NUMBER:
        number = Decimal(text)
        return int(number) if number == number.to_integral_value() else float(number)
    return text


def _number(value: object) -> str:
    text = value.strip().replace(",", ".") if isinstance(value, str) else repr(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Wrong("Give a number.")
    try:
        number = Decimal(str(value)) if not isinstance(value, str) else Decimal(text)
    except InvalidOperation:
        raise Wrong("Give a number, such as 42 or 3.5.") from None
    plain = f"{number.normalize():f}" if number.is_finite() else ""
    if not _NUMBER.fullmatch(plain):
        raise Wrong("Give a number of at most 18 digits before the point and 9 behind it.")
    return "0" if plain == "-0" else plain


def _date(value: object) -> str:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        raise Wrong("Give a date as YYYY-MM-DD.") from None


_TRUE, _FALSE = frozenset({"true", "yes", "1", "да", "так"}), frozenset({"false", "no", "0", "нет", "ні"})


def _boolean(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    folded = value.strip().casefold() if isinstance(value, str) else ""
    if folded in _TRUE or folded in _FALSE:
        return "true" if folded in _TRUE else "false"
    raise Wrong("Give true or false.")


def _list(value: object) -> str:
    items = value.split(";") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise Wrong("Give a list of texts.")
    texts = tuple(dict.fromkeys(words(item, longest=LONG_TEXT) for item in items if item != ""))
    if not texts or len(texts) > MOST_ITEMS:
        raise Wrong(f"Give a list of 1 to {MOST_ITEMS} texts.")
    return json.dumps(texts, ensure_ascii=False, separators=(",", ":"))


def _text(value: object) -> str:
    return words(value, longest=LONG_TEXT, lines=True)


_WRITERS = {
    ExtraType.TEXT: _text,
    ExtraType.NUMBER: _number,
    ExtraType.DATE: _date,
    ExtraType.BOOLEAN: _boolean,
    ExtraType.LIST: _list,
}
