"""A further layer around the suppression ledger: every line is wrapped in a new key, since nothing plain is left of it.

Checks ask for as many layers as there are in the ledger at the very moment, so no process need wait for another.
Whoever is killed leaves lines of fewer layers behind, and the next call goes on with them.
"""

from typing import Final

from sqlalchemy import ARRAY, LargeBinary, Select, any_, literal, select

from governance.audit.actions import Action
from governance.audit.appending import append
from governance.consent.tables import SuppressionRow
from governance.custody.rotation import Duties
from governance.kernel.db import Database
from governance.kernel.errors import ConflictError
from governance.kernel.logs import get_logger
from governance.kernel.work import Actor, open_work
from governance.vault.keyring import KeyProvider
from governance.vault.ledger import HIGHEST_LAYER, LedgerDigests

BATCH: Final = 2000

log = get_logger(__name__)


def wrap_ledger(database: Database, keys: KeyProvider, actor: Actor, *, duties: Duties) -> int:
    """Wrap the ledger in a further layer, or go on where that was begun; answers how many layers it has now.

    Args:
        database: of the service's role.
        keys: where the key of the layer is made, unless it was made before.
        actor: who asked for it.
        duties: what happens along with a change of the keyring.

    Raises:
        ConflictError: where there are as many layers as there can be.
    """
    ledger = LedgerDigests(keys)
    if not _is_begun(database, ledger.layers):
        if ledger.layers >= HIGHEST_LAYER:
            raise ConflictError("The suppression ledger has as many layers as it can have.")
        with open_work(database, actor) as work:
            made = keys.add_ledger_root(now=work.now)
            append(work, Action.LEDGER_WRAPPED, facts={"layers": made.layer, "state": "begun"})
            duties.ring_changed(work)
    wrapped = 0
    while done := _wrap_some(database, ledger, actor):
        wrapped += done
    with open_work(database, actor) as work:
        append(work, Action.LEDGER_WRAPPED, facts={"layers": ledger.layers, "lines": wrapped, "state": "done"})
    log.info("consent.ledger_wrapped", layers=ledger.layers, lines=wrapped)
    return ledger.layers


def _is_begun(database: Database, layers: int) -> bool:
    with database.sessions() as session:
        return session.scalars(_older(layers).limit(1)).first() is not None


def _older(layers: int) -> Select[SuppressionRow]:
    """Lines of fewer layers, in the order of the index."""
    return select(SuppressionRow).where(SuppressionRow.digest < bytes((layers,))).order_by(SuppressionRow.digest)


def _wrap_some(database: Database, ledger: LedgerDigests, actor: Actor) -> int:
    """Wrap some lines; answers how many were left to be.

    Where a process that did not know all layers yet has written a line that stands in all of them already, the later of
    the two stays: a consent between them lifts neither.
    """
    with open_work(database, actor) as work:
        rows = work.session.scalars(_older(ledger.layers).limit(BATCH).with_for_update()).all()
        wrapped = {row.id: ledger.wrap(row.digest, layers=ledger.layers) for row in rows}
        there = select(SuppressionRow).where(
            SuppressionRow.digest == any_(literal(list(wrapped.values()), ARRAY(LargeBinary))),
            SuppressionRow.lifted_at.is_(None),
        )
        standing = {_line(row.digest, row): row for row in work.session.scalars(there.with_for_update())}
        for row in rows:
            if row.lifted_at is None:
                line = _line(wrapped[row.id], row)
                other = standing.get(line)
                if other is None or other.at <= row.at:
                    standing[line] = row
                if other is not None:
                    min(other, row, key=lambda one: one.at).lifted_at = work.now
        work.session.flush()  # what is ended makes way before another gets its digest
        for row in rows:
            row.digest = wrapped[row.id]
        return len(rows)


def _line(digest: bytes, row: SuppressionRow) -> tuple[object, ...]:
    return (digest, row.channel, row.scope, row.purpose, row.reason)
