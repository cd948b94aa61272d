"""Giving entries their place in the tree: a loop in the worker, safe to run many times over and to kill at any step.

One transaction locks the head of the tree, moves pending entries to leaves in the order of (at, eid), fills tiles and
advances the head. A second sequencer finds the head locked and has nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, LiteralString

from psycopg import Connection, IntegrityError
from psycopg.rows import tuple_row

from governance.audit import merkle
from governance.audit.errors import AuditBrokenError
from governance.audit.outside import Outside, Watch
from governance.audit.trees import Tree, current_tree
from governance.kernel.clock import Clock
from governance.kernel.db import Database, driver_connection
from governance.kernel.errors import Sentence
from governance.kernel.logs import get_logger
from governance.kernel.records import frozen
from governance.kernel.work import SYSTEM, Work, open_work

BATCH: Final = 65_536
"""Entries placed in one transaction: 256 tiles."""

log = get_logger(__name__)

Stage = Callable[[str], None]
"""Told which step has just been taken: `locked`, `placed`, `tiled`, `advanced`, then `committed`."""

_WAITING: Final[LiteralString] = "SELECT EXISTS (SELECT FROM audit_pending)"
# 65,536 entries are sorted twice; with the usual 4 MB they would be sorted on disk.
_MEMORY: Final[LiteralString] = "SELECT set_config('work_mem', '64MB', true)"
_LOCK: Final[LiteralString] = "SELECT tree_id FROM audit_head WHERE tree_id = %s FOR UPDATE SKIP LOCKED"
_PLACE: Final[LiteralString] = """
WITH gone AS (
    DELETE FROM audit_pending
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM audit_pending ORDER BY at, eid LIMIT %(limit)s))
    RETURNING at, eid, leaf_hash
), placed AS (
    INSERT INTO audit_leaf (tree_id, seq, eid, leaf_hash)
    SELECT %(tree)s, %(size)s + row_number() OVER (ORDER BY at, eid) - 1, eid, leaf_hash FROM gone
    RETURNING seq, leaf_hash
)
SELECT string_agg(leaf_hash, ''::bytea ORDER BY seq) FROM placed
"""
_TILES: Final[LiteralString] = """
INSERT INTO audit_tile (tree_id, level, index, hashes)
SELECT %s, level, index, hashes FROM unnest(%b::smallint[], %b::bigint[], %b::bytea[]) AS t (level, index, hashes)
"""
_ADVANCE: Final[LiteralString] = "UPDATE audit_head SET size = %s, root = %b, edge = %b WHERE tree_id = %s"


@frozen
class Sequenced:
    """What one step did.

    Attributes:
        placed: entries that got their place.
        size: leaves of the tree afterwards; None where nothing was to be done.
    """

    placed: int
    size: int | None


def sequence(work: Work, *, limit: int = BATCH, stage: Stage | None = None) -> Sequenced:
    """Give up to *limit* pending entries their place; nothing where another sequencer is at it.

    Raises:
        AuditBrokenError: where the head of the tree is damaged or leaves lie beyond it.
    """
    tell = stage or (lambda _step: None)
    connection = driver_connection(work.session)
    waiting = connection.execute(_WAITING).fetchone()  # five times a second, mostly in vain: so before all else
    tree = lock_tree(work) if waiting == (True,) else None
    if tree is None:
        return Sequenced(0, None)
    edge = tree.read_edge()
    tell("locked")
    connection.execute(_MEMORY)
    parameters = {"limit": limit, "tree": tree.tree_id, "size": tree.size}
    try:
        placed = connection.cursor(binary=True, row_factory=tuple_row).execute(_PLACE, parameters).fetchone()
    except IntegrityError:
        raise AuditBrokenError(
            Sentence(
                "Somebody wrote leaves or pending entries of the log by hand, and they contradict each other; nothing "
                "gets a place until they are moved aside. Find out who it was, then run: governance audit quarantine"
            )
        ) from None
    if placed is None or placed[0] is None:
        return Sequenced(0, None)
    tell("placed")
    hashes: bytes = placed[0]
    _grow(connection, tree.tree_id, edge, hashes, tell)
    return Sequenced(len(hashes) // merkle.HASH_BYTES, edge.size)


def lock_tree(work: Work) -> Tree | None:
    """Lock the head of the tree that grows now; None where somebody else holds it or opens a new one."""
    tree = current_tree(work.session)
    locked = driver_connection(work.session).execute(_LOCK, (tree.tree_id,)).fetchone()
    if locked is None:
        return None
    current = current_tree(work.session)  # as it is under the lock
    return current if current.tree_id == tree.tree_id else None


def _grow(
    connection: Connection[tuple[object, ...]], tree_id: int, edge: merkle.Edge, hashes: bytes, tell: Stage
) -> None:
    if len(hashes) % merkle.HASH_BYTES:
        raise AuditBrokenError(Sentence("A pending entry has no proper hash."))
    tiles = edge.append(hashes)
    if tiles:
        columns = ([tile.level for tile in tiles], [tile.index for tile in tiles], [tile.hashes for tile in tiles])
        connection.execute(_TILES, (tree_id, *columns))
    tell("tiled")
    connection.execute(_ADVANCE, (edge.size, edge.root(), edge.to_bytes(), tree_id))
    tell("advanced")


def drain(
    database: Database,
    *,
    outside: Outside | None = None,
    limit: int = BATCH,
    clock: Clock | None = None,
    stage: Stage | None = None,
) -> Sequenced:
    """Place all that is pending, a transaction per *limit* entries; answers how many in all.

    Where *outside* is given, an alarm stands in it from the first refusal until entries get their places again.

    Raises:
        AuditBrokenError: where the head of the tree is damaged, or rows that were written by hand contradict it.
    """
    placed, size = 0, None
    while True:
        with open_work(database, SYSTEM, clock=clock) as work:
            try:
                step = sequence(work, limit=limit, stage=stage)
            except AuditBrokenError as error:
                if outside is not None:
                    outside.raise_alarm(error.slug, error.detail, at=work.now, by=Watch.SEQUENCER)
                    log.error("audit.alarm", reason=error.slug)  # noqa: TRY400 (the reason is enough; doctor shows all)
                raise
        if outside is not None and step.placed:
            outside.clear_alarm(by=Watch.SEQUENCER)
        if stage is not None:
            stage("committed")
        placed, size = placed + step.placed, step.size if step.placed else size
        if step.placed < limit:
            return Sequenced(placed, size)
