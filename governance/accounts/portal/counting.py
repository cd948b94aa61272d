"""How often something may be asked for: so many times in a window, counted under keyed digests, in the database.

What is counted is rolled back with what it was counted for, so refusals do not count, and nobody waits for good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import case, delete
from sqlalchemy.dialects.postgresql import insert

from governance.accounts.portal.tables import PortalCountRow
from governance.kernel.errors import TooManyError
from governance.kernel.records import frozen
from governance.kernel.work import Work
from governance.vault.blind import BlindIndex
from governance.vault.runtime import vault_of

FORGOTTEN_AFTER: Final = timedelta(days=31)
"""Longer than any window."""


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
    row = PortalCountRow
    over = row.began_at <= work.now - one.window
    counts = [{"digest": digest, "kind": one.kind, "began_at": work.now, "times": 1} for digest in digests]
    new = insert(row).values(counts)
    counted = new.on_conflict_do_update(
        index_elements=[row.digest],
        set_={
            "began_at": case((over, work.now), else_=row.began_at),
            "times": case((over, 1), else_=row.times + 1),
        },
    ).returning(row.began_at, row.times)
    told = work.session.execute(counted, execution_options={"synchronize_session": False})
    _refuse_used_up(work.now, one, ((began_at, times) for began_at, times in told))


def _refuse_used_up(now: datetime, one: Allowance, counts: Iterable[tuple[datetime, int]]) -> None:
    ends = [began_at + one.window for began_at, times in counts if times > one.times]
    if ends:
        left = max(1, ceil((max(ends) - now).total_seconds()))
        raise TooManyError("This was asked for too often; come back later.", retry_after_seconds=left)
