"""Rows of events, beside the states that they lead to: one statement for a few, COPY for many."""

from collections.abc import Mapping, Sequence
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from governance.consent import states
from governance.consent.said import Placed
from governance.consent.subjects import Key
from governance.consent.tables import ConsentEventRow
from governance.customers.copying import Copier
from governance.kernel.arrays import bools, byteas, columns, instants, ints, longs, texts, uuids
from governance.kernel.db import driver_connection
from governance.kernel.work import Work
from governance.policies.consent_state import Fold
from governance.vault.items import SealItem
from governance.vault.kinds import JSON
from governance.vault.runtime import vault_of

COPY_FROM: Final = 200
"""From this many events on, COPY is quicker than a statement with arrays."""

_COLUMNS: Final = (
    *("id", "owner_id", "person_id", "purpose", "channel", "sequence", "kind", "recorded_at", "valid_at"),
    *("whole_day", "notice", "language", "method", "seen", "voids", "batch_id", "actor_kind", "actor_id"),
    "evidence_sealed",
)
_ARRAYS: Final = (
    *(uuids, uuids, uuids, texts, texts, longs, texts, instants, instants),
    *(bools, ints, texts, texts, longs, longs, uuids, texts, uuids, byteas),
)
_COPIER: Final = Copier(ConsentEventRow, _COLUMNS)
_EVIDENCE: Final = ConsentEventRow.sealed_fields["evidence"].place
_INSERT: Final[LiteralString] = """
WITH event AS (
    INSERT INTO consent_event (id, owner_id, person_id, purpose, channel, sequence, kind, recorded_at, valid_at,
        whole_day, notice, language, method, seen, voids, batch_id, actor_kind, actor_id, evidence_sealed)
"""
# Spares the server the reading of arrays.
_ONE: Final[LiteralString] = """
    VALUES (%b, %b, %b, %s, %s, %b::int8, %s, %b, %b, %b, %b::int4, %s, %s, %b::int8, %b::int8, %b, %s, %b, %b)
)
"""
_FEW: Final[LiteralString] = """
    SELECT * FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)
)
"""
_STATE: Final[LiteralString] = "VALUES (%b, %s, %s, %b::int8, %s, %b, %b, %b, %b::int4, %b, %b, %b::int4, %b)"
_INSERT_ONE: Final[LiteralString] = _INSERT + _ONE + states.INSERT + _STATE + states.UPSERT
_INSERT_FEW: Final[LiteralString] = _INSERT + _FEW + states.INSERT + states.MANY + states.UPSERT


class Kept(NamedTuple):
    """An event that has its audit entry, whose id is its own."""

    eid: UUID
    placed: Placed


def hold_keys(work: Work, placed: Sequence[Placed]) -> None:
    """Have the keys at hand by which `keep` seals evidence."""
    slots = [(one.said.person.owner, _EVIDENCE.compartment.value) for one in placed if one.said.evidence]
    if slots:
        vault_of(work.session).owners.for_sealing(work.session, slots)


def keep(work: Work, events: Sequence[Kept], ended: Mapping[Key, Fold]) -> None:
    """Keep *events*, and the states that their histories end in.

    May be called within a `one_trip` where `hold_keys` was called before and there are fewer than `COPY_FROM`.
    """
    rows = [_row(work, one, evidence) for one, evidence in zip(events, _seal(work, events), strict=True)]
    if len(rows) >= COPY_FROM:
        _COPIER.write(work.session, rows)
        states.write(work, ended)
        return
    connection = driver_connection(work.session)
    if len(rows) == 1:
        (state,) = (states.row_of(key, folded) for key, folded in ended.items())
        connection.execute(_INSERT_ONE, (*rows[0], *state))
    else:
        connection.execute(_INSERT_FEW, [*columns(_ARRAYS, rows), *states.columns_of(ended)])


def _seal(work: Work, events: Sequence[Kept]) -> list[bytes | None]:
    items = [
        SealItem(_EVIDENCE, one.eid, one.placed.said.person.owner, JSON.encode(dict(one.placed.said.evidence)))
        for one in events
        if one.placed.said.evidence
    ]
    sealed = iter(vault_of(work.session).seal_many(work.session, items) if items else ())
    return [next(sealed) if one.placed.said.evidence else None for one in events]


def _row(work: Work, kept: Kept, evidence: bytes | None) -> tuple[object, ...]:
    one, actor = kept.placed, work.actor
    said = one.said
    return (
        *(kept.eid, said.person.owner, *one.key, one.sequence, said.kind.value, one.recorded_at, one.valid_at),
        *(said.whole_day, said.notice, said.language, said.method.value, one.seen, said.voids, said.batch),
        *(actor.kind.value, actor.id, evidence),
    )
