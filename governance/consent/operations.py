"""Every verb of this room."""

from governance.consent.events import ContactSaid, NewEvent, Recorded, Refused
from governance.consent.recording import record, record_many

__all__ = [
    "ContactSaid",
    "NewEvent",
    "Recorded",
    "Refused",
    "record",
    "record_many",
]
