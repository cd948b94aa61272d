"""Bringing a restored database up to what has happened to keys since: younger keys, ended epochs, tombstones."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

import psycopg
from sqlalchemy.orm import Session

from governance.custody.shredding import destroy
from governance.custody.tombstones import Tombstone
from governance.kernel.clock import Clock
from governance.kernel.db import Database, psycopg_url
from governance.kernel.ids import OwnerId
from governance.kernel.work import Actor, open_work
from governance.vault import epochs
from governance.vault.keyring import KeyProvider
from governance.vault.register import add_epoch

BATCH: Final = 500

_STAGE: Final[LiteralString] = """
CREATE TEMP TABLE restored_key (
    owner_id uuid, owner_shredded_at timestamptz, compartment text, generation integer, epoch integer, wrapped bytea,
    created_at timestamptz, shredded_at timestamptz
) ON COMMIT DROP
"""
# A dump of keys may be younger than the data: it then knows of owners that the data does not.
_TAKE: Final[LiteralString] = """
INSERT INTO data_key (owner_id, compartment, generation, epoch, wrapped, created_at, shredded_at)
SELECT r.owner_id, r.compartment, r.generation, r.epoch, r.wrapped, r.created_at, r.shredded_at
FROM restored_key r JOIN key_owner o ON o.id = r.owner_id WHERE r.compartment IS NOT NULL
"""
_MARK: Final[LiteralString] = """
UPDATE key_owner o SET shredded_at = r.shredded_at
FROM (SELECT DISTINCT owner_id, owner_shredded_at AS shredded_at FROM restored_key) r
WHERE r.owner_id = o.id AND r.shredded_at IS NOT NULL AND o.shredded_at IS NULL
"""


def load_keys(admin_url: str, dump: Iterable[bytes]) -> int:
    """Load a dump of keys into a database that has none; answers how many data keys it has then."""
    with psycopg.connect(psycopg_url(admin_url)) as connection, connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy("COPY restored_key FROM STDIN") as copy:
            for chunk in dump:
                copy.write(chunk)
        cursor.execute(_TAKE)
        taken = cursor.rowcount
        cursor.execute(_MARK)
    return taken


def settle_epochs(session: Session, keys: KeyProvider, *, now: datetime) -> None:
    """Tell a restored database which epochs there are by now, and which have ended since."""
    standing = keys.epochs()
    for epoch in standing:
        add_epoch(session, epoch)
    epochs.open_epoch(session, standing[-1], now=now)
    known = {epoch.id for epoch in standing}
    for life in epochs.epoch_lives(session, count_keys=False):
        if life.id not in known and life.destroyed_at is None:
            epochs.mark_destroyed(session, life.id, now=now)


def replay(database: Database, actor: Actor, tombstones: Iterable[Tombstone], *, clock: Clock) -> int:
    """Shred again all that was ever shredded, however old the backup; answers how many data keys that destroyed."""
    destroyed = 0
    for tombstone in tombstones:
        for first in range(0, len(tombstone.owners), BATCH):
            owners = tombstone.owners[first : first + BATCH]
            with open_work(database, actor, clock=clock) as work:
                destroyed += _shred(work.session, owners, tombstone.compartments)
    return destroyed


def _shred(session: Session, owners: Sequence[UUID], compartments: Sequence[str] | None) -> int:
    known = sorted(epochs.known_owners(session, owners))
    return destroy(session, [OwnerId(owner) for owner in known], compartments) if known else 0
