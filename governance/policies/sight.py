"""Who is shown which field by which role alone: pure, for pages that tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from governance.policies import shipped
from governance.policies.access import allows
from governance.policies.classification import Field, Visibility
from governance.policies.permissions import Permission

READ_BY: Final[Mapping[str, Permission]] = {
    "person": Permission.CUSTOMERS_READ,
    "contact": Permission.CUSTOMERS_READ,
    "purchase": Permission.PURCHASES_READ,
    "interaction": Permission.INTERACTIONS_READ,
    "activity": Permission.ACTIVITY_READ,
}
"""By table of a customer's data, what reading it takes."""


@dataclass(frozen=True, slots=True)
class _Holder:
    id: UUID | None
    permissions: frozenset[str]
    roles: tuple[str, ...]


def _holder(role: str) -> _Holder:
    return _Holder(None, shipped.roles().grants_of([role]), (role,))


def holders_of(permission: Permission) -> list[str]:
    """Roles of staff that permit an act."""
    known = shipped.roles().roles.items()
    return [name for name, role in known if not role.scopes and allows(_holder(name), permission).allowed]


def readers_of(field: Field, *, table: str) -> Mapping[str, tuple[Visibility, bool]]:
    """By role, what reading shows of a field, and whether it may be opened; roles that see nothing are left out."""
    found: dict[str, tuple[Visibility, bool]] = {}
    for name, role in shipped.roles().roles.items():
        if role.scopes:
            continue
        holder = _holder(name)
        seen = allows(holder, READ_BY[table], field=field).visibility
        opens = allows(holder, Permission.CUSTOMERS_REVEAL, field=field).allowed
        if opens or seen is not Visibility.HIDDEN:
            found[name] = (seen, opens)
    return found
