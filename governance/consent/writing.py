"""Writing events: under the locks of their subjects, each beside its audit entry, with the states that they lead to.

Few statements whatever the number of events: places, histories, entries, keys, events with states.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry
from governance.consent import states
from governance.consent.accepting import CONSENTS
from governance.consent.events import Recorded
from governance.consent.subjects import KeptEvent, Key, Locked, histories, lock, put_off
from governance.consent.tables import ConsentEventRow
from governance.customers.copying import Copier
from governance.customers.holders import Known, find_known
from governance.customers.records import Json
from governance.kernel.db import driver_connection
from governance.kernel.ids import BatchId, SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import CROSSING, STOPS, Event, EventKind, Fold, Method, fold
from governance.policies.purposes import Channel
from governance.vault.items import SealItem
from governance.vault.kinds import JSON
from governance.vault.runtime import vault_of

COPY_FROM: Final = 200
"""From this many events on, COPY is quicker than a statement for each."""
PARTING: Final = timedelta(seconds=5)
"""As long as it takes to undo a merge, and more: what is said until then may be meant for either of the two."""
_INSTANT: Final = timedelta(microseconds=1)

ACTIONS: Final[Mapping[EventKind, Action]] = MappingProxyType(
    {
        EventKind.REQUESTED: Action.CONSENT_REQUESTED,
        EventKind.GIVEN: Action.CONSENT_GIVEN,
        EventKind.CONFIRMED: Action.CONSENT_CONFIRMED,
        EventKind.REFUSED: Action.CONSENT_REFUSED,
        EventKind.WITHDRAWN: Action.CONSENT_WITHDRAWN,
        EventKind.OBJECTED: Action.CONSENT_OBJECTED,
        EventKind.EXPIRED: Action.CONSENT_EXPIRED,
        EventKind.RENEWED: Action.CONSENT_RENEWED,
        EventKind.INVALIDATED: Action.CONSENT_INVALIDATED,
        EventKind.PARTED: Action.CONSENT_PARTED,
    }
)
"""How each kind of event is told in the log."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event on its way into a subject's history.

    Attributes:
        person: whose it is.
        valid_at: when it was said; None for the instant of recording, unless *claimed*.
        evidence: sealed with it; empty for none.
    """

    person: Known
    kind: EventKind
    purpose: str
    channel: Channel
    method: Method
    valid_at: datetime | None = None
    claimed: bool = False
    whole_day: bool = False
    notice: int | None = None
    language: str | None = None
    seen: int | None = None
    voids: int | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)
    batch: BatchId | None = None


class _Placed(NamedTuple):
    """An event with its place; its id comes with its audit entry."""

    said: Said
    key: Key
    sequence: int
    recorded_at: datetime
    valid_at: datetime | None
    seen: int | None


def write_events(work: Work, said: Sequence[Said]) -> list[Recorded]:
    """Keep events in order, as those of one subject follow each other, and the states that they lead to.

    Args:
        work: its actor goes into every event.
        said: of any number of subjects.

    Returns:
        For each, where the consent stands after it.
    """
    if not said:
        return []
    asked = len(said)
    said, locked = _lock(work, said)
    if also := _of_the_parted(work, said, locked):
        locked |= lock(work, Counter[UUID](one.person.id for one in also))
        said = [*said, *also]
    folds = _fold_histories(work, said)
    placed = _place(work, said, locked, folds)
    entries = [_entry(one) for one in placed]
    recorded: list[Recorded] = []
    ended = {key: folded for key, (folded, _) in folds.items()}
    after: list[Fold] = []
    for one, eid in zip(placed, audit.append_many(work, entries), strict=True):
        folded = ended[one.key] = ended[one.key].then(_event(one, eid))
        after.append(folded)
        recorded.append(Recorded(eid, SubjectId(one.key.person), one.sequence, folded.state))
    rows = _rows(work, placed, recorded)
    if len(rows) < COPY_FROM:
        pairs = zip(rows, placed, after, strict=True)
        given = [(*row, *states.row_of(one.key, folded)) for row, one, folded in pairs]
        with driver_connection(work.session).cursor() as cursor:
            cursor.execute(_INSERT_ONE, given[0]) if len(given) == 1 else cursor.executemany(_INSERT_ONE, given)
    else:
        _COPIER.write(work.session, rows)
        states.write(work, ended)
    return recorded[:asked]


def _lock(work: Work, said: Sequence[Said]) -> tuple[Sequence[Said], dict[UUID, Locked]]:
    """Lock the subjects; what belongs to somebody who was merged while we waited goes to the survivor."""
    locked = lock(work, Counter[UUID](one.person.id for one in said))
    while merged := {one.person: one.merged_into for one in locked.values() if one.merged_into is not None}:
        survivors = find_known(work, [SubjectId(person) for person in merged.values()])
        said = [
            replace(one, person=survivors[SubjectId(merged[one.person.id])]) if one.person.id in merged else one
            for one in said
        ]
        moved = Counter[UUID](one.person.id for one in said if one.person in survivors.values())
        standing = {person: one for person, one in locked.items() if person not in merged}
        locked = standing | lock(work, moved)
    return said, locked


def _of_the_parted(work: Work, said: Sequence[Said], locked: Mapping[UUID, Locked]) -> list[Said]:
    """Stops for people who were parted from a survivor while somebody was about to record them: they may be meant."""
    parted = {
        one.person: SubjectId(one.parted_from)
        for one in locked.values()
        if one.parted_at is not None and one.parted_from is not None and work.now <= one.parted_at + PARTING
    }
    stops = [one for one in said if one.kind in STOPS and one.person.id in parted] if parted else []
    if not stops:
        return []
    others = find_known(work, [parted[one.person.id] for one in stops])
    found = [replace(one, person=others[parted[one.person.id]]) for one in stops if parted[one.person.id] in others]
    return [one for one in found if one.person.id not in locked]


def _fold_histories(work: Work, said: Sequence[Said]) -> dict[Key, tuple[Fold, Event | None]]:
    """For each key its history, folded, and the last stop in it."""
    keys = {_key(one) for one in said}
    kept = histories(work, keys)
    return {key: (fold(one.event for one in kept.get(key, ())), _last_stop(kept.get(key, ()))) for key in keys}


def _last_stop(events: Sequence[KeptEvent]) -> Event | None:
    return next((one.event for one in reversed(events) if one.event.kind in STOPS), None)


def _key(one: Said) -> Key:
    return Key(one.person.id, one.purpose, one.channel.value)


def _place(
    work: Work,
    said: Sequence[Said],
    locked: Mapping[UUID, Locked],
    folds: Mapping[Key, tuple[Fold, Event | None]],
) -> list[_Placed]:
    given_out: Counter[UUID] = Counter(one.person.id for one in said)
    next_place = {person: locked[person].sequence - count + 1 for person, count in given_out.items()}
    instants = {person: locked[person].recorded_at for person in given_out}
    later: dict[UUID, datetime] = {}
    placed: list[_Placed] = []
    for one in said:
        person, key = one.person.id, _key(one)
        folded, stop = folds[key]
        seen = one.seen
        if seen is None and stop is not None and one.kind in CONSENTS:
            if stop.sequence > locked[person].seen or abs(work.now - stop.recorded_at) <= CROSSING:
                seen = stop.sequence - 1
            elif one.valid_at is None and folded.stopped_at is not None and folded.stopped_at >= instants[person]:
                # The clock was put back since: the order is that of the sequence all the same.
                instants[person] = later[person] = folded.stopped_at + _INSTANT
        valid_at = None if one.claimed else one.valid_at or instants[person]
        if valid_at is not None and valid_at > instants[person]:
            # Another history had gone further, as one that is merged while somebody withdraws: this goes on after it.
            instants[person] = later[person] = valid_at
        placed.append(_Placed(one, key, next_place[person], instants[person], valid_at, seen))
        next_place[person] += 1
    put_off(work, later)
    return placed


def _entry(one: _Placed) -> NewEntry:
    said = one.said
    facts: dict[str, Fact] = {
        "channel": said.channel.value,
        "method": said.method.value,
        "purpose": said.purpose,
        "sequence": one.sequence,
    }
    if said.notice is not None:
        facts["notice"] = said.notice
    if said.batch is not None:
        facts["batch"] = said.batch
    return NewEntry(ACTIONS[said.kind], subject=said.person.ref, facts=facts)


def _event(one: _Placed, eid: UUID) -> Event:
    said = one.said
    return Event(
        id=eid,
        kind=said.kind,
        sequence=one.sequence,
        recorded_at=one.recorded_at,
        valid_at=one.valid_at,
        notice=said.notice,
        method=said.method,
        seen=one.seen,
        voids=said.voids,
    )


_COLUMNS: Final = (
    *("id", "owner_id", "person_id", "purpose", "channel", "sequence", "kind", "recorded_at", "valid_at"),
    *("whole_day", "notice", "language", "method", "seen", "voids", "batch_id", "actor_kind", "actor_id"),
    "evidence_sealed",
)
_COPIER: Final = Copier(ConsentEventRow, _COLUMNS)
_EVIDENCE: Final = ConsentEventRow.sealed_fields["evidence"].place
_INSERT_EVENT: Final[LiteralString] = """
WITH event AS (
    INSERT INTO consent_event (id, owner_id, person_id, purpose, channel, sequence, kind, recorded_at, valid_at,
        whole_day, notice, language, method, seen, voids, batch_id, actor_kind, actor_id, evidence_sealed)
    VALUES (%b, %b, %b, %s, %s, %b::int8, %s, %b, %b, %b, %b::int4, %s, %s, %b::int8, %b::int8, %b, %s, %b, %b)
)
"""
_STATE: Final[LiteralString] = "VALUES (%b, %s, %s, %b::int8, %s, %b, %b, %b, %b::int4, %b, %b, %b::int4, %b)"
_INSERT_ONE: Final[LiteralString] = _INSERT_EVENT + states.INSERT + _STATE + states.UPSERT


def _rows(work: Work, placed: Sequence[_Placed], recorded: Sequence[Recorded]) -> list[tuple[object, ...]]:
    sealed = _seal(work, placed, recorded)
    return [_row(work, one, made.id, evidence) for one, made, evidence in zip(placed, recorded, sealed, strict=True)]


def _seal(work: Work, placed: Sequence[_Placed], recorded: Sequence[Recorded]) -> list[bytes | None]:
    items = [
        SealItem(_EVIDENCE, made.id, one.said.person.owner, JSON.encode(dict(one.said.evidence)))
        for one, made in zip(placed, recorded, strict=True)
        if one.said.evidence
    ]
    sealed = iter(vault_of(work.session).seal_many(work.session, items) if items else ())
    return [next(sealed) if one.said.evidence else None for one in placed]


def _row(work: Work, one: _Placed, eid: UUID, evidence: bytes | None) -> tuple[object, ...]:
    said, actor = one.said, work.actor
    return (
        *(eid, said.person.owner, *one.key, one.sequence, said.kind.value, one.recorded_at, one.valid_at),
        *(said.whole_day, said.notice, said.language, said.method.value, one.seen, said.voids, said.batch),
        *(actor.kind.value, actor.id, evidence),
    )
