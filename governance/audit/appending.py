"""Appending: an entry goes in with the change that it tells of, in the same transaction, at the price of one statement.

Nothing is locked but the rows that are written; the place in the tree comes later, from `sequencer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, LiteralString

from psycopg import Connection

from governance.audit.actions import Action, Outcome
from governance.audit.entries import EncodedEntry, Fact, NewEntry, ObjectRef, Told, encode
from governance.audit.tables import DetailRow
from governance.kernel.arrays import Array, byteas, texts, uuids
from governance.kernel.copying import copy_rows
from governance.kernel.db import driver_connection
from governance.kernel.ids import EntryId, OwnerId, SubjectRef, uuid7
from governance.kernel.work import Work
from governance.vault.items import SealItem
from governance.vault.runtime import vault_of

COPY_FROM: Final = 200
"""From this many entries on, COPY is quicker than a statement with arrays."""

_INSERT_ONE: Final[LiteralString] = """
WITH entry AS (
    INSERT INTO audit_entry (eid, class, at, leaf_hash) VALUES (%(eid)b, %(class)s, %(at)b, %(leaf_hash)b)
), pending AS (
    INSERT INTO audit_pending (at, eid, leaf_hash) VALUES (%(at)b, %(eid)b, %(leaf_hash)b)
)
INSERT INTO audit_body
    (class, at, eid, bytes, action, actor_kind, actor_id, subject_ref, object_kind, object_id, outcome)
VALUES (%(class)s, %(at)b, %(eid)b, %(bytes)b, %(action)s, %(actor_kind)s, %(actor_id)s, %(subject)s, %(object_kind)s,
    %(object_id)s, %(outcome)s)
"""
_INSERT_MANY: Final[LiteralString] = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(
        %(eid)b, %(class)b, %(leaf_hash)b, %(bytes)b, %(action)b, %(subject)b, %(object_kind)b, %(object_id)b,
        %(outcome)b
    ) AS g (eid, class, leaf_hash, bytes, action, subject_ref, object_kind, object_id, outcome)
), entry AS (
    INSERT INTO audit_entry (eid, class, at, leaf_hash) SELECT eid, class, %(at)b, leaf_hash FROM given
), pending AS (
    INSERT INTO audit_pending (at, eid, leaf_hash) SELECT %(at)b, eid, leaf_hash FROM given
)
INSERT INTO audit_body
    (class, at, eid, bytes, action, actor_kind, actor_id, subject_ref, object_kind, object_id, outcome)
SELECT class, %(at)b, eid, bytes, action, %(actor_kind)s, %(actor_id)s::uuid, subject_ref, object_kind, object_id,
    outcome
FROM given
"""
_ARRAYS: Final[Mapping[str, Callable[[Iterable[Any]], Array]]] = MappingProxyType(
    {
        "eid": uuids,
        "class": texts,
        "leaf_hash": byteas,
        "bytes": byteas,
        "action": texts,
        "subject": uuids,
        "object_kind": texts,
        "object_id": uuids,
        "outcome": texts,
    }
)
_COPY_ENTRY: Final[LiteralString] = "COPY audit_entry (eid, class, at, leaf_hash) FROM STDIN (FORMAT BINARY)"
_COPY_PENDING: Final[LiteralString] = "COPY audit_pending (at, eid, leaf_hash) FROM STDIN (FORMAT BINARY)"
_COPY_BODY: Final[LiteralString] = (
    "COPY audit_body (class, at, eid, bytes, action, actor_kind, actor_id, subject_ref, object_kind, object_id, "
    "outcome) FROM STDIN (FORMAT BINARY)"
)


def append(
    work: Work,
    action: Action,
    *,
    subject: SubjectRef | None = None,
    object: ObjectRef | None = None,  # noqa: A002 (the field's own name for what was acted on)
    facts: Mapping[str, Fact] | None = None,
    personal: Mapping[str, str] | None = None,
    owner: OwnerId | None = None,
    outcome: Outcome = Outcome.DONE,
) -> EntryId:
    """Tell of one act, in the transaction of *work*: it is in the log if and only if that commits.

    Args:
        work: actor and instant of the entry are those of the work.
        action: the act.
        subject: random reference of the person concerned.
        object: what was acted on, where that is not the subject.
        facts: closed codes, instants, counts, random references.
        personal: free text and other personal details; sealed beside the entry, which holds only keyed digests.
        owner: key owner of the details.
        outcome: how the act ended.

    Raises:
        EntryError: where this cannot be told in an entry.
        ShreddedError: where the keys of *owner* were destroyed.
    """
    new = NewEntry(action, subject, object, facts or {}, personal or {}, owner, outcome)
    return append_many(work, [new])[0]


