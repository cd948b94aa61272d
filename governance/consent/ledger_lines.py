"""Lines of the suppression ledger as they are kept: by digest, each in all the layers that there are, with its entry.

A line that a consent can lift counts from the instant at which it was last said. Said again, it gives way to a line of
its own instant in the same transaction, so that what stood at any moment can still be told.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, any_, bindparam, literal, select, update
from sqlalchemy.sql.elements import CollectionAggregate

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.consent.tables import SuppressionRow
from governance.customers.codes import ContactKind
from governance.kernel.db import ArrayText, driver_connection, id_list
from governance.kernel.ids import uuid7
from governance.kernel.work import Work
from governance.policies.consent import LIFTED_BY_CONSENT
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.purposes import Channel
from governance.vault.blind import NORMALISER_VERSION
from governance.vault.runtime import vault_of

LINES_PER_ENTRY: Final = 300
"""An entry has room for so many ids."""
_ATTEMPTS: Final = 3
"""Somebody else may write the same line at the same instant; then theirs is looked at anew."""


class NewLine(NamedTuple):
    """What a line is to say, apart from the contact."""

    channel: Channel
    scope: Scope
    reason: SuppressionReason
    purpose: str | None = None


class Wanted(NamedTuple):
    """A contact in normal form, the line for it, and the random names of those who hold it."""

    kind: ContactKind
    normal: bytes
    line: NewLine
    holders: tuple[UUID, ...]


class _Digested(NamedTuple):
    """A line for a contact of which only digests are known, in every layer; the last is the one to be kept."""

    digests: tuple[bytes, ...]
    line: NewLine
    holders: tuple[UUID, ...]


def index_name(kind: ContactKind) -> str:
    """Frozen name of the digests of one kind of contact."""
    return f"suppression/{kind.value}"


def all_digests(work: Work, kind: ContactKind, normal: Sequence[bytes]) -> list[bytes]:
    """Digests under which contacts may stand on the ledger, in all layers that there are; those of a layer together."""
    ledger = vault_of(work.session).ledger
    return ledger.of(index_name(kind), normal, layers=range(1, ledger.layers + 1))


def any_of(digests: Sequence[bytes]) -> CollectionAggregate[bool]:
    """To be compared with the column of digests."""
    return any_(literal(list(digests), ARRAY(LargeBinary)))


def line_of(row: SuppressionRow) -> NewLine:
    """What a line says, apart from the contact."""
    return NewLine(Channel(row.channel), Scope(row.scope), SuppressionReason(row.reason), row.purpose)


_INSERT: Final[LiteralString] = """
INSERT INTO suppression (id, digest, channel, scope, purpose, reason, normaliser, at)
SELECT id, digest, channel, scope, purpose, reason, %(normaliser)s, %(at)s
FROM unnest(%(id)s::uuid[], %(digest)s::bytea[], %(channel)s::text[], %(scope)s::text[], %(purpose)s::text[],
    %(reason)s::text[]) AS said (id, digest, channel, scope, purpose, reason)
