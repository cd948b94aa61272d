"""Lines of the suppression ledger as they are kept: by digest, each in all the layers that there are, with its entry.

A line that a consent can lift counts from the instant at which it was last said. Said again, it gives way to a line of
its own instant in the same transaction, so that what stood at any moment can still be told.
"""

from collections.abc import Iterable, Sequence
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, any_, literal, select, update
from sqlalchemy.sql.elements import CollectionAggregate

from governance.audit import operations as audit
from governance.audit.actions import Action
from governance.audit.entries import Fact, NewEntry, ObjectRef
from governance.consent.tables import SuppressionRow
from governance.customers.codes import ContactKind
from governance.kernel.db import driver_connection
from governance.kernel.ids import uuid7
from governance.kernel.work import Work
from governance.policies.consent import LIFTED_BY_CONSENT
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.purposes import Channel
from governance.vault.blind import NORMALISER_VERSION
from governance.vault.runtime import vault_of

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


def write_lines(work: Work, wanted: Iterable[Wanted]) -> None:
    """Keep lines that do not stand yet, and say anew those that a consent could have lifted since."""
    found: dict[tuple[bytes, NewLine], _Digested] = {}
    for one in wanted:
        digests = tuple(all_digests(work, one.kind, [one.normal]))
        found.setdefault((digests[-1], one.line), _Digested(digests, one.line, one.holders))
    _write(work, list(found.values()))


def write_digest(work: Work, digest: bytes, lines: Iterable[NewLine]) -> None:
    """The same for a contact that nothing is known of but a digest, in any layer, that nobody holds any more."""
    ledger = vault_of(work.session).ledger
    digests = tuple(ledger.wrap(digest, layers=layer) for layer in range(digest[0], ledger.layers + 1))
    _write(work, [_Digested(digests, line, ()) for line in lines])


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


def _write(work: Work, wanted: Sequence[_Digested]) -> None:
    # Everybody takes lines in one order, so that nobody waits for somebody who waits for him.
    left = sorted(wanted, key=lambda one: (one.digests[-1], *(str(part) for part in one.line)))
    for _ in range(_ATTEMPTS):
        left = _insert(work, _make_way(work, left))
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
    digests = [each for one in wanted for each in one.digests]
    row = SuppressionRow
    query = select(row).where(row.digest == any_of(digests), row.lifted_at.is_(None)).order_by(row.digest, row.id)
    rows = work.session.scalars(query.with_for_update().execution_options(populate_existing=True)) if digests else ()
    return {(one.digest, line_of(one)): one for one in rows}


def _insert(work: Work, lines: Sequence[_Digested]) -> list[_Digested]:
    """Write lines, each with an entry; answers those that somebody else has written meanwhile."""
    if not lines:
        return []
    ids = [uuid7() for _ in lines]
    said = [one.line for one in lines]
    given = {
        "id": ids,
        "digest": [one.digests[-1] for one in lines],
        "channel": [one.channel.value for one in said],
        "scope": [one.scope.value for one in said],
        "purpose": [one.purpose for one in said],
        "reason": [one.reason.value for one in said],
        "normaliser": NORMALISER_VERSION,
        "at": work.now,
    }
    work.session.flush()
    kept = {line_id for (line_id,) in driver_connection(work.session).execute(_INSERT, given).fetchall()}
    told = list(zip(ids, lines, strict=True))
    audit.append_many(
        work,
        [
            line_entry(Action.CONTACT_SUPPRESSED, line_id, one.line, one.holders)
            for line_id, one in told
            if line_id in kept
        ],
    )
    return [one for line_id, one in told if line_id not in kept]
