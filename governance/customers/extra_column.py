"""The column of extra values: one sealed field per compartment, and a blind index of its own for every extra field."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import mapped_column

from governance.policies.classification import Compartment
from governance.vault.blind import BlindIndex
from governance.vault.columns import Digest
from governance.vault.kinds import TEXT
from governance.vault.orm import SealedField


def extra_index(field_id: UUID) -> BlindIndex:
    """The blind index over the values of one extra field; named by its id, so that no two fields share digests."""
    return BlindIndex(f"extra_value.value/{field_id}")


class ExtraColumn(SealedField[str]):
    """The value of an extra field in one compartment, indexed where its row says so (`indexed`, `field_id`)."""

    def __init__(self, compartment: Compartment) -> None:
        super().__init__(TEXT, compartment)

    @property
    def indexed(self) -> bool:
        """Some of these values are."""
        return True

    def columns(self, table: str) -> dict[str, Any]:
        """Digests without an index over all rows: most are null, and a partial index stands in the table."""
        made = super().columns(table)
        return {**made, self.index_name: mapped_column(Digest(), nullable=True)}

    def index_of(self, instance: object) -> BlindIndex | None:
        """The index of this row's field."""
        indexed: bool = getattr(instance, "indexed", False)
        return extra_index(getattr(instance, "field_id")) if indexed else None  # noqa: B009 (any row that has one)
