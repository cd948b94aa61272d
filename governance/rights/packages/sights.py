"""When data of a person were read, for what, and in which role (EDPB Guidelines 01/2022; C-579/21).

By whom is told only where an officer decided so.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

from governance.accounts.staff import roles_held
from governance.audit.acts import readings_about
from governance.audit.entries import Entry
from governance.customers.whole import Row
from governance.kernel.ids import SubjectRef
from governance.kernel.work import ActorKind, Work

STAFF: Final = "staff"
"""Who held no role any more."""
_OTHERS: Final = {
    ActorKind.CLIENT.value: "system",
    ActorKind.CUSTOMER.value: "self",
    ActorKind.OPERATOR.value: "operator",
    ActorKind.SYSTEM.value: "service",
}


def sights_of(
    work: Work, *, subjects: Sequence[SubjectRef], named: Mapping[UUID, str] = MappingProxyType({})
) -> Iterator[list[Row]]:
    """Acts of reading that name the person, the oldest first, block by block.

    Lists in which the person stood masked among others are not told of: such an entry names nobody that could be
    looked up.

    Args:
        work: the transaction.
        subjects: references of the person.
        named: names of staff that are told, by id.
    """
    known: dict[UUID, str] = {}
    for entries in readings_about(work, subjects=subjects):
        unknown = {one.actor_id for one in entries if one.actor_id and one.actor_kind == ActorKind.STAFF.value}
        fresh = unknown - known.keys()
        if fresh:
            held = roles_held(work, fresh)
            known |= {one: ", ".join(held.get(one, (STAFF,))) for one in fresh}
        yield [_row(one, known, named) for one in entries]


def _row(entry: Entry, roles: Mapping[UUID, str], named: Mapping[UUID, str]) -> Row:
    if entry.actor_kind == ActorKind.STAFF.value and entry.actor_id is not None:
        role = roles[entry.actor_id]
    else:
        role = _OTHERS.get(entry.actor_kind, entry.actor_kind)
    purpose, fields = entry.facts.get("purpose"), entry.facts.get("fields")
    return {
        "at": entry.at,
        "act": entry.action,
        "role": role,
        "reader": None if entry.actor_id is None else named.get(entry.actor_id),
        "purpose": purpose if isinstance(purpose, str) else None,
        "fields": [_group(str(one)) for one in fields] if isinstance(fields, list) else None,
    }


def _group(field: str) -> str:
    """`contacts.ID` and the like without the id."""
    head, _, rest = field.partition(".")
    return head if rest and head != "extra" else field
