"""States: the fold of each history, kept beside it, and put right where it differs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from governance.consent.subjects import Key
from governance.kernel.arrays import Array, columns, instants, ints, longs, texts, uuids
from governance.kernel.db import driver_connection
from governance.kernel.work import Work
from governance.policies.consent_state import ConsentState, Fold, Grant, Standing

COLUMNS: Final = (
    *("person_id", "purpose", "channel", "sequence", "standing", "since", "event"),
    *("given_at", "given_notice", "given_event", "confirmed_at", "confirmed_notice", "confirmed_event"),
)
UPSERT: Final[LiteralString] = """
ON CONFLICT (person_id, purpose, channel) DO UPDATE SET
    sequence = excluded.sequence, standing = excluded.standing, since = excluded.since, event = excluded.event,
    given_at = excluded.given_at, given_notice = excluded.given_notice, given_event = excluded.given_event,
    confirmed_at = excluded.confirmed_at, confirmed_notice = excluded.confirmed_notice,
    confirmed_event = excluded.confirmed_event
"""
_ARRAYS: Final = (
    *(uuids, texts, texts, longs, texts, instants, uuids),
    *(instants, ints, uuids, instants, ints, uuids),
)
INSERT: Final[LiteralString] = """
INSERT INTO consent_state (person_id, purpose, channel, sequence, standing, since, event, given_at, given_notice,
    given_event, confirmed_at, confirmed_notice, confirmed_event)
"""
MANY: Final[LiteralString] = """
SELECT * FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)
"""
_READ: Final[LiteralString] = """
SELECT person_id, purpose, channel, sequence, standing, since, event, given_at, given_notice, given_event,
    confirmed_at, confirmed_notice, confirmed_event, last_used_at
FROM consent_state WHERE person_id = ANY(%b)
"""


class KeptState(NamedTuple):
    """A state as it is kept.

    Attributes:
        sequence: of the last event that went in.
        last_used_at: when a check last answered yes on it.
    """

    sequence: int
    state: ConsentState
    last_used_at: datetime | None = None


def row_of(key: Key, folded: Fold) -> tuple[object, ...]:
    """The row of a fold, as `COLUMNS` has it."""
    state = folded.state
    given, confirmed = state.given or (None, None, None), state.confirmed or (None, None, None)
    return (*key, folded.sequence, state.standing.value, state.since, state.event, *given, *confirmed)


def write(work: Work, folds: Mapping[Key, Fold]) -> None:
    """Keep the states of histories whose subjects are locked."""
    if folds:
        driver_connection(work.session).execute(INSERT + MANY + UPSERT, columns_of(folds))


def columns_of(folds: Mapping[Key, Fold]) -> list[Array]:
    """Rows of folds, column by column, as `MANY` takes them."""
    return columns(_ARRAYS, [row_of(key, folded) for key, folded in folds.items()])


def read(work: Work, people: Iterable[UUID]) -> dict[Key, KeptState]:
    """All states of *people*."""
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(_READ, (list(people),))
    return {Key(*row[:3]): _kept(row) for row in cursor.fetchall()}


def _kept(row: Sequence[Any]) -> KeptState:
    sequence, standing, since, event = row[3:7]
    given = None if row[7] is None else Grant(*row[7:10])
    confirmed = None if row[10] is None else Grant(*row[10:13])
    return KeptState(sequence, ConsentState(Standing(standing), since, event, given, confirmed), row[13])
