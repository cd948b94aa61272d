"""What a key covers: kinds of key owners, and the frozen logical names of sealed columns."""

from dataclasses import field
from enum import StrEnum
from uuid import UUID

from governance.kernel.records import frozen
from governance.policies.classification import Compartment


class OwnerKind(StrEnum):
    """What a key owner stands for."""

    PERSON = "person"
    STAFF = "staff"
    BATCH = "batch"
    EXPORT = "export"
    MESSAGE = "message"
    BACKUP = "backup"
    DECISIONS = "decisions"
    """The send checks of a month: what their digests were salted with."""
    PROPOSAL = "proposal"
    VISIT = "visit"
    """A customer who proves a contact, and the session that this opens."""
    REQUEST = "request"
    """A request of a data subject: all that was said in it and about it."""
    PACKAGE = "package"
    """A package of data for one person, shredded when its time is over."""
    ERASURE = "erasure"
    """Why somebody was erased by hand."""
    SEGMENT = "segment"
    """Rules of a segment, or what one evaluation of it found."""


@frozen
class SealedColumn:
    """A column that holds sealed values.

    Attributes:
        table, column: logical names, frozen for ever: they are part of what a value is bound to, so a renamed table
            keeps them.
        compartment: whose key seals it.
    """

    table: str
    column: str
    compartment: Compartment
    tail: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tail", prefixed(self.table.encode()) + prefixed(self.column.encode()))


def prefixed(part: bytes) -> bytes:
    """*part* behind its length as two bytes, so that no two lists of parts join to the same bytes."""
    return len(part).to_bytes(2, "big") + part


def prefixed_id(value: UUID) -> bytes:
    """An id behind its length."""
    return b"\x00\x10" + value.bytes
