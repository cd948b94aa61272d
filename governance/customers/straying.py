"""Rows that came to somebody at the very moment when they were merged: brought to the survivor afterwards."""

from typing import Final, LiteralString

from governance.customers.merge_list import find_merge
from governance.customers.merging import MergeId, move_rows
from governance.kernel.db import driver_connection
from governance.kernel.work import Work
from governance.policies.permissions import Permission

KINDS: Final = ("contact", "purchase", "interaction", "activity")
"""What an import records; of these nothing stays with somebody who was merged."""
_STRAYS: Final[LiteralString] = """
SELECT id FROM person_merge WHERE undone_at IS NULL AND (
    EXISTS (SELECT FROM contact WHERE person_id = other_id) OR EXISTS (SELECT FROM purchase WHERE person_id = other_id)
    OR EXISTS (SELECT FROM interaction WHERE person_id = other_id)
    OR EXISTS (SELECT FROM activity WHERE person_id = other_id)
) ORDER BY id LIMIT 1
"""


def gather_strays(work: Work) -> int:
    """Bring such rows to the survivors, as if they had been there when the two were merged; answers of how many merges.

    An import finds people first and writes for them later; whoever is merged in between would keep what it writes.
    """
    gathered = 0
    # One after the other, the earlier first, so that what was merged on goes on to the last survivor.
    while (found := driver_connection(work.session).execute(_STRAYS).fetchone()) is not None:
        row, two = find_merge(work, MergeId(found[0]), Permission.DUPLICATES_DECIDE)
        move_rows(work, row, two, KINDS)
        gathered += 1
    return gathered
