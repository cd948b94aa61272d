"""Where a list of entries goes on: after the entry that it ended with."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from governance.audit.entries import Entry
from governance.kernel.errors import InvalidError


def write_cursor(last: Entry) -> str:
    """What continues a list after an entry."""
    return base64.urlsafe_b64encode(f"{last.at.isoformat()} {last.eid}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Instant and id of the entry that a list goes on after.

    Raises:
        InvalidError: where it is none of ours.
    """
    try:
        at, eid = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii").split(" ")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise InvalidError("This cursor is none of ours; start again without one.")
        return instant, UUID(eid)
    except (ValueError, binascii.Error):
        raise InvalidError("This cursor is none of ours; start again without one.") from None
