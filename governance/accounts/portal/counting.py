"""How often something may be asked for: so many times in a window, counted under keyed digests, in the database.

What is counted is rolled back with what it was counted for, so refusals do not count, and nobody waits for good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import delete, text

from governance.accounts.portal.tables import PortalCountRow
from governance.kernel.errors import TooManyError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.vault.blind import BlindIndex
from governance.vault.runtime import vault_of

FORGOTTEN_AFTER: Final = timedelta(days=31)
"""Longer than any window."""
# The same text however many values there are, so that it is not made and planned anew for each number of them.
_COUNT: Final = text(
    """
    INSERT INTO portal_count AS counted (digest, kind, began_at, times)
    SELECT digest, :kind, :now, 1 FROM unnest(CAST(:digests AS bytea[])) AS digest
    ON CONFLICT (digest) DO UPDATE SET
        began_at = CASE WHEN counted.began_at <= :over THEN excluded.began_at ELSE counted.began_at END,
        times = CASE WHEN counted.began_at <= :over THEN 1 ELSE counted.times + 1 END
    RETURNING began_at, times
    """
)


@frozen
class Allowance:
    """So often in a window.

    Attributes:
        kind: code of what is counted.
        values: for whom, each by itself; in normal form.
    """

    kind: str
    values: Sequence[str] = field(repr=False)
    times: int
    window: timedelta


def take(work: Work, allowances: Sequence[Allowance]) -> None:
    """Count one use of each of *allowances*, in their order, which is to be the same in all callers.

    A statement for each of them, however many values it has.

    Raises:
        TooManyError: one of them is used up until its window ends.
    """
    for one in allowances:
        _take(work, one)


def forget_counts(work: Work) -> int:
    """Delete counts whose window ended long ago; answers how many."""
    old = delete(PortalCountRow).where(PortalCountRow.began_at < work.now - FORGOTTEN_AFTER)
    options = {"synchronize_session": False}
    return len(work.session.execute(old.returning(PortalCountRow.digest), execution_options=options).all())


def _take(work: Work, one: Allowance) -> None:
    if not one.values:
        return
    index = BlindIndex(f"portal_count.digest/{one.kind}", lambda value: value)
    indexer = vault_of(work.session).indexer
    # In one order, so that two who count the same never wait for each other.
    digests = sorted({indexer.digest(index, value) for value in one.values})
    said = {"digests": digests, "kind": one.kind, "now": work.now, "over": work.now - one.window}
    told = work.session.execute(_COUNT, said)
    _refuse_used_up(work.now, one, ((began_at, times) for began_at, times in told))


def _refuse_used_up(now: datetime, one: Allowance, counts: Iterable[tuple[datetime, int]]) -> None:
    ends = [began_at + one.window for began_at, times in counts if times > one.times]
    if ends:
        left = max(1, ceil((max(ends) - now).total_seconds()))
        raise TooManyError("This was asked for too often; come back later.", retry_after_seconds=left)
