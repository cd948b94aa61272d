"""Arrays for statements of the driver, in the binary form that the server reads (`array_recv`).

The driver makes them as well, at several times the price: it looks for the type of the elements each time. What many
small statements hand over is made here; the type is said by whoever hands it over.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

from governance.kernel.clock import UTC

_NULL: Final = b"\xff\xff\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LENGTHS: Final = [length.to_bytes(4, "big") for length in range(1024)]


class Array(bytes):
    """An array of one dimension; what kind of array its class says."""

    oid: int
    element: int

    @classmethod
    def of_parts(cls, parts: Sequence[bytes | None]) -> "Array":
        """The array of elements that are in binary form already."""
        if not parts:
            return cls(b"\0\0\0\0\0\0\0\0" + cls.element.to_bytes(4, "big"))
        has_null = b"\0\0\0\1" if None in parts else b"\0\0\0\0"
        told = [_NULL if one is None else _length(one) + one for one in parts]
        head = (b"\0\0\0\1", has_null, cls.element.to_bytes(4, "big"), len(parts).to_bytes(4, "big"), b"\0\0\0\1")
        return cls(b"".join((*head, *told)))

    @classmethod
    def of_even_parts(cls, parts: Sequence[bytes], *, size: int) -> "Array":
        """The same of elements that have *size* bytes each, of which nothing is asked: batches hand over thousands."""
        if not parts:
            return cls.of_parts(())
        length = size.to_bytes(4, "big")
        head = b"".join(number.to_bytes(4, "big") for number in (1, 0, cls.element, len(parts), 1))
        return cls(head + length + length.join(parts))


def _length(part: bytes) -> bytes:
    size = len(part)
    return _LENGTHS[size] if size < len(_LENGTHS) else size.to_bytes(4, "big")


class _Bools(Array):
    oid, element = 1000, 16


class _Bytes(Array):
    oid, element = 1001, 17


class _Ints(Array):
    oid, element = 1007, 23


class _Longs(Array):
    oid, element = 1016, 20


class _Texts(Array):
    oid, element = 1009, 25


class _Instants(Array):
    oid, element = 1185, 1184


class _Uuids(Array):
    oid, element = 2951, 2950


def bools(values: Iterable[bool]) -> Array:
    """Of `boolean`."""
    return _Bools.of_parts([b"\1" if one else b"\0" for one in values])


def byteas(values: Iterable[bytes | None]) -> Array:
    """Of `bytea`."""
    return _Bytes.of_parts(list(values))


def even_byteas(values: Sequence[bytes], *, size: int) -> Array:
    """Of `bytea`, each of *size* bytes."""
    return _Bytes.of_even_parts(values, size=size)


def ints(values: Iterable[int | None]) -> Array:
    """Of `integer`."""
    return _Ints.of_parts([None if one is None else one.to_bytes(4, "big", signed=True) for one in values])


def longs(values: Iterable[int | None]) -> Array:
    """Of `bigint`."""
    return _Longs.of_parts([None if one is None else one.to_bytes(8, "big", signed=True) for one in values])


def texts(values: Iterable[str | None]) -> Array:
    """Of `text`."""
    return _Texts.of_parts([None if one is None else one.encode() for one in values])


def instants(values: Iterable[datetime | None]) -> Array:
    """Of `timestamptz`: microseconds since the beginning of 2000."""
    return _Instants.of_parts(
        [None if one is None else ((one - _EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True) for one in values]
    )


def uuids(values: Iterable[UUID | None]) -> Array:
    """Of `uuid`."""
    given = list(values)
    if not given or None in given:
        return _Uuids.of_parts([None if one is None else one.bytes for one in given])
    return _Uuids.of_even_parts([one.int.to_bytes(16, "big") for one in given if one is not None], size=16)


def columns(makers: Sequence[Callable[[Iterable[Any]], Array]], rows: Iterable[Sequence[object]]) -> list[Array]:
    """*rows*, of which there is at least one, column by column; *makers* says what each column is of."""
    return [make(column) for make, column in zip(makers, zip(*rows, strict=True), strict=True)]


def known_to(connection: "Connection[tuple[object, ...]]") -> None:
    """Let a connection hand arrays over as they are."""
    for kind in (_Bools, _Bytes, _Ints, _Longs, _Texts, _Instants, _Uuids):
        connection.adapters.register_dumper(kind, type(f"{kind.__name__}Dumper", (_AsIs,), {"oid": kind.oid}))


class _AsIs(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj
