"""Typed rows to bytes and back: what a chunk holds while it waits, sealed by the vault."""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

from governance.customers.codes import InteractionKind, MaritalStatus, Sex, Source
from governance.intake.answers import ClaimedConsent
from governance.intake.dates import PartialDate
from governance.intake.headings import FileKind
from governance.intake.records import ContactValue, CustomerRow, InteractionRow, PurchaseRow, Record
from governance.intake.values import Refusal
from governance.kernel.records import frozen

CHUNK_ROWS = 1000
CHUNK_BYTES = 1 << 22
"""A chunk is closed early where its rows are long: it is sealed, and later opened, in one piece."""

Json = dict[str, Any]
_BETWEEN_CELLS = "\x1f"
"""The unit separator of ASCII; tidied cells hold no control characters."""


@frozen
class RefusedRow:
    """A row of which something was refused, as it stood.

    Attributes:
        number: row number as a spreadsheet shows it.
        whole: the row was not imported; else it was, without the cells refused.
        cells: text of all cells.
        refusals: what was wrong.
    """

    number: int
    whole: bool
    cells: tuple[str, ...]
    refusals: tuple[Refusal, ...]


@frozen
class Remark:
    """Something about an imported row that people should look at.

    Attributes:
        number: row number.
        code: `possible-double`, `several-people` or `double-in-file`.
    """

    number: int
    code: str


def pack(rows: Sequence[Json]) -> bytes:
    """Compressed JSON."""
    return zlib.compress(
        json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"), 1
    )


def unpack(content: bytes) -> list[Json]:
    """What `pack` packed."""
    rows: list[Json] = json.loads(zlib.decompress(content).decode("utf-8", "surrogatepass"))
    return rows


def encode_record(record: Record) -> Json:
    """A record as JSON; what it does not say is left out."""
    encoded: Json = {}
    for name, value in zip(record._fields, record, strict=True):
        if value is None or value == ():
            continue
        if type(value) is str or type(value) is int:
            encoded[name] = value
        else:
            encoded[name] = _ENCODERS[name](value) if name in _ENCODERS else _plain(value)
    return encoded


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else str(value)


_ENCODERS: Mapping[str, Callable[[Any], object]] = {
    "contacts": list,
    "consents": lambda claims: [(str(one.scope), one.given, None if one.on is None else str(one.on)) for one in claims],
    "tags": list,
    "interests": list,
    "items": list,
    "extras": list,
}


def _moment(text: str) -> datetime | PartialDate:
    return datetime.fromisoformat(text) if "T" in text else PartialDate.parse(text)


def _claim(parts: Sequence[Any]) -> ClaimedConsent:
    scope, given, on = parts
    return ClaimedConsent(scope, given, None if on is None else PartialDate.parse(on))


_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "birth_date": PartialDate.parse,
    "first_purchase": PartialDate.parse,
    "opt_out_offered_at": _moment,
    "sex": Sex,
    "marital_status": MaritalStatus,
    "source": Source,
    "tags": tuple,
    "interests": tuple,
    "items": tuple,
    "extras": lambda pairs: tuple((key, text) for key, text in pairs),
    "contacts": lambda contacts: tuple(ContactValue(*parts) for parts in contacts),
    "consents": lambda claims: tuple(map(_claim, claims)),
    "paid_at": _moment,
    "at": _moment,
    "next_at": _moment,
    "total": Decimal,
}
_RECORDS: Mapping[FileKind, type[CustomerRow] | type[PurchaseRow] | type[InteractionRow]] = {
    FileKind.CUSTOMERS: CustomerRow,
    FileKind.PURCHASES: PurchaseRow,
    FileKind.INTERACTIONS: InteractionRow,
}


def decode_record(kind: FileKind, encoded: Json) -> Record:
    """The record that `encode_record` was given."""
    values: Json = {name: _DECODERS[name](value) if name in _DECODERS else value for name, value in encoded.items()}
    values.setdefault("contacts", ())
    if kind is FileKind.INTERACTIONS:
        values["kind"] = InteractionKind(values["kind"])
    return _RECORDS[kind](**values)


def encode_waiting(record: Record, cells: Sequence[str], *, again: bool = False) -> Json:
    """A record, and the row as it stood: should the store refuse it, people get back what they brought."""
    encoded: Json = {"record": encode_record(record), "cells": _BETWEEN_CELLS.join(cells)}
    return {**encoded, "again": True} if again else encoded


class WaitingRow(NamedTuple):
    """A row that waits to be applied.

    Attributes:
        record: what it says.
        joined: its cells as they stood.
        again: whether a contact of it stood in the chunks shortly before, as far as somebody looked.
    """

    record: Record
    joined: str
    again: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """Text of all cells."""
        return tuple(self.joined.split(_BETWEEN_CELLS))


def decode_waiting(kind: FileKind, rows: Iterable[Json]) -> list[WaitingRow]:
    """What `encode_waiting` was given."""
    return [WaitingRow(decode_record(kind, row["record"]), row["cells"], row.get("again", False)) for row in rows]


def encode_refused(row: RefusedRow) -> Json:
    """A refused row as JSON."""
    return {
        "number": row.number,
        "whole": row.whole,
        "cells": row.cells,
        "refusals": [(one.column, one.code, one.reason) for one in row.refusals],
    }


def decode_refused(rows: Iterable[Json]) -> list[RefusedRow]:
    """What `encode_refused` was given."""
    return [
        RefusedRow(
            row["number"],
            row["whole"],
            tuple(row["cells"]),
            tuple(Refusal(*parts) for parts in row["refusals"]),
        )
        for row in rows
    ]


def encode_remark(remark: Remark) -> Json:
    """A remark as JSON."""
    return {"number": remark.number, "code": remark.code}
