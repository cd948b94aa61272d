"""Which contacts stood in the last chunks of a file, so that chunks which share none are applied at the same time."""

from collections import deque

from governance.intake.people import keys_of
from governance.intake.records import CustomerRow, Record

CHUNKS = 4
"""More than are ever in hand at once."""


class RecentContacts:
    """Remembers contacts by number, no text: what it misses or mistakes costs time and nothing else."""

    def __init__(self) -> None:
        self._now: set[int] = set()
        self._before: deque[set[int]] = deque(maxlen=CHUNKS)

    def meets(self, record: Record) -> bool:
        """Note the contacts of a row; answers whether one of them stood in a chunk before."""
        if not isinstance(record, CustomerRow):
            return False
        keys = [hash(key) for key in keys_of(record.contacts)]
        self._now.update(keys)
        return not all(chunk.isdisjoint(keys) for chunk in self._before)

    def end_chunk(self) -> None:
        """What follows is another chunk."""
        self._before.append(self._now)
        self._now = set()
