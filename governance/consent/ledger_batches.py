"""Lines of the ledger for people who are erased by hundreds: made by the server of digests, and told together.

What stands on the ledger already, or is written by somebody else at the same instant, goes the way of single lines.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, LiteralString, NamedTuple

from governance.audit import operations as audit
from governance.audit.entries import NewEntry
from governance.consent.ledger_lines import LINES_PER_ENTRY, NewLine, Wanted, all_digests, shared_entry, write_lines
from governance.customers.codes import ContactKind
from governance.kernel.arrays import byteas, ints, texts
from governance.kernel.db import driver_connection
from governance.kernel.work import Work
from governance.policies.consent_facts import Scope, SuppressionReason
from governance.policies.purposes import Channel
from governance.vault.blind import NORMALISER_VERSION

_STANDING: Final[LiteralString] = """
SELECT DISTINCT digest FROM suppression WHERE digest = ANY(%(digests)b) AND lifted_at IS NULL
"""
# Everybody takes lines in one order, so that nobody waits for somebody who waits for them.
_WRITE: Final[LiteralString] = """
WITH line AS MATERIALIZED (
    SELECT * FROM unnest(%(said)b, %(channel)b, %(scope)b, %(purpose)b, %(reason)b)
        AS line (said, channel, scope, purpose, reason)
), written AS (
    INSERT INTO suppression (id, digest, channel, scope, purpose, reason, normaliser, at)
    SELECT uuidv7(), digest, channel, scope, purpose, reason, %(normaliser)s, %(at)s
    FROM unnest(%(digest)b, %(of)b) AS contact (digest, said) JOIN line USING (said)
    ORDER BY digest, channel COLLATE "C", scope, purpose, reason
    ON CONFLICT DO NOTHING RETURNING id, channel, scope, purpose, reason
)
SELECT channel, scope, purpose, reason, array_agg(id ORDER BY id) FROM written GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


class Ending(NamedTuple):
    """A contact in normal form that nobody will hold any more, and the lines that are kept of it."""

    kind: ContactKind
    normal: bytes
    lines: tuple[NewLine, ...]


def write_batch(work: Work, endings: Iterable[Ending]) -> int:
    """Keep lines of contacts whose holders are not to be named; answers how many stand by it.

    Args:
        work: the transaction.
        endings: each contact once.
    """
    asked = list(endings)
    if not asked:
        return 0
    digests = _digests(work, asked)
    connection = driver_connection(work.session)
    work.session.flush()
    every = byteas(one for all_layers in digests for one in all_layers)
    cursor = connection.cursor(binary=True).execute(_STANDING, {"digests": every})
    standing = {digest for (digest,) in cursor.fetchall()}
    known = [one for one, of in zip(asked, digests, strict=True) if not standing.isdisjoint(of)] if standing else []
    _one_by_one(work, known)
    fresh = [(of[-1], one) for one, of in zip(asked, digests, strict=True) if standing.isdisjoint(of)]
    if fresh and not _together(work, fresh):
        _one_by_one(work, [one for _, one in fresh])
    return sum(len(one.lines) for one in asked)


def _one_by_one(work: Work, endings: Iterable[Ending]) -> None:
    write_lines(work, [Wanted(one.kind, one.normal, line, ()) for one in endings for line in one.lines], together=True)


def _digests(work: Work, asked: Sequence[Ending]) -> list[tuple[bytes, ...]]:
    """Of each, its digests in every layer; the last is the one to be kept."""
    places: dict[ContactKind, list[int]] = defaultdict(list)
    for place, one in enumerate(asked):
        places[one.kind].append(place)
    found: list[tuple[bytes, ...]] = [()] * len(asked)
    for kind, of in places.items():
        made = all_digests(work, kind, [asked[place].normal for place in of])
        for number, place in enumerate(of):
            found[place] = tuple(made[number :: len(of)])
    return found


def _together(work: Work, fresh: Sequence[tuple[bytes, Ending]]) -> bool:
    """Write lines by one statement; answers whether all were written, each of which is told of then."""
    numbers: dict[int, int] = {}
    said: list[tuple[NewLine, ...]] = []
    of: list[int] = []
    for _, one in fresh:
        number = numbers.get(id(one.lines))  # the same few tuples come again and again
        if number is None:
            number = numbers[id(one.lines)] = len(said)
            said.append(one.lines)
        of.append(number)
    given: Mapping[str, object] = {
        "said": ints(number for number, lines in enumerate(said) for _ in lines),
        "channel": texts(line.channel.value for lines in said for line in lines),
        "scope": texts(line.scope.value for lines in said for line in lines),
        "purpose": texts(line.purpose for lines in said for line in lines),
        "reason": texts(line.reason.value for lines in said for line in lines),
        "digest": byteas(digest for digest, _ in fresh),
        "of": ints(of),
        "normaliser": NORMALISER_VERSION,
        "at": work.now,
    }
    cursor = driver_connection(work.session).cursor(binary=True).execute(_WRITE, given)
    entries, count = list[NewEntry](), 0
    for channel, scope, purpose, reason, ids in cursor.fetchall():
        line = NewLine(Channel(channel), Scope(scope), SuppressionReason(reason), purpose)
        entries += [
            shared_entry(line, ids[first : first + LINES_PER_ENTRY]) for first in range(0, len(ids), LINES_PER_ENTRY)
        ]
        count += len(ids)
    audit.append_many(work, entries)
    return count == sum(len(said[number]) for number in of)
