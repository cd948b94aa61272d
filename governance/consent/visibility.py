"""What a check could not see yet: the transactions that were under way beside it.

Whatever is written is dated by the instant at which its transaction began, and becomes visible when it commits, seconds
later for an import. So a check tells in its entry which transactions its statement saw (`pg_current_snapshot`), and
the database keeps which transaction wrote what is dated by an instant (migration 0021). Between them they tell, of an
answer given at an instant, what was dated up to then and was not there yet.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, LiteralString

from governance.audit.actions import Action
from governance.audit.entries import Json
from governance.audit.following import told_within
from governance.kernel.db import driver_connection
from governance.kernel.work import Work
from governance.policies.purposes import Channel

LONGEST: Final = 1000
"""Characters of what an entry tells of a snapshot; with more transactions under way, instants alone must do."""
LONGEST_TRANSACTION: Final = timedelta(days=1)
_AT_ONCE: Final = 100
"""Answers of one instant that are looked at."""

Unseen = frozenset[datetime]
"""Instants whose acts were not visible yet."""
NOTHING: Final[Unseen] = frozenset()

# What a transaction wrote itself it sees, whatever its snapshot says.
_UNSEEN: Final[LiteralString] = """
SELECT DISTINCT at FROM commit_order
WHERE at > %(since)s AND at <= %(until)s AND transaction >= pg_snapshot_xmin(%(snapshot)s::pg_snapshot)::text::bigint
AND NOT pg_visible_in_snapshot(transaction::text::xid8, %(snapshot)s::pg_snapshot)
AND transaction IS DISTINCT FROM %(own)s::bigint
"""


def unseen_at(work: Work, at: datetime, *, purpose: str, channel: Channel) -> list[Unseen]:
    """What the check that answered at an instant could not see of what is dated up to then; nothing where none did.

    Of several that one transaction answered, that of this purpose and channel counts: each statement sees more than the
    one before. A second set, where there is one, is of those contacts that a long list asked about one by one.
    """
    entries = told_within(work, action=Action.CONSENT_CHECKED, since=at, until=at, limit=_AT_ONCE)
    answers = [one.facts for one in entries if "seen" in one.facts]  # which tells of no question about the past
    same = [one for one in answers if (one.get("purpose"), one.get("channel")) == (purpose, channel.value)]
    told = next(iter([*same, *answers]), None)
    return [NOTHING] if told is None else [_unseen(work, at, str(seen)) for seen in _listed(told["seen"])]


def _listed(told: Json) -> Sequence[Json]:
    return told if isinstance(told, list) else [told]


def _unseen(work: Work, at: datetime, seen: str) -> Unseen:
    snapshot, _, own = seen.partition(";")
    given = {"since": at - min(LONGEST_TRANSACTION, at - _BEGINNING), "until": at, "snapshot": snapshot}
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(_UNSEEN, {**given, "own": int(own) if own else None})
    return frozenset(row[0] for row in cursor.fetchall())


_BEGINNING: Final = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
