"""The lock of a subject, taken before anything of theirs is read to be changed; and their events as they are kept.

The lock gives out places in the subject's sequence and an instant that never goes back. Many subjects are locked in the
order of their ids, so that nobody waits for somebody who waits for them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from governance.kernel import arrays
from governance.kernel.arrays import columns, longs, texts, uuids
from governance.kernel.db import driver_connection
from governance.kernel.work import Work
from governance.policies.consent_state import Event, EventKind, Method


class Key(NamedTuple):
    """What a state is of."""

    person: UUID
    purpose: str
    channel: str


class Locked(NamedTuple):
    """A subject whose lock is held until the transaction ends.

    Attributes:
        person: whose lock it is.
        sequence: the last place given out, those asked for included.
        recorded_at: of what is recorded now; never before what was recorded earlier.
        merged_into: the survivor, where the person was merged; then their lock is the one to be held.
        seen: the last place that was given out when the lock was asked for; less than `sequence` minus those asked for
            where it had to be waited for.
        parted_at, parted_from: when a merge into the person was last undone, and of whom.
    """

    person: UUID
    sequence: int
    recorded_at: datetime
    merged_into: UUID | None
    seen: int
    parted_at: datetime | None = None
    parted_from: UUID | None = None


class KeptEvent(NamedTuple):
    """An event, with what its fold does not need."""

    key: Key
    event: Event
    whole_day: bool
    language: str | None
    batch: UUID | None


_LOCK: Final[LiteralString] = """
WITH seen AS MATERIALIZED (
    SELECT person_id, sequence FROM consent_subject WHERE person_id = ANY(%(people)b)
)
INSERT INTO consent_subject AS subject (person_id, sequence, recorded_at)
SELECT person, places, %(now)s::timestamptz
FROM unnest(%(people)b, %(places)b) AS asked (person, places) ORDER BY person
ON CONFLICT (person_id) DO UPDATE
SET sequence = subject.sequence + excluded.sequence,
    recorded_at = greatest(subject.recorded_at, excluded.recorded_at)
RETURNING person_id, sequence, recorded_at, merged_into,
    coalesce((SELECT seen.sequence FROM seen WHERE seen.person_id = subject.person_id), 0), parted_at, parted_from
"""
_HISTORY: Final[LiteralString] = """
SELECT person_id, purpose, channel, id, kind, sequence, recorded_at, valid_at, notice, method, seen, voids,
    whole_day, language, batch_id
FROM consent_event
"""
_KEYS: Final[LiteralString] = "(SELECT * FROM unnest(%b, %b, %b))"
_OF_ONE: Final[LiteralString] = _HISTORY + "WHERE person_id = %s AND purpose = %s AND channel = %s ORDER BY sequence"
_OF_KEYS: Final[LiteralString] = _HISTORY + "WHERE (person_id, purpose, channel) IN " + _KEYS + " ORDER BY sequence"
_OF_PEOPLE: Final[LiteralString] = _HISTORY + "WHERE person_id = ANY(%b) ORDER BY sequence"


def lock(work: Work, places: Mapping[UUID, int]) -> dict[UUID, Locked]:
    """Lock subjects, and give each as many places in their sequence as *places* says."""
    work.session.flush()
    return ask_lock(work, places)()


def ask_lock(work: Work, places: Mapping[UUID, int]) -> Callable[[], dict[UUID, Locked]]:
    """As `lock`, within a `one_trip`; what is given back tells of it behind that. All must have been flushed before."""
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(_LOCK, {"people": uuids(places), "places": longs(places.values()), "now": work.now})
    return lambda: {row[0]: Locked(*row) for row in cursor.fetchall()}


def put_off(work: Work, instants: Mapping[UUID, datetime]) -> None:
    """Let the instants of locked subjects go on from *instants*."""
    if instants:
        driver_connection(work.session).execute(
            "UPDATE consent_subject SET recorded_at = said.at "
            "FROM unnest(%b, %b) AS said (person, at) WHERE person_id = said.person",
            (uuids(instants), arrays.instants(instants.values())),
        )


def point_to(work: Work, survivor: UUID, *, others: Sequence[UUID]) -> None:
    """Let the locks of *others*, and of all who were merged into them, lead to the survivor's."""
    driver_connection(work.session).execute(
        "UPDATE consent_subject SET merged_into = %s WHERE person_id = ANY(%s) OR merged_into = ANY(%s)",
        (survivor, list(others), list(others)),
    )


def histories(work: Work, keys: Iterable[Key]) -> dict[Key, list[KeptEvent]]:
    """Events of each of *keys*, the oldest first; to be read under the lock by whoever adds to them."""
    asked = list(dict.fromkeys(keys))
    return ask_histories(work, asked)() if asked else {}


def ask_histories(work: Work, keys: Sequence[Key]) -> Callable[[], dict[Key, list[KeptEvent]]]:
    """As `histories` of at least one key, none of them twice, within a `one_trip`; to be read behind that."""
    if len(keys) == 1:
        return _ask(work, _OF_ONE, tuple(keys[0]))
    return _ask(work, _OF_KEYS, columns((uuids, texts, texts), keys))


def histories_of(work: Work, people: Sequence[UUID]) -> dict[Key, list[KeptEvent]]:
    """All events of *people*, the oldest first."""
    return _ask(work, _OF_PEOPLE, (uuids(people),))()


def _ask(
    work: Work, statement: LiteralString, parameters: Sequence[object]
) -> Callable[[], dict[Key, list[KeptEvent]]]:
    cursor = driver_connection(work.session).cursor(binary=True)
    cursor.execute(statement, parameters)
    return lambda: _by_key(cursor.fetchall())


def _by_key(rows: Iterable[Sequence[Any]]) -> dict[Key, list[KeptEvent]]:
    found: dict[Key, list[KeptEvent]] = defaultdict(list)
    for row in rows:
        kept = _kept(row)
        found[kept.key].append(kept)
    return found


def _kept(row: Sequence[Any]) -> KeptEvent:
    person, purpose, channel, eid, kind, sequence, recorded_at, valid_at, notice, method, seen, voids, *rest = row
    event = Event(
        id=eid,
        kind=EventKind(kind),
        sequence=sequence,
        recorded_at=recorded_at,
        valid_at=valid_at,
        notice=notice,
        method=Method(method),
        seen=seen,
        voids=voids,
    )
    return KeptEvent(Key(person, purpose, channel), event, *rest)
