"""Fingerprints: keyed digests of the values of each row of an export, as they were then, kept sealed.

A digest is BLAKE2b (RFC 7693) under a key, of 64 bits, over the letters and digits of a value: so it outlives another
spelling of a number or date, another order, another heading and a dropped column, and tells one version of a value from
the next. Exports of one year share the key, so that a file is digested once for all of them.
"""

import re
import secrets
import struct
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select

from governance.customers.records import Json
from governance.disclosures.tables import ExportRow
from governance.kernel.work import Work

KEY_BYTES: Final = 32
KEY_USED_FOR: Final = timedelta(days=365)
EMPTY: Final = 0
"""Stands for no value."""
BETWEEN_ITEMS: Final = "; "
_HEAD: Final = struct.Struct(">16sI")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ][0:.]+)?")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})")
_TRUNK: Final = re.compile(r"8(\d{10})")
"""How numbers are dialled within Russia and Kazakhstan; with the country code they begin with 7."""


class Print(NamedTuple):
    """The fingerprint of a row.

    Attributes:
        person: id of the person.
        version: of the person's record.
        digests: of the values in the order of the fields; `EMPTY` where there is none.
    """

    person: UUID
    version: int
    digests: tuple[int, ...]


def key_for_prints(work: Work) -> bytes:
    """The key of a new export: that of an export of the last year, or a new one."""
    query = (
        select(ExportRow)
        .where(ExportRow.traceable, ExportRow.created_at > work.now - KEY_USED_FOR)
        .order_by(ExportRow.created_at)
        .limit(1)
    )
    oldest = work.session.scalars(query).one_or_none()
    return secrets.token_bytes(KEY_BYTES) if oldest is None or oldest.print_key is None else oldest.print_key


def as_text(value: Json) -> str:
    """A value as it stands in a cell; nothing where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return BETWEEN_ITEMS.join(map(as_text, value)) if isinstance(value, list) else str(value)


def normal(text: str) -> str:
    """Letters and digits of *text*, the same for each way of writing a number or a date."""
    told = unicodedata.normalize("NFKC", text).strip().casefold()
    if found := _YEAR_FIRST.fullmatch(told.upper()):
        year, month, day = found.groups()
        return f"{year}{int(month):02}{int(day):02}"
    if found := _DAY_FIRST.fullmatch(told):
        day, month, year = found.groups()
        return f"{year}{int(month):02}{int(day):02}"
    bare = "".join(character for character in told if character.isalnum())
    trunk = _TRUNK.fullmatch(bare)
    return f"7{trunk[1]}" if trunk else bare


def digest(key: bytes, text: str) -> int:
    """The digest of a value; `EMPTY` where it has neither letters nor digits."""
    bare = normal(text)
    if not bare:
        return EMPTY
    return int.from_bytes(blake2b(bare.encode("utf-8", "surrogatepass"), key=key, digest_size=8).digest(), "big")


def pack(prints: Iterable[Print]) -> bytes:
    """Fingerprints of rows of one width as bytes."""
    return b"".join(
        _HEAD.pack(one.person.bytes, one.version) + struct.pack(f">{len(one.digests)}Q", *one.digests) for one in prints
    )


def digests_in(content: bytes, *, width: int) -> Iterator[tuple[bytes, tuple[int, ...]]]:
    """The sixteen bytes of each person, and the digests, in what `pack` packed of rows with *width* values."""
    for person, _version, *digests in struct.Struct(f">16sI{width}Q").iter_unpack(content):
        yield person, tuple(digests)


def prints_of(key: bytes, rows: Iterable[tuple[UUID, int, Sequence[Json]]]) -> list[Print]:
    """Fingerprints of rows: person, version, values."""
    return [
        Print(person, version, tuple(digest(key, as_text(one)) for one in values)) for person, version, values in rows
    ]
