"""Waiting until nobody can be working by what was true before."""

import time
from typing import Final

from governance.custody.errors import BusyError
from governance.kernel.db import Database
from governance.vault.runtime import vault_of

POLL_SECONDS: Final = 0.05
GIVE_UP_SECONDS: Final = 900.0

_NOW: Final = b"SELECT clock_timestamp()"
_OLDER: Final = (
    b"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
    b"AND pid <> pg_backend_pid() AND xact_start <= %s"
)


def let_versions_pass(database: Database) -> None:
    """Wait until every process uses the versions of the blind indexes that stand now.

    No process uses versions that it read longer ago than the time of `Vault.versions_ttl_seconds`, so after that time
    only transactions that had begun before may still do.

    Raises:
        BusyError: where a transaction does not end.
    """
    with database.sessions() as session:
        ttl_seconds = vault_of(session).versions_ttl_seconds
    time.sleep(ttl_seconds * 1.2)  # a little more, for whoever was held up between looking at the clock and asking
    let_older_transactions_end(database)


def let_older_transactions_end(database: Database, *, give_up_seconds: float = GIVE_UP_SECONDS) -> None:
    """Wait until all transactions of the service's role that are open now have ended.

    Raises:
        BusyError: where one does not.
    """
    give_up = time.monotonic() + give_up_seconds
    with database.direct_connection() as connection:
        now = connection.execute(_NOW).fetchone()
        while connection.execute(_OLDER, now).fetchone() != (0,):
            if time.monotonic() > give_up:
                raise BusyError(
                    f"A transaction has been open for over {give_up_seconds:.0f} seconds; end it and run this again."
                )
            time.sleep(POLL_SECONDS)