def append_many(work: Work, entries: Sequence[NewEntry]) -> list[EntryId]:
    """Tell of many acts at once, in order; raises as `append` does."""
    told_before: Told | None = {} if len(entries) >= COPY_FROM else None
    encoded = [encode(new, actor=work.actor, at=work.now, told_before=told_before) for new in entries]
    if encoded:
        connection = driver_connection(work.session)
        if len(encoded) < COPY_FROM:
            _insert(connection, work, encoded)
        else:
            _copy(work, encoded)
        _seal_details(connection, work, encoded)
    return [entry.eid for entry in encoded]


def _insert(connection: Connection[tuple[object, ...]], work: Work, encoded: Sequence[EncodedEntry]) -> None:
    shared = {"at": work.now, "actor_kind": work.actor.kind.value, "actor_id": work.actor.id}
    rows = [_columns(entry) for entry in encoded]
    if len(rows) == 1:  # spares the server the reading of arrays: a third of the cost of the usual case
        connection.execute(_INSERT_ONE, {**shared, **rows[0]})
    else:
        many = {name: make([row[name] for row in rows]) for name, make in _ARRAYS.items()}
        connection.execute(_INSERT_MANY, {**shared, **many})


def _columns(entry: EncodedEntry) -> dict[str, object]:
    new, about = entry.new, entry.new.object
    return {
        "eid": entry.eid,
        "class": new.action.action_class.value,
        "leaf_hash": entry.leaf_hash,
        "bytes": entry.leaf,
        "action": new.action.value,
        "subject": new.subject,
        "object_kind": about and about.kind,
        "object_id": about and about.id,
        "outcome": new.outcome.value,
    }


def _copy(work: Work, encoded: Sequence[EncodedEntry]) -> None:
    at, kind, actor = work.now, work.actor.kind.value, work.actor.id
    entry_types = ["uuid", "varchar", "timestamptz", "bytea"]
    rows: list[tuple[object, ...]] = [
        (entry.eid, entry.new.action.action_class.value, at, entry.leaf_hash) for entry in encoded
    ]
    copy_rows(work.session, _COPY_ENTRY, entry_types, rows)
    rows = [(at, entry.eid, entry.leaf_hash) for entry in encoded]
    copy_rows(work.session, _COPY_PENDING, ["timestamptz", "uuid", "bytea"], rows)
    rows = []
    for entry in encoded:
        new, about = entry.new, entry.new.object
        told = (new.action.action_class.value, at, entry.eid, entry.leaf, new.action.value, kind, actor)
        rows.append((*told, new.subject, about and about.kind, about and about.id, new.outcome.value))
    body_types = ["varchar", "timestamptz", "uuid", "bytea", "varchar", "varchar", "uuid", "uuid", "varchar"]
    copy_rows(work.session, _COPY_BODY, [*body_types, "uuid", "varchar"], rows)


def _seal_details(connection: Connection[tuple[object, ...]], work: Work, encoded: Sequence[EncodedEntry]) -> None:
    """Seal personal details under their owners' `audit` keys, beside the entries that hold their digests."""
    place = DetailRow.sealed_fields["content"].place
    rows = [
        (uuid7(), entry.eid, detail.name, entry.new.owner, detail.content)
        for entry in encoded
        if entry.new.owner is not None
        for detail in entry.details
    ]
    if not rows:
        return
    items = [SealItem(place, row_id, owner, content) for row_id, _, _, owner, content in rows]
    sealed = vault_of(work.session).seal_many(work.session, items)
    connection.execute(
        "INSERT INTO audit_detail (id, eid, name, owner_id, content_sealed) "
        "SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::uuid[], %b::bytea[])",
        (*[[row[column] for row in rows] for column in range(4)], sealed),
    )
