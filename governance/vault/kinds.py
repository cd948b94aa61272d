"""Types of sealed values: how each becomes bytes and text for its index."""

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from governance.kernel.records import frozen

Value = TypeVar("Value")


@frozen
class Kind(Generic[Value]):
    """One type of value.

    Attributes:
        name: frozen, part of the documentation of the column.
        accepts: Python types that may be assigned.
        encode, decode: to and from bytes; decode(encode(x)) == x.
        text: what an index is made of.
    """

    name: str
    accepts: tuple[type, ...]
    encode: Callable[[Value], bytes]
    decode: Callable[[bytes], Value]
    text: Callable[[Value], str]


def _encode_text(value: str) -> bytes:
    # Lone surrogates come out of broken files and JSON; they must survive, not break the row.
    return value.encode("utf-8", "surrogatepass")


def _decode_text(value: bytes) -> str:
    return value.decode("utf-8", "surrogatepass")


_written = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode


def _encode_json(value: Any) -> bytes:  # noqa: ANN401 (any JSON value)
    encoded = _written(value)
    if json.loads(encoded) != value:  # keys that are no text, tuples: JSON would quietly make others of them
        raise TypeError("A JSON value consists of text, numbers, true, false, null, lists, and mappings by text.")
    return encoded.encode()


def _encode_date(value: date) -> bytes:
    if isinstance(value, datetime):
        raise TypeError("A date takes no time of day.")
    return value.isoformat().encode()


TEXT: Kind[str] = Kind("text", (str,), _encode_text, _decode_text, str)
DATE: Kind[date] = Kind("date", (date,), _encode_date, lambda b: date.fromisoformat(b.decode()), date.isoformat)
DECIMAL: Kind[Decimal] = Kind("decimal", (Decimal,), lambda d: str(d).encode(), lambda b: Decimal(b.decode()), str)
BYTES: Kind[bytes] = Kind("bytes", (bytes,), bytes, bytes, bytes.hex)
JSON: Kind[Any] = Kind("json", (dict, list, str, int, float, bool), _encode_json, json.loads, json.dumps)
