"""Hears that keys were shredded or rotated elsewhere, and forgets at once what this process has opened.

Opened keys are forgotten after seconds in any case; listening makes it milliseconds. Whenever the connection is lost
everything is forgotten, because what was said meanwhile is not said again.
"""

import threading
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from governance.kernel.db import Database
from governance.kernel.errors import GovernanceError
from governance.kernel.logs import get_logger
from governance.vault.owners import NOTIFY_CHANNEL
from governance.vault.runtime import Vault

WAKE_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 1.0
PAUSE_LIMIT_SECONDS: Final = 15.0

log = get_logger(__name__)


class KeyListener:
    """Listens in a thread of its own, on a connection outside the pool.

    Args:
        database: where to listen.
        vault: whose opened keys are forgotten.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="key-listener", daemon=True)
        self.listening = threading.Event()
        """Set while the connection stands."""

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; returns when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        pause = PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                self._listen()
                pause = PAUSE_SECONDS
            except psycopg.Error as error:
                log.warning("vault.listener_lost", error_type=type(error).__name__)
                pause = PAUSE_SECONDS if self.listening.is_set() else min(pause * 2, PAUSE_LIMIT_SECONDS)
            finally:
                self.listening.clear()
                self._vault.cache.clear()
            self._stopping.wait(pause)

    def _listen(self) -> None:
        with self._database.direct_connection() as connection:
            connection.execute(f"LISTEN {NOTIFY_CHANNEL}".encode())
            # Whatever was said before this instant may have been missed.
            self._forget()
            self.listening.set()
            while not self._stopping.is_set():
                if any(True for _ in connection.notifies(timeout=WAKE_SECONDS, stop_after=1)):
                    self._forget()

    def _forget(self) -> None:
        self._vault.cache.clear()
        self._vault.owners.forget_epochs()
        try:
            # A key that was destroyed in the file goes from the memory of this process as well.
            self._vault.keys.refresh()
            with self._database.sessions() as session:
                self._vault.refresh(session)
        except (DBAPIError, GovernanceError) as error:
            log.warning("vault.versions_not_refreshed", error_type=type(error).__name__)
