"""Ids: UUIDv7 made by the client (RFC 9562, 5.7), so that a row's id is known before it is written."""

from typing import NewType
from uuid import UUID

from uuid_utils.compat import uuid4, uuid7

__all__ = [
    "BatchId",
    "ClientId",
    "ContactId",
    "EntryId",
    "OwnerId",
    "StaffId",
    "SubjectId",
    "SubjectRef",
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
