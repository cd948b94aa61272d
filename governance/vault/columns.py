"""Column types of the vault: sealed bytes, which refuse all else, and digests made from plain values on the way."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ARRAY, CheckConstraint, Column, Dialect, Engine, LargeBinary, event
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.sql.schema import Table
from sqlalchemy.types import TypeDecorator

from governance.vault.blind import DIGEST_BYTES, HIGHEST_VERSION, BlindIndex, Indexer
from governance.vault.errors import UnsealedWriteError
from governance.vault.formats import AES_256_GCM, MINIMUM_SEALED_BYTES, VERSION

_INDEXERS: "WeakKeyDictionary[Dialect, Indexer]" = WeakKeyDictionary()


def bind_indexer(engine: Engine, indexer: Indexer) -> None:
    """Let statements of *engine* turn plain values into digests by *indexer*."""
    _INDEXERS[engine.dialect] = indexer


class Pending(bytes):
    """What stands in a sealed column between assignment and flush; holds nothing of the value."""


class PlainWriteError(UnsealedWriteError, DontWrapMixin):
    """Raised at the driver's border, so it must come out as it is, without the statement around it."""


class SealedBytes(TypeDecorator[bytes]):
    """`bytea` that takes sealed values only, whichever way the statement was made."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> bytes | None:  # noqa: ARG002 (protocol)
        """Refuse what does not look sealed; the value itself is not told."""
        if value is None:
            return None
        if not isinstance(value, bytes) or len(value) < MINIMUM_SEALED_BYTES or value[:2] != _PREAMBLE:
            raise PlainWriteError(
                "A sealed column takes sealed values only: assign the attribute on a mapped row, or seal in bulk "
                "through the vault."
            )
        return value


_PREAMBLE = bytes((VERSION, AES_256_GCM))


class DigestArray(TypeDecorator[Sequence[str]]):
    """An array of plain values that leaves for the server as the digests of one index, in all versions in use."""

    impl = ARRAY(LargeBinary)
    cache_ok = True

    def __init__(self, index: BlindIndex) -> None:
        super().__init__()
        self.index = index

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:  # noqa: ANN401 (driver's)
        """Make the digests with the indexer that `bind_indexer` gave to this engine."""
        if value is None:
            return None
        return _INDEXERS[dialect].ask(self.index, value)


def sealed_check(column: str) -> str:
    """SQL of the CHECK on a sealed column: version, algorithm, minimum length."""
    return (
        f"octet_length({column}) >= {MINIMUM_SEALED_BYTES} AND get_byte({column}, 0) = {VERSION} "
        f"AND get_byte({column}, 1) = {AES_256_GCM}"
    )


def digest_check(column: str) -> str:
    """SQL of the CHECK on a blind index column."""
    return f"octet_length({column}) = {DIGEST_BYTES} AND get_byte({column}, 0) BETWEEN 1 AND {HIGHEST_VERSION}"


class Digest(TypeDecorator[bytes]):
    """`bytea` of one blind index digest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> bytes | None:  # noqa: ARG002 (protocol)
        """Refuse what is no digest; the value itself is not told."""
        if value is None:
            return None
        if not isinstance(value, bytes) or len(value) != DIGEST_BYTES or not 1 <= value[0] <= HIGHEST_VERSION:
            raise PlainWriteError("A blind index column takes digests only; the vault makes them.")
        return value


@event.listens_for(Column, "after_parent_attach")
def _add_check(column: "Column[Any]", table: object) -> None:
    if isinstance(table, Table) and isinstance(column.type, SealedBytes):
        table.append_constraint(CheckConstraint(sealed_check(column.name), name=column.name))
    elif isinstance(table, Table) and isinstance(column.type, Digest):
        table.append_constraint(CheckConstraint(digest_check(column.name), name=column.name))