ON CONFLICT DO NOTHING RETURNING id
"""


def write_lines(work: Work, wanted: Iterable[Wanted], *, together: bool = False) -> None:
    """Keep lines that do not stand yet, and say anew those that a consent could have lifted since.

    Args:
        work: the transaction.
        wanted: the lines.
        together: whether lines of which nobody is to be named share entries, hundreds at a time: for batches.
    """
    lines = list(wanted)
    digested = _digests_of(work, lines)
    found: dict[tuple[bytes, NewLine], _Digested] = {}
    for one in lines:
        digests = digested[one.kind, one.normal]
        found.setdefault((digests[-1], one.line), _Digested(digests, one.line, one.holders))
    _write(work, list(found.values()), together=together)


def _digests_of(work: Work, lines: Iterable[Wanted]) -> dict[tuple[ContactKind, bytes], tuple[bytes, ...]]:
    """By contact, its digests in every layer; the last is the one to be kept."""
    asked: dict[ContactKind, dict[bytes, None]] = defaultdict(dict)
    for one in lines:
        asked[one.kind][one.normal] = None
    found: dict[tuple[ContactKind, bytes], tuple[bytes, ...]] = {}
    for kind, normals in asked.items():
        digests = all_digests(work, kind, list(normals))
        for place, normal in enumerate(normals):
            found[kind, normal] = tuple(digests[place :: len(normals)])
    return found


def write_digest(work: Work, digest: bytes, lines: Iterable[NewLine]) -> None:
    """The same for a contact that nothing is known of but a digest, in any layer, that nobody holds any more."""
    ledger = vault_of(work.session).ledger
    digests = tuple(ledger.wrap(digest, layers=layer) for layer in range(digest[0], ledger.layers + 1))
    _write(work, [_Digested(digests, line, ()) for line in lines], together=False)


def line_entry(action: Action, line_id: UUID, line: NewLine, holders: Sequence[UUID]) -> NewEntry:
    """The entry of a line."""
    facts: dict[str, Fact] = {
        "channel": line.channel.value,
        "holders": list(holders),
        "purpose": line.purpose,
        "reason": line.reason.value,
        "scope": line.scope.value,
    }
    return NewEntry(action, object=ObjectRef("suppression", line_id), facts=facts)


def shared_entry(line: NewLine, ids: Sequence[UUID]) -> NewEntry:
    """The entry of lines that say the same of contacts which nobody holds any more."""
    facts: dict[str, Fact] = {
        "channel": line.channel.value,
        "lines": ids,
        "purpose": line.purpose,
        "reason": line.reason.value,
        "scope": line.scope.value,
    }
    return NewEntry(Action.CONTACT_SUPPRESSED, facts=facts)


def _write(work: Work, wanted: Sequence[_Digested], *, together: bool) -> None:
    # Everybody takes lines in one order, so that nobody waits for somebody who waits for them.
    order = {line: tuple(str(part) for part in line) for line in {one.line for one in wanted}}
    left = sorted(wanted, key=lambda one: (one.digests[-1], order[one.line]))
    for _ in range(_ATTEMPTS):
        left = _insert(work, _make_way(work, left), together=together)
        if not left:
            return


def _make_way(work: Work, wanted: Sequence[_Digested]) -> list[_Digested]:
    """Those of the lines that are to be written; older ones that say the same are ended at this instant."""
    standing = _standing(work, wanted)
    fresh: list[_Digested] = []
    ended: list[UUID] = []
    for one in wanted:
        same = [standing[key] for each in one.digests if (key := (each, one.line)) in standing]
        if not same:
            fresh.append(one)
        elif one.line.reason in LIFTED_BY_CONSENT and all(row.at < work.now for row in same):
            fresh.append(one)
            ended += [row.id for row in same]
    if ended:
        rows = update(SuppressionRow).where(SuppressionRow.id.in_(ended), SuppressionRow.lifted_at.is_(None))
        work.session.execute(rows.values(lifted_at=work.now))
    return fresh


def _standing(work: Work, wanted: Iterable[_Digested]) -> dict[tuple[bytes, NewLine], SuppressionRow]:
    """Lines that stand, locked where they may have to give way."""
    digests = list(dict.fromkeys(each for one in wanted for each in one.digests))
    row = SuppressionRow
    among = any_(bindparam(None, _bytes_list(digests), type_=ArrayText("BYTEA"), unique=True))
    query = select(row).where(row.digest == among, row.lifted_at.is_(None)).order_by(row.digest, row.id)
    rows = work.session.scalars(query.with_for_update().execution_options(populate_existing=True)) if digests else ()
    return {(one.digest, line_of(one)): one for one in rows}


def _insert(work: Work, lines: Sequence[_Digested], *, together: bool) -> list[_Digested]:
    """Write lines, each with an entry; answers those that somebody else has written meanwhile."""
    if not lines:
        return []
    ids = [uuid7() for _ in lines]
    said = [one.line for one in lines]
    given = {
        "id": id_list(ids),
        "digest": _bytes_list([one.digests[-1] for one in lines]),
        "channel": _codes([one.channel.value for one in said]),
        "scope": _codes([one.scope.value for one in said]),
        "purpose": _codes([one.purpose for one in said]),
        "reason": _codes([one.reason.value for one in said]),
        "normaliser": NORMALISER_VERSION,
        "at": work.now,
    }
    work.session.flush()
    kept = {line_id for (line_id,) in driver_connection(work.session).execute(_INSERT, given).fetchall()}
    told = list(zip(ids, lines, strict=True))
    written = [(line_id, one) for line_id, one in told if line_id in kept]
    audit.append_many(work, _shared_entries(written) if together else _entries(written))
    return [one for line_id, one in told if line_id not in kept]


def _bytes_list(values: Iterable[bytes]) -> str:
    """As `id_list`, of bytes."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def _codes(values: Iterable[str | None]) -> str:
    """As `id_list`, of codes, in which there is nothing to be quoted."""
    return "{" + ",".join([value or "NULL" for value in values]) + "}"


def _entries(written: Iterable[tuple[UUID, _Digested]]) -> list[NewEntry]:
    return [line_entry(Action.CONTACT_SUPPRESSED, line_id, one.line, one.holders) for line_id, one in written]


def _shared_entries(written: Sequence[tuple[UUID, _Digested]]) -> list[NewEntry]:
    """Lines that say the same of contacts which nobody holds any more, in one entry as far as there is room."""
    alike: dict[NewLine, list[UUID]] = defaultdict(list)
    for line_id, one in written:
        if not one.holders:
            alike[one.line].append(line_id)
    entries = _entries((line_id, one) for line_id, one in written if one.holders)
    for line, ids in alike.items():
        for first in range(0, len(ids), LINES_PER_ENTRY):
            entries.append(shared_entry(line, ids[first : first + LINES_PER_ENTRY]))
    return entries
