"""How much of a row an actor sees: each field in the clear, masked, or not at all, as `policies.access` decides."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from governance.customers.loading import opened
from governance.customers.tables import PersonRow
from governance.kernel.errors import ForbiddenError
from governance.kernel.work import Work
from governance.policies import shipped
from governance.policies.access import Row, allows
from governance.policies.classification import Field, Visibility
from governance.policies.masking import DOTS, UNREADABLE, Mask
from governance.policies.permissions import Permission
from governance.vault.errors import UnreadableError
from governance.vault.orm import SealedRow


@dataclass(slots=True)
class Lens:
    """Shows the sealed fields of rows of one person, and notes what was not shown in full.

    Attributes:
        masked, hidden: names of fields that were there and were shown in part, or not at all.
        unreadable: names of fields that are there and do not open, so that a mark stands in their place.
    """

    work: Work
    permission: Permission
    person: PersonRow
    masked: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def visibility(self, said: Field) -> Visibility:
        """How much of a field the act shows."""
        return allows(self.work.actor, self.permission, field=said, row=Row(self.person.responsible_id)).visibility

    def show(self, row: SealedRow, name: str, *, as_name: str | None = None, said: Field | None = None) -> Any:  # noqa: ANN401 (text, or JSON, or their mask)
        """The value of a sealed field as it may be seen; None where there is none, or it may not be seen.

        Args:
            row: where it stands.
            name: attribute of the row.
            as_name: what it is called among `masked` and `hidden`.
            said: its classification; that of the catalogue by default.
        """
        if getattr(row, f"{name}_sealed") is None:
            return None
        said = said or catalogued(row, name)
        visibility = self.visibility(said)
        if visibility is Visibility.HIDDEN:
            self.hidden.append(as_name or name)
            return None
        if visibility is Visibility.MASKED:
            self.masked.append(as_name or name)
            if said.mask is Mask.FULL:  # nothing of the value is needed
                return DOTS
        try:
            return said.shown(opened(row, name), visibility)
        except UnreadableError:
            self.unreadable.append(as_name or name)
            return UNREADABLE

    def show_list(self, row: SealedRow, name: str) -> tuple[str, ...]:
        """A list of texts as it may be seen: its mask is a list of one."""
        seen = self.show(row, name)
        return (seen,) if isinstance(seen, str) else tuple(seen or ())


def catalogued(row: SealedRow, name: str) -> Field:
    """What the catalogue says of a sealed field of *row*."""
    said = shipped.catalogue().field(f"{row.sealed_table}.{name}")
    return said if said.varies_by is None else said.variant(getattr(row, said.varies_by))


def refuse_unwritable(work: Work, permission: Permission, fields: Iterable[Field], *, responsible: UUID | None) -> None:
    """Stop an act that would write what the actor may not write.

    Raises:
        ForbiddenError: `errors` names the fields.
    """
    row = Row(responsible)
    closed = [said.name for said in fields if not allows(work.actor, permission, field=said, row=row).allowed]
    if closed:
        sentence = ["You may not write this field."]
        raise ForbiddenError("Some of these fields are not yours to write.", errors=dict.fromkeys(closed, sentence))
