"""Writing events: under the locks of their subjects, each beside its audit entry, with the states that they lead to.

Two ways to the server and back, whatever the number of events: locks, histories and keys are asked for together, and
entries, events and states are written together.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from governance.audit import appending
from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry
from governance.consent.accepting import CONSENTS
from governance.consent.events import Recorded
from governance.consent.keeping import COPY_FROM, Kept, hold_keys, keep
from governance.consent.said import Placed, Said
from governance.consent.subjects import KeptEvent, Key, Locked, ask_histories, ask_lock, histories, lock, put_off
from governance.customers.holders import find_known
from governance.kernel.db import one_trip
from governance.kernel.ids import SubjectId
from governance.kernel.work import Work
from governance.policies.consent_state import CROSSING, STOPS, Event, EventKind, Fold, fold
from governance.vault.runtime import vault_of

COPIED: Final = min(COPY_FROM, appending.COPY_FROM)
"""From this many events on, COPY takes a part, which goes its way alone."""
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
    said, locked, kept = _lock(work, said)
    if also := _of_the_parted(work, said, locked):
        locked |= lock(work, Counter[UUID](one.person.id for one in also))
        said = [*said, *also]
        kept = histories(work, map(_key, said))
    folds = {key: (fold(one.event for one in kept.get(key, ())), _last_stop(kept.get(key, ()))) for key in _keys(said)}
    placed = _place(work, said, locked, folds)
    entries = [_entry(one) for one in placed]
    recorded: list[Recorded] = []
    ended = {key: folded for key, (folded, _) in folds.items()}
    hold_keys(work, placed)
    with nullcontext() if len(placed) >= COPIED else one_trip(work.session):
        eids = audit.append_many(work, entries)
        for one, eid in zip(placed, eids, strict=True):
            folded = ended[one.key] = ended[one.key].then(_event(one, eid))
            recorded.append(Recorded(eid, SubjectId(one.key.person), one.sequence, folded.state))
        keep(work, [Kept(eid, one) for one, eid in zip(placed, eids, strict=True)], ended)
    return recorded[:asked]


def _lock(
    work: Work, said: Sequence[Said]
) -> tuple[Sequence[Said], dict[UUID, Locked], Mapping[Key, Sequence[KeptEvent]]]:
    """Lock the subjects and read what their keys hold so far; fetch what their evidence is sealed by.

    What belongs to somebody who was merged while we waited goes to the survivor.
    """
    work.session.flush()
    sealing = {one.person.owner for one in said if one.evidence}
    with one_trip(work.session):
        locking = ask_lock(work, Counter[UUID](one.person.id for one in said))
        reading = ask_histories(work, _keys(said))
        take_keys = vault_of(work.session).owners.ask_for_sealing(work.session, sealing)
    locked = locking()
    if all(one.merged_into is None for one in locked.values()):
        take_keys()
        return said, locked, reading()
    while merged := {one.person: one.merged_into for one in locked.values() if one.merged_into is not None}:
        survivors = find_known(work, [SubjectId(person) for person in merged.values()])
        said = [
            replace(one, person=survivors[SubjectId(merged[one.person.id])]) if one.person.id in merged else one
            for one in said
        ]
        moved = Counter[UUID](one.person.id for one in said if one.person in survivors.values())
        standing = {person: one for person, one in locked.items() if person not in merged}
        locked = standing | lock(work, moved)
    return said, locked, histories(work, _keys(said))


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


def _last_stop(events: Sequence[KeptEvent]) -> Event | None:
    return next((one.event for one in reversed(events) if one.event.kind in STOPS), None)


def _keys(said: Iterable[Said]) -> list[Key]:
    return list(dict.fromkeys(map(_key, said)))


def _key(one: Said) -> Key:
    return Key(one.person.id, one.purpose, one.channel.value)


def _place(
    work: Work,
    said: Sequence[Said],
    locked: Mapping[UUID, Locked],
    folds: Mapping[Key, tuple[Fold, Event | None]],
) -> list[Placed]:
    given_out: Counter[UUID] = Counter(one.person.id for one in said)
    next_place = {person: locked[person].sequence - count + 1 for person, count in given_out.items()}
    instants = {person: locked[person].recorded_at for person in given_out}
    later: dict[UUID, datetime] = {}
    placed: list[Placed] = []
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
        placed.append(Placed(one, key, next_place[person], instants[person], valid_at, seen))
        next_place[person] += 1
    put_off(work, later)
    return placed


def _entry(one: Placed) -> NewEntry:
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


def _event(one: Placed, eid: UUID) -> Event:
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
