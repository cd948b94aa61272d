"""Ids: UUIDv7 made by the client (RFC 9562, 5.7), so that a row's id is known before it is written."""

from operator import attrgetter
from typing import NewType
from uuid import UUID, SafeUUID

import uuid_utils
from uuid_utils.compat import uuid4

__all__ = [
    "BatchId",
    "ClientId",
    "ContactId",
    "EntryId",
    "OwnerId",
    "StaffId",
    "SubjectId",
    "SubjectRef",
    "by_number",
    "spelled",
    "uuid4",
    "uuid7",
]

SubjectId = NewType("SubjectId", UUID)
"""A person in the customer store."""
SubjectRef = NewType("SubjectRef", UUID)
"""The random name of a person in the audit log; erasure deletes the mapping."""
OwnerId = NewType("OwnerId", UUID)
"""A key owner: the unit that is shredded."""
ContactId = NewType("ContactId", UUID)
StaffId = NewType("StaffId", UUID)
ClientId = NewType("ClientId", UUID)
BatchId = NewType("BatchId", UUID)
EntryId = NewType("EntryId", UUID)
"""An entry of the audit log."""

_blank, _draw, _same, _UNKNOWN = object.__new__, uuid_utils.uuid7, uuid_utils.UUID, SafeUUID.unknown
_set_number, _set_safety = UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__


def uuid7() -> UUID:
    """A fresh id, greater than those that this process made before; at half the price of the standard constructor."""
    one = _blank(UUID)
    _set_number(one, _draw().int)
    _set_safety(one, _UNKNOWN)
    return one


def spelled(one: UUID) -> str:
    """The text of an id, as `str` gives it, at half its price: batches spell ids by the ten thousand."""
    return str(_same(int=one.int))


by_number = attrgetter("int")
"""Key to sort ids by: their own order, without a call of Python's for each comparison."""
