"""Opening a column of very many rows: keys come beside the values, are unwrapped in one loop, and none is kept.

For packages that read through the whole store. A statement of theirs joins `key_beside`; `open_rows` then costs little
more than what AES-GCM does, and leaves nothing behind in the cache of opened keys.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, FromClause, and_
from sqlalchemy.orm import Session, aliased

from governance.policies.classification import Compartment
from governance.vault.compartments import SealedColumn
from governance.vault.formats import HEADER_BYTES, ROW_PREFIX, KeyPlaces, header, open_sealed, unwrap
from governance.vault.items import OpenItem
from governance.vault.new_keys import FIRST_GENERATION
from governance.vault.runtime import Vault
from governance.vault.tables import DataKeyRow

_FIRST = header(FIRST_GENERATION)


class KeyBeside(NamedTuple):
    """A join that brings the wrapped key of a row.

    Attributes:
        table, on: to be joined from outside, since a key may be shredded.
        columns: to be selected, in this order: epoch and wrapped key.
    """

    table: FromClause
    on: ColumnElement[bool]
    columns: tuple[ColumnElement[Any], ColumnElement[Any]]


def key_beside(owner: ColumnElement[UUID], compartment: Compartment) -> KeyBeside:
    """The key of *compartment* of the owner in a column."""
    key = aliased(DataKeyRow)
    on = and_(key.owner_id == owner, key.compartment == compartment.value, key.generation == FIRST_GENERATION)
    return KeyBeside(key, on, (key.epoch, key.wrapped))  # type: ignore[arg-type]  # an alias is a FROM clause


def open_rows(
    session: Session, vault: Vault, columns: Sequence[SealedColumn], rows: Sequence[tuple[Any, ...]]
) -> Iterator[list[bytes | None]]:
    """Open the same columns, all of one compartment, of many rows; None where there is no value, or its key is gone.

    Args:
        session: of the transaction that read the rows.
        vault: whose keys.
        columns: which columns.
        rows: id and owner as sixteen bytes, epoch and wrapped key as `key_beside` brings them, then the sealed values
            in the order of *columns*, and whatever else.

    Raises:
        SealError: where a value or a key was changed or moved.
    """
    places = [vault.place(column) for column in columns]
    bindings = KeyPlaces(vault.keys.deployment.bytes, columns[0].compartment.value)
    known: dict[int, tuple[AESGCM, bytes, bytes]] = {}
    for row in rows:
        row_id, owner, epoch, wrapped = row[:4]
        if wrapped is None:
            yield _otherwise(session, vault, columns, row)
            continue
        if epoch not in known:
            known[epoch] = (AESGCM(vault.keys.epoch_key(epoch)), *bindings.around(FIRST_GENERATION, epoch))
        kek, before, after = known[epoch]
        cipher = AESGCM(unwrap(kek, wrapped, before + owner + after))
        bound = ROW_PREFIX + row_id + ROW_PREFIX + owner
        opened: list[bytes | None] = []
        for place, sealed in zip(places, row[4:], strict=False):
            if sealed is None:
                opened.append(None)
            elif sealed[:HEADER_BYTES] == _FIRST:
                opened.append(open_sealed(cipher, place, bound, sealed))
            else:
                opened = _otherwise(session, vault, columns, row)
                break
        yield opened


def _otherwise(
    session: Session, vault: Vault, columns: Sequence[SealedColumn], row: tuple[Any, ...]
) -> list[bytes | None]:
    """By the vault's own way, which knows later generations, and tells what was shredded from what never was."""
    row_id, owner = UUID(bytes=row[0]), UUID(bytes=row[1])
    found = list(zip(columns, row[4:], strict=False))
    items = [OpenItem(column, row_id, owner, sealed) for column, sealed in found if sealed is not None]
    texts = iter(vault.open_many(session, items))
    return [None if sealed is None else next(texts) for _, sealed in found]
