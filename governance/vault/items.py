"""What is handed to the vault to be sealed or opened in bulk."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from governance.kernel.records import frozen
from governance.vault.compartments import SealedColumn


class SealItem(NamedTuple):
    """One value to be sealed in bulk.

    Attributes:
        column: from `SomeRow.sealed_fields["name"].place`.
        row_id, owner: what it is bound to.
        plaintext: encoded by the field's kind.
    """

    column: SealedColumn
    row_id: UUID
    owner: UUID
    plaintext: bytes


class SealRow(NamedTuple):
    """Values of one row to be sealed in bulk.

    Attributes:
        row_id, owner: what they are bound to.
        plaintexts: by column, encoded by the field's kind; None where there is no value.
    """

    row_id: UUID
    owner: UUID
    plaintexts: Sequence[bytes | None]


@frozen
class OpenItem:
    """One sealed value to be opened in bulk; places as in `SealItem`."""

    column: SealedColumn
    row_id: UUID
    owner: UUID
    sealed: bytes
